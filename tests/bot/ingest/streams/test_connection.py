"""A stream that ends is opened again, wakes the readings each time, and is told of once if it does not hold."""

import pytest

from bot.networks.errors import Later, StreamNotOffered, WrongAccount
from bot.networks.streams import StreamEvent
from models import Alarm
from tests.bot.ingest.streams.streaming import ALIVE, MENTIONS, OneStream, Streaming, add_track
from tests.bot.room import Room

LOST = Later(None, "unreachable", "The connection was reset.")


def alarms(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return [alarm.key for alarm in Alarm.active(session)]


def fail_for(stream: OneStream, seconds: float) -> None:
    """Let every try to open the stream fail for so long."""
    until = stream.steady() + seconds
    stream.network.fails("stream", LOST, times=1000)
    while stream.steady() < until:
        stream.pass_by(stream.connection.hold_once())
    stream.network.heals()


def hold_for(stream: OneStream, seconds: float) -> None:
    """Hold the stream open for so long, looked after all the while; then it is lost."""

    class Held(StreamEvent):
        pass

    put = stream.inbox.put

    def pass_time(event: StreamEvent) -> None:
        put(event)
        if isinstance(event, Held):
            stream.pass_by(5)
            stream.check()

    stream.inbox.put = pass_time  # type: ignore[method-assign]
    stream.says(*[Held("alive", bytes_read=500)] * int(seconds / 5), LOST)
    stream.inbox.put = put  # type: ignore[method-assign]


def test_every_time_it_opens_all_is_read(here: Room, stream: OneStream, network: Streaming) -> None:
    add_track(here, "kettle")
    for _ in range(2):
        network.says("maria", "@acmebrew hello")
        stream.says(LOST)
        stream.readings.run_due()
        stream.pass_by(10)

    assert network.calls() == ["mentions", "search kettle"] * 2
    assert len(here.mentions()) == 2


def test_it_is_opened_again_after_waits_that_double_up_to_two_minutes(stream: OneStream) -> None:
    stream.network.fails("stream", LOST, times=100)

    assert [stream.connection.hold_once() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 64, 120, 120]


def test_the_network_may_ask_for_a_longer_wait(stream: OneStream, here: Room) -> None:
    later = Later(here.clock().replace(minute=7), "rate limit", "Slower.")

    assert stream.says(later) == 7 * 60


def test_once_it_held_for_a_minute_waits_are_short_again(stream: OneStream) -> None:
    fail_for(stream, 100)
    hold_for(stream, 55)
    stream.network.fails("stream", LOST)
    assert stream.connection.hold_once() > 60
    hold_for(stream, 65)
    stream.network.fails("stream", LOST)

    assert stream.connection.hold_once() == 2  # the loss itself was the first


def test_the_ledger_has_bytes_reconnects_and_what_was_missed(stream: OneStream) -> None:
    hold_for(stream, 60)
    stream.pass_by(15)
    stream.network.fails("stream", LOST)
    stream.connection.hold_once()
    stream.pass_by(5)
    hold_for(stream, 60)
    row = stream.row()

    assert (row.bytes_total, row.bytes_per_second) == (12_000, 0)
    assert (row.reconnects_total, row.reconnects_today, row.missed_seconds_today) == (1, 1, 20)
    assert row.failure == "The connection was reset."


def test_a_new_day_counts_anew(stream: OneStream) -> None:
    hold_for(stream, 60)
    stream.pass_by(20)
    hold_for(stream, 60)
    stream.pass_by(86_400)
    hold_for(stream, 60)
    row = stream.row()

    assert (row.reconnects_total, row.reconnects_today, row.missed_seconds_today) == (2, 1, 86_400)


def test_it_is_open_as_long_as_its_holder_says_so(stream: OneStream, here: Room) -> None:
    seen = []

    def look(event: StreamEvent) -> None:
        for seconds in (0, 89, 1):
            stream.pass_by(seconds)
            seen.append(stream.row().is_open(here.clock()))

    stream.inbox.put = look  # type: ignore[method-assign]
    stream.says(LOST)

    assert seen == [True, True, False]
    assert not stream.row().is_open(here.clock())


def test_one_that_is_lost_and_found_within_five_minutes_is_not_told(stream: OneStream, here: Room) -> None:
    fail_for(stream, 200)
    hold_for(stream, 100)
    fail_for(stream, 200)

    assert here.told() == []
    assert alarms(here) == []


def test_one_that_does_not_hold_for_five_minutes_is_told_once_and_when_it_holds_again(
    stream: OneStream, here: Room
) -> None:
    here.poll()
    fail_for(stream, 1800)
    [told] = here.told()
    assert told.startswith(
        ":rotating_light: *The live stream of Memory does not hold: Memory can't be reached* for @acmebrew"
    )
    assert told.endswith("Mentions on Memory arrive with each reading (every 60 s) until then.")
    hold_for(stream, 30)
    assert alarms(here) == [f"streaming memory {stream.network.account().id}"]
    hold_for(stream, 70)

    assert here.told()[1:] == [":white_check_mark: The live stream of Memory holds again for @acmebrew."]
    assert alarms(here) == []


def test_one_that_opens_and_is_lost_at_once_all_the_time_does_not_hold(stream: OneStream, here: Room) -> None:
    here.poll()
    for _ in range(12):
        stream.pass_by(stream.says(ALIVE, LOST))

    assert len(here.told()) == 1


def test_a_stream_that_does_not_hold_keeps_no_other_trouble_from_being_told(
    stream: OneStream, here: Room
) -> None:
    here.poll()
    fail_for(stream, 600)
    stream.network.fails("mentions", LOST, times=100)
    for _ in range(12):
        here.poll()
        stream.pass_by(60)

    assert len(here.told()) == 2
    assert "no new mentions come in" in here.told()[1]


def test_a_server_that_offers_none_is_no_alarm_and_is_asked_again_in_an_hour(
    stream: OneStream, here: Room
) -> None:
    waits = [stream.says(StreamNotOffered("No streaming.")) for _ in range(3)]
    row = stream.row()

    assert waits == [3600] * 3
    assert (row.failure, row.failing_since, here.told()) == ("No streaming.", None, [])


def test_another_account_that_was_connected_meanwhile_is_no_failure(
    stream: OneStream, network: Streaming, here: Room
) -> None:
    network.fails("stream", WrongAccount("u1", network.account()))
    stream.connection.hold_once()
    stream.says(LOST)

    assert network.asked["mentions"] == 0
    assert len(network.wishes) == 1


def test_a_bug_in_a_networks_file_does_not_end_its_stream_for_good(stream: OneStream, caplog) -> None:
    assert stream.says(KeyError("did")) == 1

    assert "could not be read" in caplog.text
    assert stream.row().failure == "The stream had something that Heard cannot read."


def test_a_new_hashtag_opens_another_stream_at_once_and_nothing_counts_as_missed(
    stream: OneStream, network: Streaming, here: Room
) -> None:
    put = stream.inbox.put

    def add(event: StreamEvent) -> None:
        put(event)
        add_track(here, "#tea", kind="hashtag")
        stream.check()

    stream.inbox.put = add  # type: ignore[method-assign]
    wait = stream.connection.hold_once()
    stream.inbox.put = put  # type: ignore[method-assign]
    stream.says(MENTIONS, LOST)

    assert wait == 0
    assert [wish.hashtags for wish in network.wishes] == [frozenset(), {"tea"}]
    assert stream.row().reconnects_total == 0


def test_a_stream_that_is_stopped_before_it_opens_does_not_stay_open(
    stream: OneStream, network: Streaming
) -> None:
    stream.connection.stop()

    assert stream.connection.hold_once() == 0
    assert network.closed.acquire(blocking=False)


def test_a_second_search_needs_no_other_stream(stream: OneStream, network: Streaming, here: Room) -> None:
    add_track(here, "kettle")
    put = stream.inbox.put

    def add(event: StreamEvent) -> None:
        put(event)
        if event.kind == "mentions":
            add_track(here, "teapot")
            stream.check()

    stream.inbox.put = add  # type: ignore[method-assign]
    stream.says(MENTIONS, LOST)
    wish = network.wishes[0].wants_text

    assert wish is not None
    assert wish("a teapot")


@pytest.mark.parametrize("seconds", [29, 30])
def test_a_stream_at_rest_writes_nothing_but_a_sign_of_life_twice_a_minute(
    stream: OneStream, here: Room, seconds: int
) -> None:
    seen = []

    def rest(event: StreamEvent) -> None:
        seen.append(stream.row().reported_at)
        stream.pass_by(seconds)
        stream.check()
        seen.append(stream.row().reported_at)

    stream.inbox.put = rest  # type: ignore[method-assign]
    stream.says(LOST)

    assert (seen[1] - seen[0]).total_seconds() == (30 if seconds == 30 else 0)
