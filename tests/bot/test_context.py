"""The desk: looks that nobody waits too long for, and errands done aside."""

import logging
import threading

from tests.bot.room import Room


def test_a_glance_gives_what_it_sees(here: Room) -> None:
    assert here.ctx.read_with_timeout(lambda: 42, 10) == 42


def test_a_glance_that_takes_too_long_sees_nothing(here: Room) -> None:
    never = threading.Event()
    assert here.ctx.read_with_timeout(lambda: never.wait(120), 0.01) is None
    never.set()


def test_errands_that_take_their_time_do_not_keep_anybody_from_a_glance(here: Room) -> None:
    slow = threading.Event()
    for _ in range(50):
        here.ctx.run_in_background(lambda: slow.wait(120))

    assert here.ctx.read_with_timeout(lambda: 42, 10) == 42
    slow.set()


def test_a_nudge_wakes_both_loops(here: Room) -> None:
    here.ctx.wake_loops()
    assert here.ctx.outbox_wake.is_set()
    assert here.ctx.cards_wake.is_set()


def test_an_errand_that_fails_aside_is_not_passed_over_in_silence(here: Room, caplog) -> None:
    done = threading.Event()

    def fail() -> None:
        done.set()
        raise ValueError("nobody waits for this")

    with caplog.at_level(logging.ERROR):
        here.ctx.run_in_background(fail)
        assert done.wait(120)
        here.ctx._background_pool.shutdown(wait=True)

    assert "nobody waits for this" in caplog.text


def test_a_ledger_that_nobody_gets_a_glance_at_does_not_keep_us_from_asking_slack(here: Room) -> None:
    never = threading.Event()
    for _ in range(16):
        here.ctx.read_with_timeout(lambda: never.wait(120), 0)

    assert here.ctx.ask_with_timeout(lambda: 42, 10) == 42
    never.set()
