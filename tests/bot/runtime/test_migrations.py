"""The schema that a database has against the one that the code wants."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.runtime import migrations
from models.core.database import Database


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
    assert migrations.current_revision(database) == migrations.latest_revision()
    migrations.check_revision(database)
    migrations.migrate(database)
    assert migrations.current_revision(database) == migrations.latest_revision()


def test_an_older_database_is_told_to_migrate(database: Database) -> None:
    pretend(database, "0000")
    with pytest.raises(migrations.SchemaError, match=r"at schema 0000, this Heard needs .*: run migrate"):
        migrations.check_revision(database)


def test_an_empty_database_is_told_to_migrate(database: Database) -> None:
    pretend(database, None)
    with pytest.raises(migrations.SchemaError, match="at schema none"):
        migrations.check_revision(database)


@pytest.mark.parametrize("act", [migrations.check_revision, migrations.migrate])
def test_a_newer_database_is_left_alone(database: Database, act: Callable[[Database], None]) -> None:
    pretend(database, "9999")
    with pytest.raises(migrations.SchemaError, match=r"newer than this Heard .*: update Heard"):
        act(database)
    assert migrations.current_revision(database) == "9999"


def test_a_worker_waits_for_the_schema_that_it_needs_and_says_so(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ours = migrations.latest_revision()
    pretend(database, "0000")
    migrating = threading.Timer(0.3, pretend, (database, ours))
    migrating.start()

    migrations.wait_until_migrated(database, 30)

    assert "waiting: the database is at schema 0000" in caplog.text
    assert migrations.current_revision(database) == ours


@pytest.mark.parametrize("other", ["0000", "9999"])
def test_it_does_not_wait_for_ever(database: Database, other: str) -> None:
    pretend(database, other)
    with pytest.raises(migrations.SchemaError):
        migrations.wait_until_migrated(database, 0)


def test_it_does_not_wait_for_a_schema_that_nobody_has_set_up(database: Database) -> None:
    pretend(database, None)
    with pytest.raises(migrations.SchemaError, match="run migrate"):
        migrations.wait_until_migrated(database, 3600)
