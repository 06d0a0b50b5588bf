"""The ledger's schema: which version this code wants, which one a database has, and how to get there."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models.database import Database

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
    if here == wanted():
        return
    if here is None or here < wanted():
        raise SchemaError(
            f"the database is at schema {here or 'none'}, this Heard needs {wanted()}: run migrate"
        )
    raise SchemaError(f"the database is at schema {here}, newer than this Heard ({wanted()}): update Heard")


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
