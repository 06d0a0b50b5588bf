"""The ledger's schema: which version this code wants, which one a database has, and how to get there."""

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models.core.database import Database

log = logging.getLogger(__name__)

PROJECT_ROOT = Path(__file__).parents[2]
_MIGRATION_LOCK_KEY = 0x4865617264  # "Heard"


class SchemaError(Exception):
    """The database is not what this code was written for. Its message ends the start."""


def latest_revision() -> str:
    """The newest revision, read off the file names: importing Alembic would double the time to start."""
    return max(
        path.name.partition("_")[0] for path in (PROJECT_ROOT / "alembic" / "versions").glob("[0-9]*.py")
    )


def current_revision(database: Database) -> str | None:
    """The revision of `database`; None if it is empty."""
    with database.engine.connect() as connection:
        return _revision_of(connection)


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def check_revision(database: Database) -> None:
    """Raise `SchemaError` unless the database has the schema of this Heard."""
    complaint = _mismatch_message(current_revision(database))
    if complaint is not None:
        raise SchemaError(complaint)


def wait_until_migrated(database: Database, patience: float) -> None:
    """Wait for the schema to become ours, `patience` seconds at most: somebody may be migrating just now.

    Raises `SchemaError` if it does not, and at once if there is none at all: then nobody has set it up. While
    several workers are being replaced by newer ones, each of them meets the other's schema for a moment.
    """
    until, told = time.monotonic() + patience, False
    while True:
        here = current_revision(database)
        complaint = _mismatch_message(here)
        if complaint is None:
            return
        if here is None or time.monotonic() >= until:
            raise SchemaError(complaint)
        if not told:
            log.warning("waiting: %s", complaint)
        told = True
        time.sleep(min(1.0, patience))


def migrate(database: Database) -> None:
    """Bring `database` to the newest schema; a no-op if it is there.

    On PostgreSQL others may try the same at once: one does it, and the others wait. An older Heard must not
    touch what a newer one has written: `SchemaError`.
    """
    if _is_current(current_revision(database)):
        return
    with database.engine.connect() as connection:
        if not database.is_sqlite:  # SQLite's migrations need a connection without a transaction
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK_KEY})
            if _is_current(_revision_of(connection)):
                return
        _run_upgrade(connection, "head")
        connection.commit()


def create_at(connection: Connection, revision: str) -> None:
    """Create the schema as of `revision` in an empty database; the caller commits.

    Raises `SchemaError` if this Heard does not know that revision.
    """
    if revision > latest_revision():
        raise SchemaError(_mismatch_message(revision))
    _run_upgrade(connection, revision)


def _is_current(here: str | None) -> bool:
    """Whether the revision `here` is ours. Raises `SchemaError` if it is newer."""
    if here is not None and here > latest_revision():
        raise SchemaError(_mismatch_message(here))
    return here == latest_revision()


def _mismatch_message(here: str | None) -> str | None:
    """What is wrong with the revision `here`, as the line that a start ends with; None if it is ours."""
    ours = latest_revision()
    if here == ours:
        return None
    if here is not None and here > ours:
        return f"the database is at schema {here}, newer than this Heard ({ours}): update Heard"
    return f"the database is at schema {here or 'none'}, this Heard needs {ours}: run migrate"


def _run_upgrade(connection: Connection, revision: str) -> None:
    from alembic.config import Config  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415 - only a start that migrates pays for it

    config = Config(toml_file=PROJECT_ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
