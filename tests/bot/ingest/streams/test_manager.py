"""The streams of a process: two threads an account, started with the schedule and gone with it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ingest.streams.manager import StreamManager
from bot.runtime.job_leases import JobLeases
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import AccountStream, Alarm, Lease
from tests import databases
from tests.bot.ingest.streams.streaming import MENTIONS, Streaming, add_track
from tests.bot.room import Clock, Counting, Room, room


def make_manager(here: Room, **more: object) -> StreamManager:
    leases = JobLeases(here.ctx.db, here.ctx.worker, here.ctx.now)
    given = {"steady": lambda: here.clock().timestamp(), "jitter": lambda: 1.0}
    return StreamManager(here.ctx, leases, **(given | more))


@contextmanager
def started(manager: StreamManager) -> Iterator[StreamManager]:
    manager.start()
    try:
        yield manager
    finally:
        manager.stop()
        assert manager.join(120)


def stream_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("stream")]


def test_what_the_stream_says_is_read_at_once_and_polls_are_not_waited_for(
    here: Room, network: Streaming, monkeypatch
) -> None:
    monkeypatch.setattr("bot.ingest.streams.readings.READINGS_APART_SECONDS", 0)
    with started(make_manager(here)):
        assert network.reads.get(timeout=120) == "mentions"  # as the stream is open
        network.says("maria", "@acmebrew hello")
        network.lines.put(MENTIONS)
        assert network.reads.get(timeout=120) == "mentions"

    assert here.texts() == ["@acmebrew hello"]


def test_a_stream_that_is_lost_is_opened_again(here: Room, network: Streaming) -> None:
    with started(make_manager(here)):
        for _ in range(2):
            assert network.opened.acquire(timeout=120)
            network.lines.put(ConnectionError("reset"))
            assert network.closed.acquire(timeout=120)
        assert network.opened.acquire(timeout=120)


def test_an_end_ends_the_stream_and_both_threads(here: Room, network: Streaming) -> None:
    with started(make_manager(here)):
        assert network.opened.acquire(timeout=120)
        assert stream_threads() == ["stream memory", "stream readings memory"]

    assert network.closed.acquire(timeout=120)
    assert stream_threads() == []


def test_an_end_while_the_network_cannot_be_reached_does_not_wait_for_the_next_try(
    here: Room, network: Streaming
) -> None:
    network.fails("stream", ConnectionError("down"), times=1000)
    with started(make_manager(here, jitter=lambda: 0.0)):
        pass

    assert stream_threads() == []


def test_no_stream_is_opened_where_they_are_off_or_the_network_has_no_address(
    database_url: str, clock: Clock, network: Streaming
) -> None:
    with room(database_url, clock, network, streams="off") as off, started(make_manager(off)):
        assert stream_threads() == []
    network.stream_address = None
    with room(database_url, clock, network) as private, started(make_manager(private)):
        assert stream_threads() == []
    with room(database_url, clock, Counting(clock)) as without, started(make_manager(without)):
        assert stream_threads() == []


def test_an_alarm_about_a_stream_goes_when_streams_are_switched_off(
    database_url: str, clock: Clock, network: Streaming
) -> None:
    with room(database_url, clock, network, streams="off") as off:
        with off.ctx.db.write() as session:
            for key in ("streaming memory u1", "reading memory u1"):
                Alarm.raise_alarm(session, key, cause="unreachable", detail="gone", at=clock())
        with started(make_manager(off)), off.ctx.db.read() as session:
            assert [alarm.key for alarm in Alarm.active(session)] == ["reading memory u1"]


def test_accounts_that_are_connected_and_disconnected_get_and_lose_their_streams(
    here: Room, network: Streaming
) -> None:
    other = network.also_as("acmeteas")
    other.opened, other.closed = threading.Semaphore(0), threading.Semaphore(0)
    connected = [network]
    ctx = replace(here.ctx, networks=SignedInAccounts(lambda _before: tuple(connected)))
    with started(make_manager(Room(ctx, network, here.clock))) as manager:
        connected.append(other)
        ctx.refresh_networks()
        manager.check()
        assert other.opened.acquire(timeout=120)
        connected.remove(other)
        ctx.refresh_networks()
        manager.check()
        assert other.closed.acquire(timeout=120)

        assert network.opened.acquire(timeout=120)
        assert not network.closed.acquire(blocking=False)


def test_a_track_that_is_added_is_listened_for_within_a_check(here: Room, network: Streaming) -> None:
    with started(make_manager(here)) as manager:
        assert network.opened.acquire(timeout=120)
        while not network.reads.get(timeout=120):
            pass
        add_track(here, "#tea", kind="hashtag")
        manager.check()
        assert network.opened.acquire(timeout=120)

    assert network.wishes[-1].hashtags == {"tea"}


@pytest.fixture
def workers(
    postgresql: databases.Lend, tmp_path: Path, clock: Clock, network: Streaming
) -> Iterator[Callable[[str], Room]]:
    with postgresql(tmp_path) as url, ExitStack() as stack:
        yield lambda name: stack.enter_context(room(url, clock, network, worker=name))


def holder(here: Room) -> str | None:
    with here.ctx.db.read() as session:
        return Lease.active_holders(session, here.clock()).get("stream memory")


def test_of_two_workers_one_holds_the_stream_and_the_other_takes_it_up_when_that_one_ends(
    workers: Callable[[str], Room], network: Streaming, monkeypatch
) -> None:
    monkeypatch.setattr("bot.ingest.streams.connection.LEASE_CHECK_SECONDS", 0.02)
    one, two = workers("one"), workers("two")
    with started(make_manager(two)) as second:
        assert network.opened.acquire(timeout=120)
        with started(make_manager(one)):
            second.check()
            assert holder(one) == "two"
            second.stop()
            assert second.join(120)
            assert network.opened.acquire(timeout=120)
            assert holder(one) == "one"

    assert holder(one) is None


def test_the_stream_of_a_worker_that_died_is_taken_up_within_a_lease_and_left_by_it_if_it_lives(
    workers: Callable[[str], Room], network: Streaming, clock: Clock, monkeypatch
) -> None:
    monkeypatch.setattr("bot.ingest.streams.connection.LEASE_CHECK_SECONDS", 0.02)
    frozen, alive = workers("frozen"), workers("alive")
    with started(make_manager(frozen)) as first:
        assert network.opened.acquire(timeout=120)
        clock.pass_by(13)  # and it has not renewed its lease
        with started(make_manager(alive)):
            assert network.opened.acquire(timeout=120)
            assert holder(alive) == "alive"
            first.check()
            assert network.closed.acquire(timeout=120)
            first.stop()
            assert first.join(120)
            assert holder(alive) == "alive"
            with alive.ctx.db.read() as session:
                assert AccountStream.of_ours(session)[0].is_open(clock())
