"""What any test may ask for."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings

from tests import compiled, databases, forked_bot, postgres

# A busy machine is no failure. Where CI is set, Hypothesis does likewise by itself, and repeats its draws.
if not os.environ.get("CI"):
    settings.register_profile("heard", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("heard")

compiled.share()

# What these folders try reaches the ledger through `models`, whose tests run on both engines. Here a test runs on
# SQLite alone, unless it is marked `both_engines`: it tries a lock, a race, time or text as the engine sees them,
# or sends a statement that no other test sends to PostgreSQL (`python -m tests.statements` says which do).
# HEARD_BOTH_ENGINES=1 runs every test on both.
ONE_ENGINE = tuple(
    f"tests/{folder}/" for folder in ("story", "bot/cli", "bot/ingest", "bot/jobs", "bot/slack")
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Four for two cores: a story waits for half of its time, for Slack's answer, PostgreSQL's or a thread's turn."""
    return max((os.cpu_count() or 1) * 2, 1)


def pytest_configure(config: pytest.Config) -> None:
    """Name the project's own marker."""
    config.addinivalue_line("markers", "both_engines: runs on PostgreSQL too, in a folder of ONE_ENGINE")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out PostgreSQL where SQLite is enough."""
    if os.environ.get("HEARD_BOTH_ENGINES") == "1":
        return
    left_out = [item for item in items if engine_of(item) == "postgresql" and is_on_one_engine(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def engine_of(item: pytest.Item) -> str | None:
    """The engine that a test's `new_database` is for."""
    return item.callspec.params.get("new_database") if hasattr(item, "callspec") else None


def is_on_one_engine(item: pytest.Item) -> bool:
    """Whether SQLite is enough for a test."""
    return item.nodeid.startswith(ONE_ENGINE) and item.get_closest_marker("both_engines") is None


def pytest_report_header() -> str:
    """Name the PostgreSQL that the tests run on."""
    return postgres.describe()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """End what bots were forked from."""
    forked_bot.close()


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
