"""The ledger's schema: which version this code wants, which one a database has, and how to get there."""

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models.core.database import Database

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]


class SchemaError(Exception):
    """The database is not what this code was written for. Its message ends the start."""


def wanted() -> str:
    """The newest revision, read off the file names: importing Alembic would double the time to start."""
    return max(path.name.partition("_")[0] for path in (ROOT / "alembic" / "versions").glob("[0-9]*.py"))


def found(database: Database) -> str | None:
    """The revision of `database`; None if it is empty."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def check(database: Database) -> None:
    """Refuse to work on another schema than ours."""
    complaint = _complaint(found(database))
    if complaint is not None:
        raise SchemaError(complaint)


def wait(database: Database, patience: float) -> None:
    """Wait for the schema to become ours, `patience` seconds at most: somebody may be migrating just now.

    Raises `SchemaError` if it does not, and at once if there is none at all: then nobody has set it up. While
    several workers are being replaced by newer ones, each of them meets the other's schema for a moment.
    """
    until, told = time.monotonic() + patience, False
    while True:
        here = found(database)
        complaint = _complaint(here)
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

    An older Heard must not touch what a newer one has written: `SchemaError`.
    """
    here = found(database)
    if here == wanted():
        return
    if here is not None and here > wanted():
        raise SchemaError(_complaint(here))
    with database.engine.connect() as connection:
        _upgrade(connection)
        connection.commit()


def _complaint(here: str | None) -> str | None:
    """What is wrong with the revision `here`, as the line that a start ends with; None if it is ours."""
    ours = wanted()
    if here == ours:
        return None
    if here is not None and here > ours:
        return f"the database is at schema {here}, newer than this Heard ({ours}): update Heard"
    return f"the database is at schema {here or 'none'}, this Heard needs {ours}: run migrate"


def _upgrade(connection: Connection) -> None:
    from alembic.config import Config  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415 - only a start that migrates pays for it

    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
