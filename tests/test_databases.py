"""The databases that tests run on: private, empty, migrated, and the same on both engines."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, make_url, select, text

from models import Base
from tests import databases, postgres

needs_postgresql = pytest.mark.skipif(postgres.skipped(), reason="HEARD_SKIP_PG=1: not tried on PostgreSQL")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_database_has_the_newest_schema_and_no_rows(database_url: str) -> None:
    with connected(database_url) as connection:
        words = {one for one in tables(connection) if one.startswith(("mention_words", "reply_words"))}
        assert tables(connection) - words == {*Base.metadata.tables, "alembic_version"}
        for table in Base.metadata.tables.values():
            assert connection.execute(select(table)).all() == []


@pytest.mark.parametrize("round_", [1, 2])
def test_what_one_test_writes_the_next_does_not_see(database_url: str, round_: int) -> None:
    with connected(database_url) as connection:
        assert "scribble" not in tables(connection)
        connection.execute(text("CREATE TABLE scribble (round INTEGER)"))


def test_two_databases_of_one_test_are_apart(new_database: Callable[[], str]) -> None:
    mine, yours = new_database(), new_database()
    with connected(mine) as connection:
        connection.execute(text("CREATE TABLE scribble (round INTEGER)"))

    with connected(yours) as connection:
        assert "scribble" not in tables(connection)


def test_both_engines_are_tried_through_the_drivers_of_production(
    database_url: str, request: pytest.FixtureRequest
) -> None:
    expected = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}

    assert make_url(database_url).drivername == expected[request.node.callspec.params["new_database"]]


@needs_postgresql
def test_a_database_is_dropped_even_while_somebody_is_connected(
    postgresql: databases.Lend, tmp_path: Path
) -> None:
    with postgresql(tmp_path) as url:
        engine = create_engine(url)
        connection = engine.connect()
        connection.execute(text("SELECT 1"))
    connection.invalidate()

    with pytest.raises(Exception, match="does not exist"):
        engine.connect()
    engine.dispose()


@needs_postgresql
@pytest.mark.parametrize("source", [postgres.installed, postgres.shipped])
def test_a_server_of_either_source_starts_and_stops(source: Callable[[], postgres.Programs | None]) -> None:
    programs = source()
    if programs is None:
        pytest.skip(f"no {source.__name__} PostgreSQL on this machine")
    with postgres.running(programs) as url:
        home = Path(str(url.query["host"]))
        pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
        with postgres.connect(url) as connection:
            version = str(connection.info.parameter_status("server_version"))

    assert version.startswith(programs.version)
    assert gone(pid)
    assert not home.exists()


@needs_postgresql
def test_a_named_server_is_used_and_left_as_it_was(
    postgresql: databases.Lend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgresql(tmp_path) as url:
        monkeypatch.setenv("HEARD_TEST_DATABASE_URL", url.replace("postgresql+psycopg", "postgres"))
        before = names(url)
        with databases.postgresql() as lend, lend(tmp_path) as lent:
            assert make_url(lent).host == make_url(url).host
            assert len(names(url)) == len(before) + 2

        assert names(url) == before
        assert postgres.describe().endswith("at HEARD_TEST_DATABASE_URL")


def names(url: str) -> set[str]:
    with connected(url) as connection:
        return set(connection.scalars(text("SELECT datname FROM pg_database")))


@needs_postgresql
def test_a_killed_test_run_leaves_no_server_behind() -> None:
    script = (
        "import pathlib, time; from tests import postgres\n"
        "with postgres.running(postgres.find()) as url:\n"
        "    print(url.query['host'], flush=True); time.sleep(600)"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=databases.ROOT
    )
    with run:
        assert run.stdout is not None
        home = Path(run.stdout.readline().strip())
        pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
        run.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 30
    while not gone(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(pid)
    shutil.rmtree(home)


def test_a_machine_without_postgresql_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARD_SKIP_PG", raising=False)
    monkeypatch.delenv("HEARD_TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(postgres, "installed", lambda: None)
    monkeypatch.setattr(postgres, "shipped", lambda: None)

    assert "Install one" in postgres.describe()
    with pytest.raises(postgres.NoPostgres, match="HEARD_SKIP_PG=1"):
        postgres.find()


def test_leaving_postgresql_out_is_said_in_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARD_SKIP_PG", "1")

    assert "left out" in postgres.describe()
