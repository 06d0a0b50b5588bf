"""One request a host at a time, in the order of asking, and no more often than the host likes."""

import threading
from datetime import timedelta

import pytest

from bot.networks.feed.fetching import HostBusy
from bot.networks.feed.host_turns import BUSY_RETRY, HostTurns, TurnRefusedError
from tests.bot.networks.feed.internet import NOON, answer

GONE_BY = 30  # seconds until a test that hangs fails


def test_a_host_has_one_request_at_a_time_and_others_go_on():
    turns = HostTurns(lambda: NOON)

    with turns.turn("a.example"), turns.turn("b.example"):
        with pytest.raises(TurnRefusedError) as refused, turns.turn("a.example"):
            pass
        assert (refused.value.at, refused.value.is_in_use) == (NOON + BUSY_RETRY, True)
        assert turns.ready_at("a.example") == NOON + BUSY_RETRY
        assert turns.ready_at("c.example") is None
    with turns.turn("a.example"):
        pass
    assert turns.ready_at("a.example") is None


def test_those_who_wait_are_served_in_the_order_in_which_they_came():
    turns, served = HostTurns(lambda: NOON), []
    queued = [threading.Event() for _ in range(4)]

    def ask(number):
        with turns.turn("a.example", GONE_BY):
            served.append(number)

    with turns.turn("a.example"):
        threads = []
        for number in range(4):
            threads.append(threading.Thread(target=ask, args=(number,), daemon=True))
            threads[-1].start()
            while len(turns._hosts["a.example"].queue) < number + 2:
                queued[number].wait(0.001)
    for thread in threads:
        thread.join(GONE_BY)

    assert served == [0, 1, 2, 3]


def test_a_host_with_an_interval_is_asked_no_sooner_except_for_a_person():
    clock = [NOON]
    turns = HostTurns(lambda: clock[0])

    with turns.turn("www.reddit.com"):
        pass
    with pytest.raises(TurnRefusedError) as refused, turns.turn("old.reddit.com", GONE_BY):
        pass
    assert (refused.value.at, refused.value.is_in_use) == (NOON + timedelta(seconds=65), False)
    clock[0] += timedelta(seconds=30)
    with turns.turn("reddit.com", is_patient=True):
        pass
    assert turns.ready_at("www.reddit.com") == NOON + timedelta(seconds=95)
    clock[0] += timedelta(seconds=65)
    with turns.turn("www.reddit.com"):
        pass


def test_a_pause_is_never_cut_short():
    clock = [NOON]
    turns = HostTurns(lambda: clock[0])
    turns.pause("a.example", NOON + timedelta(hours=2))
    turns.pause("a.example", NOON + timedelta(hours=1))

    assert turns.ready_at("a.example") == NOON + timedelta(hours=2)
    clock[0] += timedelta(hours=3)
    assert turns.ready_at("a.example") is None


def test_an_endless_feed_delays_no_feed_of_another_host(internet):
    """Three feeds read while a fourth is stuck: what is measured is the order of events, not time."""
    began, freed = threading.Event(), threading.Event()

    def endless(line, asked):
        began.set()
        freed.wait(GONE_BY)
        line.sendall(answer("200 OK", b"late"))

    internet.host("endless.example", endless)
    internet.host("calm.example", answer())
    fetcher, events = internet.fetcher(), []

    def read_endless():
        fetcher.fetch("http://endless.example/rss")
        events.append("endless")

    stuck = threading.Thread(target=read_endless, daemon=True)
    stuck.start()
    assert began.wait(GONE_BY)
    for path in "abc":
        fetcher.fetch(f"http://calm.example/{path}")
        events.append(path)
    with pytest.raises(HostBusy, match=r"endless\.example answers another request") as busy:
        fetcher.fetch("http://endless.example/another")
    assert busy.value.retry_at == NOON + BUSY_RETRY
    events.append("put off")
    freed.set()
    stuck.join(GONE_BY)

    assert events == ["a", "b", "c", "put off", "endless"]
