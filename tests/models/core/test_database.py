"""The door to the ledger: it waits no longer than its caller can, and what it did not finish it did not do."""

import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from models import Cursor, Mention, ProcessedRequest, RateLimit
from models.core.database import BusyError, Database, normal_url
from tests.databases import Lend
from tests.models.ledger import NINE, minute, raised, together


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    """The same ledger, opened by somebody else: another process would meet the same locks."""
    with opened(database_url) as database:
        yield database


@contextmanager
def held(db: Database) -> Iterator[None]:
    """Somebody holds what everybody wants."""
    with db.write() as session:
        RateLimit.take(session, "slack", at=NINE, interval=minute(1) - minute(0))
        session.flush()
        yield


def want(db: Database, patience: float, key: str = "wanted") -> None:
    with db.write(patience) as session:
        ProcessedRequest.claim_key(session, key, at=NINE)
        RateLimit.take(session, "slack", at=NINE, interval=minute(1) - minute(0))


def keys(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(ProcessedRequest.key)))


@pytest.mark.parametrize("is_same_process", [True, False])
def test_who_cannot_wait_is_told_in_time_and_has_written_nothing(
    db: Database, other: Database, is_same_process: bool
) -> None:
    asker = db if is_same_process else other
    with held(db):
        told = together(lambda: want(asker, 0.3))  # comes back while the other still holds it

    assert [type(error) for error in raised(told)] == [BusyError]
    assert keys(db) == []
    want(asker, 5)
    assert keys(db) == ["wanted"]


@pytest.mark.parametrize("is_same_process", [True, False])
def test_who_can_wait_gets_in_when_the_other_is_done(
    db: Database, other: Database, is_same_process: bool
) -> None:
    asker = db if is_same_process else other
    with held(db):
        thread = threading.Thread(target=want, args=(asker, 20.0))
        thread.start()
        assert keys(db) == []
    thread.join(120)

    assert not thread.is_alive()
    assert keys(db) == ["wanted"]


def test_who_was_told_that_it_is_busy_leaves_no_lock_behind(db: Database, other: Database) -> None:
    with held(db):
        for asker in (db, other, db, other):
            told = together(lambda asker=asker: want(asker, 0.05))
            assert [type(error) for error in raised(told)] == [BusyError]

    assert raised(together(*(lambda n=n: want((db, other)[n % 2], 20, f"key {n}") for n in range(6)))) == []
    assert len(keys(db)) == 6


def test_who_only_looks_waits_for_nobody(db: Database, other: Database) -> None:
    with held(db):
        for reader in (db, other):
            with reader.read(0.2) as session:
                assert session.scalar(select(RateLimit.key)) is None  # what is not committed is not there


def test_who_only_looks_changes_nothing(db: Database) -> None:
    with db.read() as session:
        ProcessedRequest.claim_key(session, "looked", at=NINE)

    assert keys(db) == []


def test_what_fails_half_way_is_not_done_at_all(db: Database) -> None:
    with suppress(ZeroDivisionError), db.write() as session:
        ProcessedRequest.claim_key(session, "half", at=NINE)
        raise ZeroDivisionError

    assert keys(db) == []
    want(db, 5)


def test_a_row_needs_the_row_that_it_names(db: Database) -> None:
    nobody = {
        "ticket_id": 77,
        "author_id": 77,
        "network": "x",
        "account_id": "99",
        "post_id": "1",
        "latest_id": "1",
    }
    words = {"text": "", "url": "", "media": [], "matched": "", "posted_at": NINE, "seen_at": NINE}
    with pytest.raises(IntegrityError), db.write() as session:
        session.add(Mention(**nobody, **words))


def test_many_writers_at_once_all_get_in(db: Database) -> None:
    outcomes = together(*(lambda n=n: want(db, 20, f"key {n}") for n in range(24)))

    assert raised(outcomes) == []
    assert len(keys(db)) == 24


def test_two_processes_that_read_before_they_write_do_not_trip_each_other(
    db: Database, other: Database
) -> None:
    """On SQLite a reader that turns writer half-way fails at once, unless it said so at the start."""

    def add(database: Database) -> None:
        for _ in range(15):
            with database.write() as session:
                Cursor.of(session, "x", "99", "mentions", at=NINE).left_out += 1

    assert raised(together(lambda: add(db), lambda: add(other))) == []
    with db.read() as session:
        assert session.scalars(select(Cursor.left_out)).one() == 30


def test_sqlite_keeps_what_it_has_said_and_lets_readers_in(sqlite: Lend, tmp_path: Path) -> None:
    with sqlite(tmp_path) as url, opened(url) as db, db.read() as reading, db.write() as writing:
        for session in (reading, writing):
            found = {
                name: session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "foreign_keys", "synchronous")
            }
            assert found == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}  # 2 is FULL


def test_postgresql_lets_go_of_a_statement_that_takes_too_long(postgresql: Lend, tmp_path: Path) -> None:
    with postgresql(tmp_path) as url, opened(url) as db, pytest.raises(BusyError), db.write(0.2) as session:
        session.execute(text("SELECT pg_sleep(30)"))


@pytest.mark.parametrize("short", ["postgres", "postgresql"])
def test_either_short_name_of_postgresql_means_the_driver_that_ships(short: str) -> None:
    assert normal_url(f"{short}://u:p@h/d") == "postgresql+psycopg://u:p@h/d"
    assert normal_url("sqlite:///heard.db") == "sqlite:///heard.db"


# --- nobody else's business -----------------------------------------------------------------------------------


WORDS = "my order 4711 is lost"


def test_an_error_tells_nobodys_words(db: Database) -> None:
    with pytest.raises(IntegrityError) as broken, db.write() as session:
        session.execute(
            text(
                "INSERT INTO notices (key, text, created_at, failures) "
                "VALUES (:words, :words, '2026-03-02 12:00:00', NULL)"
            ),
            {"words": WORDS},
        )

    told = "".join(traceback.format_exception(broken.value))
    assert "failures" in told
    assert WORDS not in told
    assert WORDS not in str(broken.value.orig)


def test_a_value_that_is_there_already_is_not_told_either(db: Database) -> None:
    add = text("INSERT INTO notices (key, text, created_at, failures) VALUES (:words, 'x', '2026-03-02', 0)")
    with db.write() as session:
        session.execute(add, {"words": WORDS})

    with pytest.raises(IntegrityError) as broken, db.write() as session:
        session.execute(add, {"words": WORDS})

    assert WORDS not in "".join(traceback.format_exception(broken.value))


def test_the_files_of_a_ledger_are_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with opened(f"sqlite:///{tmp_path}/heard.db") as database, database.write() as session:
            session.execute(text("CREATE TABLE words (word TEXT)"))
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    finally:
        os.umask(before)

    assert modes == {"heard.db": 0o600, "heard.db-wal": 0o600, "heard.db-shm": 0o600}


def test_the_files_of_an_older_heard_become_their_owners_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/heard.db"
    with opened(url) as older, older.write() as session:
        session.execute(text("CREATE TABLE words (word TEXT)"))
        for path in tmp_path.iterdir():
            path.chmod(0o644)
        with opened(url):
            modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}

    assert modes == {"heard.db": 0o600, "heard.db-wal": 0o600, "heard.db-shm": 0o600}
