"""The door to the ledger: one engine, and sessions that wait for a lock no longer than their caller can."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

LOCK_TIMEOUT_SECONDS = 30.0  # seconds that a background job waits for a lock
# A database that went away without a word must not hold a press, for which Slack waits three seconds: how
# long to connect, in seconds (the least that libpq takes), and until sent bytes count as lost, in ms.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_CONNECT_TIMEOUTS = {"connect_timeout": 2, "tcp_user_timeout": 2000}
_PG_TIMEOUT_SETTINGS = ("lock_timeout", "statement_timeout")  # PostgreSQL's, for those who can wait less


class BusyError(Exception):
    """The ledger did not answer in time; nothing was written."""


class Database:
    """One ledger, opened.

    SQLite admits one writer at a time and lets the others poll for the lock, which is neither fair nor quick.
    This process therefore queues its own writers on a lock of its own; other processes (`doctor`, `export`)
    meet SQLite's busy timeout.
    """

    def __init__(self, url: str) -> None:
        self.engine = _open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = threading.Lock()
        self._immediate = self.engine.execution_options(immediate=True)

    @contextmanager
    def read(self, patience: float = LOCK_TIMEOUT_SECONDS) -> Iterator[Session]:
        """Give a session that only looks; whatever it changed is rolled back.

        What was read stays readable afterwards: closing, unlike `rollback`, does not make objects forget.
        """
        with _translate_errors(), Session(self.engine, expire_on_commit=False) as session:
            _wait_at_most(session, patience)
            yield session

    @contextmanager
    def write(self, patience: float = LOCK_TIMEOUT_SECONDS) -> Iterator[Session]:
        """Give a session whose work is committed at the end, or not at all.

        `patience` in seconds bounds the wait for a lock; past it `BusyError` is raised.
        """
        until = time.monotonic() + patience
        if self.is_sqlite and not self._writer.acquire(timeout=patience):
            raise BusyError("the ledger is busy")
        try:
            with _translate_errors(), Session(self._immediate, expire_on_commit=False) as session:
                _wait_at_most(session, max(until - time.monotonic(), 0.05) if self.is_sqlite else patience)
                yield session
                session.commit()
        finally:
            if self.is_sqlite:
                self._writer.release()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def normal_url(url: str) -> str:
    """Spell `url` as SQLAlchemy wants it: `postgres://` and `postgresql://` mean psycopg 3."""
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _open_engine(url: str) -> Engine:
    """Open `url`: SQLite in WAL with foreign keys, PostgreSQL with a pool that notices dead connections.

    A statement that fails is logged without its parameters: they are people's words.
    """
    url = normal_url(url)
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_engine(
            url,
            pool_size=16,
            max_overflow=16,
            pool_pre_ping=True,
            connect_args=_CONNECT_TIMEOUTS,
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _remove_details)
        return engine
    _make_private(make_url(url).database)
    engine = create_engine(url, pool_size=32, max_overflow=16, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _remove_details(context: ExceptionContext) -> None:
    """Keep the first sentence of a PostgreSQL error alone: its DETAIL may hold a whole row.

    Such as `DETAIL:  Failing row contains (…)`. The SQLSTATE and the rest stay in `diag`.
    https://www.psycopg.org/psycopg3/docs/api/errors.html#psycopg.Error.diag
    """
    original, ours = context.original_exception, context.sqlalchemy_exception
    told = getattr(getattr(original, "diag", None), "message_primary", None)
    if told and ours is not None:
        original.args = (told,)
        ours.args = (f"({type(original).__module__}.{type(original).__qualname__}) {told}",)


def _make_private(database: str | None) -> None:
    """Let only the owner read a SQLite file, made here if there is none yet; `-wal` and `-shm` follow it.

    https://www.sqlite.org/src/doc/trunk/src/os_unix.c (findCreateFileMode). A file that is somebody else's,
    or whose folder is not there, is left for SQLite to complain about.
    """
    if not database or database == ":memory:" or database.startswith("file:"):
        return
    with suppress(OSError):
        os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
    for end in ("", "-wal", "-shm", "-journal"):
        path = Path(database + end)
        with suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's own object
    """Prepare a fresh SQLite connection.

    `synchronous=FULL`: the intent to send must be on the disk before the socket opens, or a power cut could
    forget a reply that the network already shows. https://www.sqlite.org/pragma.html#pragma_synchronous
    """
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a reader that turns writer half-way fails at once instead of waiting.

    https://www.sqlite.org/lang_transaction.html#deferred_immediate_and_exclusive_transactions
    """
    wait = connection.get_execution_options().get("busy_ms", int(LOCK_TIMEOUT_SECONDS * 1000))
    connection.exec_driver_sql(f"PRAGMA busy_timeout={wait}")
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _wait_at_most(session: Session, seconds: float) -> None:
    """Open the transaction with that much patience for locks."""
    milliseconds = max(int(seconds * 1000), 1)
    connection = session.connection(execution_options={"busy_ms": milliseconds})
    if connection.dialect.name != "sqlite" and seconds < LOCK_TIMEOUT_SECONDS:
        limits = (f"set_config('{name}', '{milliseconds}', true)" for name in _PG_TIMEOUT_SETTINGS)
        connection.exec_driver_sql(f"SELECT {', '.join(limits)}")


def is_disk_full(error: DBAPIError) -> bool:
    """Whether the database had no room to write (SQLite: SQLITE_FULL; PostgreSQL: 53100)."""
    return "disk is full" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "53100"


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Tell a lock that did not come (SQLite: locked; PostgreSQL: 55P03, 57014) from other failures."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if "database is locked" in str(error.orig) or state in {"55P03", "57014"}:
            raise BusyError("the ledger is busy") from error
        raise
