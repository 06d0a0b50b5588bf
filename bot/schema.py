"""The ledger's schema: which version this code wants, which one a database has, and how to get there."""

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models.database import Database

log = logging.getLogger(__name__)

ROOT = Path(__file__).parent.parent


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
    here = found(database)
    check_not_newer(database)
    if here != wanted():
        raise SchemaError(
            f"the database is at schema {here or 'none'}, this Heard needs {wanted()}: run migrate"
        )


def wait(database: Database, patience: float) -> None:
    """Wait for the schema to become ours, `patience` seconds at most: somebody may be migrating just now.

    Raises `SchemaError` if it does not, and at once if there is none at all: then nobody has set it up. While
    several workers are being replaced by newer ones, each of them meets the other's schema for a moment.
    """
    until, told = time.monotonic() + patience, False
    while True:
        try:
            check(database)
        except SchemaError as error:
            if time.monotonic() >= until or found(database) is None:
                raise
            if not told:
                log.warning("waiting: %s", error)
            told = True
            time.sleep(min(1.0, patience))
        else:
            return


def migrate(database: Database) -> None:
    """Bring `database` to the newest schema; a no-op if it is there."""
    if found(database) == wanted():
        return
    check_not_newer(database)
    with database.engine.connect() as connection:
        _upgrade(connection)
        connection.commit()


def check_not_newer(database: Database) -> None:
    """An older Heard must not touch what a newer one has written."""
    here = found(database)
    if here is not None and here > wanted():
        raise SchemaError(
            f"the database is at schema {here}, newer than this Heard ({wanted()}): update Heard"
        )


def _upgrade(connection: Connection) -> None:
    from alembic.config import Config  # noqa: PLC0415

    from alembic import command  # noqa: PLC0415 - only a start that migrates pays for it

    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
