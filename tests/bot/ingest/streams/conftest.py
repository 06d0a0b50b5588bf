"""A room whose network has a live stream."""

from collections.abc import Iterator

import pytest

from bot.scheduled_job import lease_name
from tests.bot.ingest.streams.streaming import OneStream, Streaming
from tests.bot.room import Clock, Room


@pytest.fixture
def network(clock: Clock) -> Streaming:
    return Streaming(clock)


@pytest.fixture
def stream(here: Room, network: Streaming) -> Iterator[OneStream]:
    made = OneStream(here, network)
    with made.leases.acquire(lease_name("stream", network), 0) as is_ours:
        assert is_ours
        yield made
