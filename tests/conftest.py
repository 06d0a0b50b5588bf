"""What any test may ask for."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from tests import compiled, databases, postgres

# A busy machine is no failure. Where CI is set, Hypothesis does likewise by itself, and repeats its draws.
if not os.environ.get("CI"):
    settings.register_profile("heard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("heard")

compiled.share()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: a test waits for a third of its time, for Slack's answer or for PostgreSQL's."""
    return max((os.cpu_count() or 1) * 3 // 2, 1)


def pytest_report_header() -> str:
    """Name the PostgreSQL that the tests run on."""
    return postgres.describe()


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Lend]:
    """SQLite, migrated once."""
    with databases.sqlite(tmp_path_factory.mktemp("template")) as lend:
        yield lend


@pytest.fixture(scope="session")
def postgresql() -> Iterator[databases.Lend]:
    """PostgreSQL, started by the first test that asks, and migrated once."""
    if postgres.skipped():
        pytest.skip("HEARD_SKIP_PG=1: not tried on PostgreSQL")
    try:
        with databases.postgresql(databases.quick()) as lend:
            yield lend
    except postgres.NoPostgres as nothing:
        pytest.fail(str(nothing), pytrace=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes a database at each call and returns its URL, for tests that want several of the same engine."""
    lend: databases.Lend = request.getfixturevalue(request.param)
    with ExitStack() as lent:
        home = Path(lent.enter_context(TemporaryDirectory(prefix="heard-db-", dir=databases.quick())))
        yield lambda: lent.enter_context(lend(home))


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """The URL of an empty, migrated, private database; the test runs once on each engine."""
    return new_database()
