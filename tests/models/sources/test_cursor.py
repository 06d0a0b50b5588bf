"""How far a network has been read: it moves only at the end of a reading, and is held by one reader."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import func, select

from models import Cursor
from models.core.database import Database
from tests.models.ledger import NINE, minute, raised, together


def test_a_cursor_is_made_once_however_many_ask_first(db: Database) -> None:
    def ask() -> int:
        with db.write() as session:
            return Cursor.of(session, "x", "99", "mentions", at=NINE).id

    ids = together(ask, ask, ask, ask)

    assert len(set(ids)) == 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(Cursor)) == 1


def test_who_holds_it_is_alone_and_the_next_sees_what_was_written(db: Database) -> None:
    """Each adds one to what it reads: a lost update would show in the sum."""

    def add() -> None:
        for _ in range(10):
            with db.write() as session:
                cursor = Cursor.of(session, "x", "99", "mentions", at=NINE)
                cursor.position = str(int(cursor.position or 0) + 1)

    assert raised(together(add, add, add)) == []
    with db.write() as session:
        assert Cursor.of(session, "x", "99", "mentions", at=NINE).position == "30"


def test_readings_of_other_accounts_and_kinds_have_their_own(db: Database) -> None:
    with db.write() as session:
        Cursor.of(session, "x", "99", "mentions", at=NINE).advance("17", at=NINE)
        for other in (("x", "99", "own posts"), ("x", "100", "mentions"), ("mastodon", "99", "mentions")):
            assert Cursor.of(session, *other, at=NINE).is_first


def test_a_reading_without_posts_keeps_the_place(db: Database) -> None:
    with db.write() as session:
        cursor = Cursor.of(session, "x", "99", "mentions", at=NINE)
        assert (cursor.is_first, cursor.age(minute(1))) == (True, None)
        cursor.advance("17", at=minute(1))
        cursor.advance(None, at=minute(2))

        assert (cursor.position, cursor.is_first, cursor.age(minute(5))) == (
            "17",
            False,
            timedelta(minutes=3),
        )


def test_a_failure_is_remembered_since_its_first_and_forgotten_with_success(db: Database) -> None:
    with db.write() as session:
        cursor = Cursor.of(session, "x", "99", "mentions", at=NINE)
        cursor.advance("17", at=NINE)
        cursor.fail("429", at=minute(1), again_at=minute(16))
        cursor.fail("503", at=minute(16))

        assert (cursor.failing_since, cursor.failure, cursor.not_before) == (minute(1), "503", None)
        assert (cursor.position, cursor.read_at) == ("17", NINE)

        cursor.advance("18", at=minute(17))
        assert (cursor.failing_since, cursor.failure, cursor.not_before) == (None, None, None)


def test_a_page_that_fails_does_not_move_it(db: Database) -> None:
    with suppress(ZeroDivisionError), db.write() as session:
        Cursor.of(session, "x", "99", "mentions", at=NINE).advance("17", at=NINE)
        raise ZeroDivisionError
    with db.write() as session:
        assert Cursor.of(session, "x", "99", "mentions", at=NINE).is_first
