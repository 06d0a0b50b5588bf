"""The whole way: a WebSocket says something, and the running schedule has it in the ledger; then it ends."""

import json
import threading
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

import pytest

from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.websocket import StreamLimits, read_stream
from bot.scheduler import Scheduler
from tests.bot.ingest.streams.streaming import Streaming, add_track
from tests.bot.networks.stream_server import StreamServer, stream_server
from tests.bot.room import Room, room


class OverWebSocket(Streaming):
    """The network in memory, whose stream comes from a server on loopback: `{"id", "text", "to"}` a post."""

    def stream(
        self, wish: StreamWish, *, account_id: str, stop: threading.Event
    ) -> Generator[StreamEvent, None, None]:
        def parse(message: str) -> Iterator[StreamEvent]:
            post = json.loads(message)
            if post["to"] == account_id:
                yield StreamEvent("mentions", post_id=post["id"])
            elif wish.wants_text is not None and wish.wants_text(post["text"]):
                yield StreamEvent("post", post_id=post["id"])

        assert self.stream_address is not None
        return read_stream(self.stream_address, parse, stop=stop, limits=StreamLimits(look_seconds=0.05))


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with stream_server() as made:
        yield made


def test_what_a_websocket_says_is_heard_long_before_the_next_poll_and_a_drain_ends_it(
    database_url: str, server: StreamServer
) -> None:
    network = OverWebSocket(lambda: datetime.now(UTC))
    network.stream_address = server.url
    with room(database_url, lambda: datetime.now(UTC), network, poll_seconds=3600) as here:
        add_track(here, "kettle")
        schedule = Scheduler(here.ctx)
        schedule.start()
        try:
            connection = server.connections.get(timeout=120)
            to_us = network.says("maria", "@acmebrew hello")
            elsewhere = network.says("bo", "my kettle broke")
            network.says("bo", "nice weather")
            me = network.account().id
            for post, to in ((to_us, me), (elsewhere, "")):
                connection.send(json.dumps({"id": post.id, "text": post.text, "to": to}))
            _wait_for_tickets(here, 2)
        finally:
            assert schedule.drain(10)
        assert server.closed.acquire(timeout=120)

        assert sorted(here.texts()) == ["@acmebrew hello", "my kettle broke"]
        assert not [one for one in threading.enumerate() if one.name.startswith("stream ")]


def _wait_for_tickets(here: Room, count: int) -> None:
    """Wait until so many are there; each page of posts wakes the loop that draws cards."""
    drawn = here.ctx.cards_wake.subscribe()
    for _ in range(100):
        if len(here.tickets()) >= count:
            return
        drawn.wait(0.5)
        drawn.clear()
    raise AssertionError("they never came")
