"""A room whose network has a live stream."""

import pytest

from tests.bot.ingest.streams.streaming import OneStream, Streaming
from tests.bot.room import Clock, Room


@pytest.fixture
def network(clock: Clock) -> Streaming:
    return Streaming(clock)


@pytest.fixture
def stream(here: Room, network: Streaming) -> OneStream:
    return OneStream(here, network)
