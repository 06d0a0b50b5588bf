"""What people are told beside their requests: in order for each, and not forgotten at the end."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.runtime.keyed_queue import KeyedQueue
from tests.bot.room import Room

DEADLINE = 60.0


def test_one_person_is_told_in_order_while_others_do_not_wait() -> None:
    told: list[str] = []
    slow, all_told = threading.Event(), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        ordered = KeyedQueue(pool.submit)
        ordered.add("ana", lambda: slow.wait(DEADLINE) and told.append("ana 1"))
        ordered.add("ana", lambda: told.append("ana 2"))
        ordered.add("ana", all_told.set)
        ordered.add("ben", lambda: (told.append("ben 1"), slow.set()))

        assert all_told.wait(DEADLINE)

    assert told == ["ben 1", "ana 1", "ana 2"]


def test_what_fails_is_followed_by_the_next() -> None:
    next_one = threading.Event()

    def fail() -> None:
        raise ValueError("it does not work")

    with ThreadPoolExecutor(1) as pool:
        ordered = KeyedQueue(pool.submit)
        ordered.add("ana", fail)
        ordered.add("ana", next_one.set)

        assert next_one.wait(DEADLINE)


def test_an_end_waits_for_answers_that_have_not_begun(here: Room) -> None:
    slow, told = threading.Event(), list[int]()
    for number in range(30):  # more than there are threads
        here.ctx.queue_answer(f"U{number}", lambda number=number: slow.wait(DEADLINE) and told.append(number))
    assert not here.ctx.running_tasks.wait_until_idle(0.0)
    slow.set()

    here.ctx.close()

    assert sorted(told) == list(range(30))


def test_what_cannot_be_told_any_more_is_in_the_log(
    here: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.context.SHUTDOWN_WAIT_SECONDS", 0.01)
    never = threading.Event()
    here.ctx.queue_answer("U0ANA", lambda: never.wait(DEADLINE))

    with caplog.at_level(logging.WARNING):
        here.ctx.close()
        never.set()
        here.ctx.queue_answer("U0BEN", lambda: None)

    assert "Heard is stopping with 1 background task" in caplog.text
    assert "skipped a background task: Heard is stopping" in caplog.text
