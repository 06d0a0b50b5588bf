"""Worlds around a desk: a network in memory or the local X, and the local Slack."""

from collections.abc import Iterator

import pytest

from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from sandbox.slack import SlackServer
from sandbox.x import XServer, XWorld
from tests.bot.room import Clock, Counting, Room, room
from tests.patience import CALL_LIMITS, be_patient

KEYS = {
    "api_key": "app-key-0000",
    "api_secret": "app-s3cret-0000",
    "access_token": "1-token-0000",
    "access_token_secret": "t0ps3cret-0000",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network(clock: Clock) -> Counting:
    return Counting(clock)


@pytest.fixture
def here(database_url: str, clock: Clock, network: Counting) -> Iterator[Room]:
    """A desk that listens to the network in memory, and has no Slack."""
    with room(database_url, clock, network) as made:
        yield made


@pytest.fixture
def x(clock: Clock) -> Iterator[XServer]:
    with XServer(XWorld(clock=clock)) as server:
        server.world.add_user("maria", "Maria Silva", followers=120)
        yield server


@pytest.fixture
def on_x(database_url: str, clock: Clock, x: XServer) -> Iterator[Room]:
    """A desk that listens to the local X over real HTTP, and has no Slack."""
    network = XNetwork(XSettings(_env_file=None, api_url=x.url, **KEYS), CALL_LIMITS)
    with room(database_url, clock, network) as made:
        yield made


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackServer]:
    with be_patient(SlackServer()) as server:
        server.world.clock = lambda: clock().timestamp()
        yield server


@pytest.fixture
def shown(database_url: str, clock: Clock, network: Counting, slack: SlackServer) -> Iterator[Room]:
    """A desk between the network in memory and the local Slack, which it speaks to over real HTTP."""
    with room(database_url, clock, network, slack=slack) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither proxies nor settings of whoever runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in (
        "DATABASE_URL",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "POLL_SECONDS",
    ):
        monkeypatch.delenv(name, raising=False)
