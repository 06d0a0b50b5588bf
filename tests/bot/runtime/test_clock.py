"""The database's time, on a machine whose own clock is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from bot.runtime.clock import DatabaseClock
from models.core.database import Database
from tests import databases


@pytest.fixture
def database(postgresql: databases.Lend, tmp_path):
    with postgresql(tmp_path) as url:
        opened = Database(url)
        yield opened
        opened.close()


def theirs(database: Database) -> datetime:
    with database.read() as session:
        return session.scalars(select(func.clock_timestamp())).one().astimezone(UTC)


@pytest.mark.parametrize("wrong_by", [timedelta(hours=-3), timedelta(), timedelta(days=2)])
def test_a_wrong_clock_of_the_machine_does_not_matter(database: Database, wrong_by: timedelta) -> None:
    with time_machine.travel(datetime.now(UTC) + wrong_by, tick=True):
        before = theirs(database)
        clock = DatabaseClock(database)
        now = clock()

        assert before <= now + timedelta(seconds=1)
        assert now <= theirs(database) + timedelta(seconds=1)


def test_it_goes_on_by_itself_when_somebody_sets_the_machines_clock(database: Database) -> None:
    clock = DatabaseClock(database)
    before = clock()
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=True):
        now = clock()

    assert timedelta() <= now - before < timedelta(hours=1)


def test_a_difference_is_worth_a_line(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
        DatabaseClock(database)

    assert "this machine's clock differs from the database's" in caplog.text
