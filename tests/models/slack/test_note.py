"""What the team notes about a person."""

import pytest
from sqlalchemy import select

from models import Author, Event, Note
from models.core.base import RuleBrokenError
from models.core.database import Database
from tests.models.ledger import hear, minute, passing, said


def test_only_who_wrote_a_note_deletes_it_and_the_log_never_has_its_words(db: Database) -> None:
    with passing(db) as session:
        hear(session, said(1))
        author = session.scalars(select(Author.id)).one()
        note = Note.add(session, about=author, text="secret remark", by="U0ANA", at=minute(1))
        with pytest.raises(RuleBrokenError, match="<@U0ANA> wrote that note"):
            note.delete(session, by="U0BEN", at=minute(2))
        assert session.scalars(select(Note.text)).all() == ["secret remark"]

        note.delete(session, by="U0ANA", at=minute(3))
        session.flush()

        assert session.scalars(select(Note)).all() == []
        logged = session.scalars(select(Event).where(Event.act.in_(["note", "note deleted"]))).all()
        assert [(one.actor, one.text) for one in logged] == [("U0ANA", None), ("U0ANA", None)]
        assert "secret" not in str([one.data for one in logged])
