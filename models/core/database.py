"""Opens the database: one engine, and sessions that wait for a lock no longer than their caller can."""

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
# A database that stopped answering must not delay a button press, for which Slack waits three seconds. The
# seconds to connect (2 is libpq's minimum), and the milliseconds until unacknowledged bytes end a connection.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_CONNECT_TIMEOUTS = {"connect_timeout": 2, "tcp_user_timeout": 2000}
_PG_TIMEOUT_SETTINGS = ("lock_timeout", "statement_timeout")  # PostgreSQL's, for those who can wait less


class BusyError(Exception):
    """The database did not answer in time; nothing was written."""


class Database:
    """One opened database, SQLite or PostgreSQL, by its SQLAlchemy URL.

    SQLite admits one writer at a time and lets the others poll for the lock, which is neither fair nor fast.
    So this process queues its own writers on a lock of its own; other processes (`doctor`, `export`) rely on
    SQLite's busy timeout.

    `patience` multiplies the seconds for which reads and writes wait: 1, and more in tests on a busy machine.
    """

    def __init__(self, url: str, *, patience: float = 1.0) -> None:
        self.engine = _open_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._patience = patience
        self._writer = threading.Lock()
        self._immediate = self.engine.execution_options(immediate=True)

    @contextmanager
    def read(self, patience: float = LOCK_TIMEOUT_SECONDS) -> Iterator[Session]:
        """Open a session for reading; whatever it changed is rolled back.

        `patience` is how many seconds to wait for a lock; after that it raises `BusyError`. Objects stay
        readable after the session ends: closing, unlike `rollback`, does not expire them.
        """
        with _translate_errors(), Session(self.engine, expire_on_commit=False) as session:
            _wait_at_most(session, patience * self._patience)
            yield session

    @contextmanager
    def write(self, patience: float = LOCK_TIMEOUT_SECONDS) -> Iterator[Session]:
        """Open a session that is committed at the end of the block, or rolled back if the block raises.

        `patience` is how many seconds to wait for a lock; after that it raises `BusyError`.
        """
        patience *= self._patience
        until = time.monotonic() + patience
        if self.is_sqlite and not self._writer.acquire(timeout=patience):
            raise BusyError("the database is busy")
        try:
            with _translate_errors(), Session(self._immediate, expire_on_commit=False) as session:
                _wait_at_most(session, max(until - time.monotonic(), 0.05) if self.is_sqlite else patience)
                yield session
                session.commit()
        finally:
            if self.is_sqlite:
                self._writer.release()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def normal_url(url: str) -> str:
    """Returns `url` in SQLAlchemy's form: `postgres://` and `postgresql://` mean psycopg 3."""
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _open_engine(url: str) -> Engine:
    """Open `url`: SQLite in WAL mode with foreign keys, PostgreSQL with a pool that detects dead connections.

    A statement that fails is logged without its parameters, which contain what people wrote.
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
    """Keep only the first sentence of a PostgreSQL error: its DETAIL may contain a whole row.

    For example `DETAIL: Failing row contains (…)`. The SQLSTATE and the rest stay in `diag`.
    https://www.psycopg.org/psycopg3/docs/api/errors.html#psycopg.Error.diag
    """
    original, ours = context.original_exception, context.sqlalchemy_exception
    message = getattr(getattr(original, "diag", None), "message_primary", None)
    if message and ours is not None:
        original.args = (message,)
        ours.args = (f"({type(original).__module__}.{type(original).__qualname__}) {message}",)


def _make_private(database: str | None) -> None:
    """Make a SQLite file readable by its owner only, creating it if needed.

    `-wal` and `-shm` inherit the mode: https://www.sqlite.org/src/doc/trunk/src/os_unix.c
    (findCreateFileMode). A file of another user, or one whose folder does not exist, is left for SQLite to
    report.
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
    """Begin the transaction, waiting at most `seconds` for locks."""
    milliseconds = max(int(seconds * 1000), 1)
    connection = session.connection(execution_options={"busy_ms": milliseconds})
    if connection.dialect.name != "sqlite" and seconds < LOCK_TIMEOUT_SECONDS:
        limits = (f"set_config('{name}', '{milliseconds}', true)" for name in _PG_TIMEOUT_SETTINGS)
        connection.exec_driver_sql(f"SELECT {', '.join(limits)}")


def is_disk_full(error: DBAPIError) -> bool:
    """Whether `error` means that the disk is full (SQLite: SQLITE_FULL; PostgreSQL: SQLSTATE 53100)."""
    return "disk is full" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "53100"


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Turn lock timeouts (SQLite: locked; PostgreSQL: 55P03, 57014) into `BusyError`."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if "database is locked" in str(error.orig) or state in {"55P03", "57014"}:
            raise BusyError("the database is busy") from error
        raise
