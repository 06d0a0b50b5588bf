"""The schema that a database has against the one that the code wants."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot import schema
from models.database import Database


@pytest.fixture
def database(database_url: str):
    opened = Database(database_url)
    yield opened
    opened.close()


def pretend(database: Database, version: str | None) -> None:
    with database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
        if version is not None:
            session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            session.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})


def test_a_migrated_database_is_what_the_code_wants(database: Database) -> None:
    assert schema.found(database) == schema.wanted()
    schema.check(database)
    schema.migrate(database)
    assert schema.found(database) == schema.wanted()


def test_an_older_database_is_told_to_migrate(database: Database) -> None:
    pretend(database, "0000")
    with pytest.raises(schema.SchemaError, match=r"at schema 0000, this Heard needs .*: run migrate"):
        schema.check(database)


def test_an_empty_database_is_told_to_migrate(database: Database) -> None:
    pretend(database, None)
    with pytest.raises(schema.SchemaError, match="at schema none"):
        schema.check(database)


@pytest.mark.parametrize("act", [schema.check, schema.migrate])
def test_a_newer_database_is_left_alone(database: Database, act: Callable[[Database], None]) -> None:
    pretend(database, "9999")
    with pytest.raises(schema.SchemaError, match=r"newer than this Heard .*: update Heard"):
        act(database)
    assert schema.found(database) == "9999"
