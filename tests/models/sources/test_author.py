"""People on a network, and the names of our own account: bought seldom, kept, and never mixed up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Account, Author
from models.core.database import Database
from tests.models.ledger import NINE, hear, minute, raised, said, together

DAY = timedelta(days=1)


def somebody(session: Session, **more: Any) -> Author:
    author = Author(network="x", network_id="7", **more)
    session.add(author)
    session.flush()
    return author


def learn(author: Author, handle: str = "maria") -> None:
    author.update_profile(
        handle=handle, name="Maria", followers=120, verified=True, protected=False, avatar_url=None, at=NINE
    )


def test_who_was_only_heard_has_no_profile_yet(session: Session) -> None:
    hear(session, said(1))
    author = session.scalars(select(Author)).one()

    assert (author.network_id, author.handle, author.display_name) == ("7", None, "somebody")
    assert not author.is_fresh(NINE, DAY)


def test_a_profile_is_fresh_for_a_day(session: Session) -> None:
    author = somebody(session)
    learn(author)

    assert author.is_fresh(NINE, DAY)
    assert author.is_fresh(NINE + DAY - timedelta(microseconds=1), DAY)
    assert not author.is_fresh(NINE + DAY, DAY)


def test_a_new_profile_takes_the_place_of_the_old_one(session: Session) -> None:
    author = somebody(session)
    learn(author)
    learn(author, "maria_2")

    assert (author.display_name, author.followers, author.verified) == ("@maria_2", 120, True)


def test_those_that_are_asked_for_are_found_by_their_network_and_id(session: Session) -> None:
    somebody(session)
    session.add(Author(network="mastodon", network_id="7"))
    session.flush()

    assert {one.network for one in Author.by_network_id(session, "x", {"7", "8"}).values()} == {"x"}
    assert Author.by_network_id(session, "x", set()) == {}


def test_one_person_is_in_the_ledger_once(session: Session) -> None:
    somebody(session)
    with pytest.raises(IntegrityError), session.begin_nested():
        somebody(session)


def test_our_own_names_are_kept_as_the_network_last_gave_them(db: Database) -> None:
    def look(handle: str) -> None:
        with db.write() as session:
            Account.record_profile(
                session, network="x", network_id="99", handle=handle, name="Acme", at=minute(0)
            )

    assert raised(together(*[lambda: look("acme")] * 4)) == []
    look("acmebrew")

    with db.read() as session:
        found = Account.find(session, "x", "99")
        assert found is not None
        assert found.handle == "acmebrew"
        assert session.scalar(select(func.count()).select_from(Account)) == 1
        assert Account.find(session, "mastodon", "99") is None
