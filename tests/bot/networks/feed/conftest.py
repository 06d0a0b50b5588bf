import pytest

from bot.networks.feed import connection
from tests.bot.networks.feed.internet import Internet


@pytest.fixture
def internet(serve, monkeypatch) -> Internet:
    made = Internet(serve)
    monkeypatch.setattr(connection, "connect_to", made.connect_to)
    return made
