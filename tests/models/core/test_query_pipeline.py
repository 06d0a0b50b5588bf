"""Questions that are put while the answers before them are still being counted."""

import threading

import pytest
from sqlalchemy import func, literal, select, text
from sqlalchemy.exc import DBAPIError

from models import Event
from models.core.database import Database
from models.core.query_pipeline import open_pipeline
from tests.models.ledger import minute


def test_answers_come_to_whom_they_belong_and_see_what_the_session_sees(db: Database) -> None:
    with db.write() as session:
        Event.record(session, "claim", at=minute(1), by="U0ANA")
        session.flush()
        with open_pipeline(session) as ask:
            answers = [ask(select(literal(number), func.count(Event.id))) for number in range(5)]

            assert [answer() for answer in reversed(answers)] == [[(number, 1)] for number in (4, 3, 2, 1, 0)]


def test_a_question_that_fails_is_told_where_its_answer_is_wanted_and_nobody_is_left_asking(
    db: Database,
) -> None:
    before = set(threading.enumerate())
    with db.read() as session, open_pipeline(session) as ask:
        answer = ask(select(text("nothing FROM nowhere")))
        ask(select(literal(1)))
        with pytest.raises(DBAPIError):
            answer()

    assert set(threading.enumerate()) <= before
    with db.read() as session:
        assert session.scalar(select(literal(1))) == 1
