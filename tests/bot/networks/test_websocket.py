"""A stream over a WebSocket: what it says, and every way in which it ends."""

import itertools
import json
import threading
from collections.abc import Iterable, Iterator

import pytest

from bot.networks.errors import Later, StreamNotOffered
from bot.networks.streams import StreamEvent
from bot.networks.websocket import StreamLimits, read_stream
from tests.bot.networks.stream_server import StreamServer, raw_server, shake_hands, stream_server

QUICK = StreamLimits(look_seconds=0.02)
TOKEN = "t0p-s3cret-token"


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with stream_server() as made:
        yield made


def parse(message: str) -> Iterable[StreamEvent]:
    """`{"post": "7"}` is a post, a number anything but an event."""
    said = json.loads(message)
    if said == "busy":
        raise Later(None, "rate limit", "Too many streams.")
    return [StreamEvent("post", post_id=said["post"])]


def no_stop() -> threading.Event:
    return threading.Event()


def failure(url: str, limits: StreamLimits = QUICK, **more: object) -> Later:
    """How a stream ends that says nothing."""
    with pytest.raises(Later) as caught:
        list(read_stream(url, parse, **({"stop": no_stop(), "limits": limits} | more)))
    return caught.value


def test_a_stream_says_that_it_is_open_and_then_what_its_messages_say(server: StreamServer) -> None:
    stream = read_stream(
        server.url,
        parse,
        stop=no_stop(),
        headers={"Authorization": f"Bearer {TOKEN}"},
        subscriptions=['{"type": "subscribe"}'],
        limits=QUICK,
    )
    first = next(stream)
    connection = server.connections.get(timeout=120)
    connection.send(json.dumps({"post": "7"}))
    connection.send(iter(['{"post"', ': "8"}']))  # in fragments
    events = [next(stream), next(stream)]
    stream.close()

    assert first.kind == "alive"
    assert [event.post_id for event in events] == ["7", "8"]
    assert (
        sum(event.bytes_read for event in events) == (2 + 13) + (2 + 7) + (2 + 6) + 2
    )  # each frame has a header, the last one nothing else
    assert server.received.get(timeout=120) == '{"type": "subscribe"}'
    assert server.requests.get().headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_message_that_cannot_be_read_spoils_itself_only(server: StreamServer, caplog) -> None:
    stream = read_stream(server.url, parse, stop=no_stop(), limits=QUICK)
    next(stream)
    connection = server.connections.get(timeout=120)
    for message in ("no JSON", "5", '{"other": 1}', '{"post": "7"}'):
        connection.send(message)

    assert next(stream).post_id == "7"
    ours = [one for one in caplog.records if one.name == "bot.networks.websocket"]
    assert len(ours) == 1
    stream.close()


def test_a_message_may_say_that_the_stream_is_over(server: StreamServer) -> None:
    stream = read_stream(server.url, parse, stop=no_stop(), limits=QUICK)
    next(stream)
    server.connections.get(timeout=120).send('"busy"')
    with pytest.raises(Later, match="Too many streams"):
        next(stream)

    assert server.closed.acquire(timeout=120)


def test_stop_ends_the_stream_and_says_goodbye(server: StreamServer) -> None:
    stop = threading.Event()
    stream = read_stream(server.url, parse, stop=stop, limits=QUICK)
    next(stream)
    stop.set()

    assert list(stream) == []
    assert server.closed.acquire(timeout=120)


def test_a_server_that_ends_the_stream_is_named_with_its_reason(server: StreamServer) -> None:
    stream = read_stream(server.url, parse, stop=no_stop(), limits=QUICK)
    next(stream)
    server.connections.get(timeout=120).close(1013, "try again later")
    with pytest.raises(Later, match=r"127.0.0.1 ended the stream \(1013 try again later\)\."):
        list(stream)


@pytest.mark.parametrize(
    ("status", "cause"),
    [(401, "unauthorized"), (403, "forbidden"), (429, "rate limit"), (503, "server error")],
)
def test_a_stream_that_is_refused_says_why_and_names_no_secret(
    server: StreamServer, status: int, cause: str
) -> None:
    server.refusal = status, {}
    error = failure(f"{server.url}?token={TOKEN}", headers={"Authorization": TOKEN})

    assert (error.cause, error.detail) == (cause, f"127.0.0.1 answered with HTTP {status}.")
    assert TOKEN not in repr(error)


@pytest.mark.parametrize("status", [404, 501])
def test_a_server_without_a_stream_offers_none(server: StreamServer, status: int) -> None:
    server.refusal = status, {}

    assert isinstance(failure(server.url), StreamNotOffered)


def test_a_redirect_is_not_followed_as_it_would_take_the_token_along(server: StreamServer) -> None:
    with stream_server() as other:
        server.refusal = 302, {"Location": other.url}
        error = failure(server.url, headers={"Authorization": TOKEN})

        assert error.cause == "server error"
        assert other.requests.empty()


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with stream_server() as gone:
        pass

    assert failure(gone.url).cause == "unreachable"


def test_an_address_that_is_none_is_unreachable() -> None:
    assert failure("https://example.com/").cause == "unreachable"


def test_a_server_that_never_shakes_hands_is_given_up() -> None:
    with raw_server(lambda _line: None) as url:
        assert failure(url, StreamLimits(connect_seconds=0.1)).cause == "unreachable"


def test_a_stream_that_lies_dead_without_closing_is_noticed() -> None:
    ticks = itertools.count(step=5)  # every look at the clock finds it five seconds later
    with raw_server(shake_hands) as url:
        error = failure(url, StreamLimits(look_seconds=0.001, alive_seconds=1000), clock=lambda: next(ticks))

    assert error.cause == "unreachable"
    assert "not even an answer to a ping" in error.detail


def test_a_silent_stream_whose_server_answers_pings_is_alive(server: StreamServer) -> None:
    limits = StreamLimits(
        look_seconds=0.01, ping_after_seconds=0.02, dead_after_seconds=30, alive_seconds=0.01
    )
    stream = read_stream(server.url, parse, stop=no_stop(), limits=limits)
    answers = 0
    while answers < 3 * 2:  # a pong has two bytes
        event = next(stream)
        assert event.kind == "alive"
        answers += event.bytes_read if event.bytes_read <= 6 else 0
    stream.close()


def test_a_message_that_is_too_long_ends_the_stream_and_takes_no_memory(server: StreamServer) -> None:
    stream = read_stream(server.url, parse, stop=no_stop(), limits=StreamLimits(max_message_bytes=100))
    next(stream)
    server.connections.get(timeout=120).send(json.dumps({"post": "7" * 200}))

    with pytest.raises(Later, match="1009"):
        list(stream)
