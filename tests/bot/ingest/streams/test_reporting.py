"""What the doctor and Prometheus say of streams, from the ledger alone."""

import pytest

from bot.cli.doctor_streams import examine_stream
from bot.networks.errors import Later, StreamNotOffered
from bot.networks.streams import StreamEvent
from tests.bot.ingest.streams.streaming import OneStream, Streaming, add_track
from tests.bot.room import Clock, Counting, Room, room
from tests.bot.test_metrics import figures

LOST = Later(None, "unreachable", "The connection was reset.")


def said(here: Room) -> str:
    """The doctor's line about the stream."""
    [finding] = examine_stream(here.ctx, here.network, "Memory")
    return finding.line()


def while_open(stream: OneStream, *events: StreamEvent) -> list[str]:
    """What the doctor says 40 s after the stream has brought `events`."""
    lines, put = [], stream.inbox.put

    def look(event: StreamEvent) -> None:
        put(event)
        if event == events[-1]:
            stream.pass_by(40)
            stream.check()
            lines.append(said(stream.here))

    stream.inbox.put = look  # type: ignore[method-assign]
    stream.says(*events, LOST)
    stream.inbox.put = put  # type: ignore[method-assign]
    return lines


def test_the_doctor_names_how_long_it_is_open_and_its_bandwidth(stream: OneStream) -> None:
    [line] = while_open(stream, StreamEvent("mentions", bytes_read=100_000))

    assert line == (
        "ok    Memory: the live stream has been open for 40 s, at 2 kB a second. It was not lost today (UTC)."
    )


def test_the_doctor_names_what_was_missed_today(stream: OneStream) -> None:
    for _ in range(2):
        stream.says(LOST)
        stream.pass_by(90)
    [line] = while_open(stream, StreamEvent("mentions", bytes_read=400))

    assert line.endswith(
        "at 10 bytes a second. It was lost 2 times today (UTC), for 3 min in all; readings filled that."
    )


def test_the_doctor_warns_of_a_stream_that_does_not_hold_and_says_what_that_costs(
    stream: OneStream, here: Room
) -> None:
    stream.says(LOST)
    stream.pass_by(180)

    assert said(here).startswith(
        "warn  Memory: the live stream has not held for 3 min: The connection was reset. "
        "Mentions arrive with each reading (every 60 s)."
    )


def test_a_stream_whose_holder_died_is_not_open(stream: OneStream, here: Room) -> None:
    assert said(here).startswith("warn  Memory: the live stream was never open.")
    with here.ctx.db.write() as session:
        stream.connection._account_id = here.network.account().id
        stream.connection._row(session).connect(at=here.clock())
    stream.pass_by(100)

    assert said(here).startswith("warn  Memory: the live stream is not open. Is `python -m bot run` running?")
    assert figures(here)["heard_stream_up", stream.row().account_id, "memory"] == 0


def test_a_server_without_a_stream_is_a_note(stream: OneStream, here: Room) -> None:
    stream.says(StreamNotOffered("This server has no streaming."))

    assert said(here).startswith("note  Memory: no live stream: This server has no streaming.")


@pytest.mark.parametrize(
    ("given", "why"),
    [(("off", "memory"), "because of STREAMS"), (("on", None), "because no address of one is known")],
)
def test_a_stream_that_nobody_wants_is_a_note(
    database_url: str, clock: Clock, network: Streaming, given: tuple[str, str | None], why: str
) -> None:
    streams, network.stream_address = given
    with room(database_url, clock, network, streams=streams) as here:
        assert said(here).startswith(
            f"note  Memory: no live stream, {why}. Mentions arrive with each reading"
        )


def test_the_doctor_says_nothing_of_streams_where_a_network_has_none(database_url: str, clock: Clock) -> None:
    network = Counting(clock)
    with room(database_url, clock, network) as here:
        assert list(examine_stream(here.ctx, network, "Memory")) == []


def test_the_figures_of_a_stream_are_in_the_metrics(here: Room, network: Streaming) -> None:
    stream, found = OneStream(here, network, most=2), {}

    def look(event: StreamEvent) -> None:
        put(event)
        if event.post_id == "5":
            stream.pass_by(40)
            stream.check()
            found.update(figures(here))

    with stream.leases.acquire("stream memory", 0):
        stream.says(LOST)
        put, stream.inbox.put = stream.inbox.put, look
        posts = [StreamEvent("post", bytes_read=7, post_id=str(number)) for number in range(6)]
        stream.says(*posts, LOST)
    names = stream.row().account_id, "memory"

    assert found["heard_stream_up", *names] == 1
    assert found["heard_stream_bytes_total", *names] == 42
    assert found["heard_stream_reconnects_total", *names] == 1
    assert found["heard_stream_dropped_total", *names] == 6
    assert figures(here)["heard_stream_up", *names] == 0


def test_the_doctor_says_what_the_stream_is_for_as_the_network_puts_it(
    stream: OneStream, here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.says(LOST)
    monkeypatch.setattr(
        Streaming, "describe_stream", lambda _, wish: f"it reads {'all' if wish.wants_text else 'little'}."
    )
    [_, without] = examine_stream(here.ctx, here.network, "Memory")
    add_track(here, "kettle")
    [_, with_track] = examine_stream(here.ctx, here.network, "Memory")

    assert (without.line(), with_track.line()) == (
        "note  Memory: it reads little.",
        "note  Memory: it reads all.",
    )
