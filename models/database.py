"""The door to the ledger: one engine, and sessions that wait for a lock no longer than their caller can."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

PATIENCE = 30.0  # seconds that a background job waits for a lock
# A database that went away without a word must not hold a press, for which Slack waits three seconds: how
# long to connect, in seconds (the least that libpq takes), and until sent bytes count as lost, in ms.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_SOON = {"connect_timeout": 2, "tcp_user_timeout": 2000}
_TIMEOUTS = ("lock_timeout", "statement_timeout")  # PostgreSQL's, for those who can wait less


class BusyError(Exception):
    """The ledger did not answer in time; nothing was written."""


class Database:
    """One ledger, opened.

    SQLite admits one writer at a time and lets the others poll for the lock, which is neither fair nor quick.
    This process therefore queues its own writers on a lock of its own; other processes (`doctor`, `export`)
    meet SQLite's busy timeout.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writer = threading.Lock()
        self._immediate = self.engine.execution_options(immediate=True)

    @contextmanager
    def read(self, patience: float = PATIENCE) -> Iterator[Session]:
        """Give a session that only looks; whatever it changed is rolled back.

        What was read stays readable afterwards: closing, unlike `rollback`, does not make objects forget.
        """
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            _wait_at_most(session, patience)
            yield session

    @contextmanager
    def write(self, patience: float = PATIENCE) -> Iterator[Session]:
        """Give a session whose work is committed at the end, or not at all.

        `patience` in seconds bounds the wait for a lock; past it `BusyError` is raised.
        """
        until = time.monotonic() + patience
        if self.is_sqlite and not self._writer.acquire(timeout=patience):
            raise BusyError("the ledger is busy")
        try:
            with _translated(), Session(self._immediate, expire_on_commit=False) as session:
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


def _engine(url: str) -> Engine:
    """Open `url`: SQLite in WAL with foreign keys, PostgreSQL with a pool that notices dead connections."""
    url = normal_url(url)
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(
            url,
            pool_size=16,
            max_overflow=16,
            pool_pre_ping=True,
            connect_args=_SOON,
        )
    engine = create_engine(url, pool_size=32, max_overflow=16)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


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
    wait = connection.get_execution_options().get("busy_ms", int(PATIENCE * 1000))
    connection.exec_driver_sql(f"PRAGMA busy_timeout={wait}")
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _wait_at_most(session: Session, seconds: float) -> None:
    """Open the transaction with that much patience for locks."""
    milliseconds = max(int(seconds * 1000), 1)
    connection = session.connection(execution_options={"busy_ms": milliseconds})
    if connection.dialect.name != "sqlite" and seconds < PATIENCE:
        limits = (f"set_config('{name}', '{milliseconds}', true)" for name in _TIMEOUTS)
        connection.exec_driver_sql(f"SELECT {', '.join(limits)}")


@contextmanager
def _translated() -> Iterator[None]:
    """Tell a lock that did not come (SQLite: locked; PostgreSQL: 55P03, 57014) from other failures."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if "database is locked" in str(error.orig) or state in {"55P03", "57014"}:
            raise BusyError("the ledger is busy") from error
        raise
