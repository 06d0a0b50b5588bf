"""Everything that runs by itself, started and drained; what each job does is tested in its own room."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.ingest import poller
from bot.jobs import snooze_wakeup
from bot.networks.errors import Later
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.scheduler import Scheduler
from models import Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from sandbox.slack import SlackServer
from tests.bot.room import BEN, Counting, Room, cards, room
from tests.stage import default_sla


def now() -> datetime:
    return datetime.now(UTC)


def eventually(look: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


@pytest.fixture
def world(slack: SlackServer, clock) -> Counting:
    slack.world.clock = time.time
    return Counting(now)


@pytest.fixture
def running(database_url: str, world: Counting, slack: SlackServer):
    with room(database_url, now, world, slack=slack, poll_seconds=3600) as here:
        schedule = Scheduler(here.ctx)
        yield here, schedule
        assert schedule.drain(10)


def test_the_first_poll_comes_at_once_and_ends_in_a_card_and_an_answer(
    running: tuple[Room, Scheduler], world: Counting, slack: SlackServer
) -> None:
    here, schedule = running
    post = world.says("maria", "@acmebrew hello").id
    schedule.start()
    eventually(lambda: cards(slack))
    here.submit(1, "hi!")
    here.ctx.wake_loops()
    eventually(lambda: world.replies_to(post))
    eventually(lambda: "hi!" in str(cards(slack)[0].blocks))

    eventually(here.ctx.slack.identity_if_known, 60)


def test_a_nudge_that_was_lost_costs_a_tick_and_not_the_work(
    running: tuple[Room, Scheduler], world: Counting, slack: SlackServer
) -> None:
    here, schedule = running
    schedule.start()
    eventually(lambda: world.asked["mentions"])
    world.says("maria", "@acmebrew hello")
    here.poll()
    here.ctx.cards_wake.clear()

    eventually(lambda: cards(slack))


def test_a_loop_that_fails_goes_on(
    running: tuple[Room, Scheduler], world: Counting, slack: SlackServer, monkeypatch
) -> None:
    _here, schedule = running
    from bot.slack import cards as board

    work, failed = board._stale_cards, threading.Event()

    def fail_once(*given: object) -> list:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("a bug")
        return work(*given)

    monkeypatch.setattr(board, "_stale_cards", fail_once)
    world.says("maria", "@acmebrew hello")
    schedule.start()

    eventually(lambda: cards(slack))
    assert failed.is_set()


def test_a_drain_waits_for_the_call_on_the_wire_and_takes_nothing_new(
    running: tuple[Room, Scheduler], world: Counting
) -> None:
    here, schedule = running
    for number in range(3):
        world.says(f"fan{number}", "@acmebrew hello")
    here.poll()
    called, answered = threading.Event(), threading.Event()

    def keep_waiting() -> None:
        called.set()
        answered.wait(120)

    world.on_publish = keep_waiting
    for ticket in here.tickets():
        here.submit(ticket.id, f"hi {ticket.id}!")
    schedule.start()
    assert called.wait(120)
    assert schedule.drain(0.1) is False
    answered.set()
    assert schedule.drain(10) is True

    assert len(world._ours()) == 1


def test_a_job_that_fails_comes_again(running: tuple[Room, Scheduler], caplog) -> None:
    _, schedule = running
    schedule.start()

    def late() -> None:
        raise Later(None, "server error", "not now")

    def broken() -> None:
        raise RuntimeError("a bug")

    schedule._run_safely(late, "late job", 0)
    schedule._run_safely(broken, "broken job", 0)

    assert "late job waits: not now" in caplog.text
    assert "broken job failed; trying again later" in caplog.text


def test_a_snooze_ends(running: tuple[Room, Scheduler], world: Counting) -> None:
    here, schedule = running
    world.says("maria", "@acmebrew hello")
    here.poll()
    with here.ctx.db.write() as session:
        Ticket.lock(session, 1).snooze(
            session, until=now(), by=BEN, at=now(), sla_policy=default_sla(here.ctx)
        )
    schedule.start()
    snooze_wakeup.run_due(here.ctx)

    assert here.ticket().state == TicketState.WAITING


def test_a_network_that_hangs_does_not_hold_up_the_replies_of_another(
    database_url: str, world: Counting
) -> None:
    with room(database_url, now, world, poll_seconds=3600) as here:
        _let_one_hang(here, world)


def _let_one_hang(here: Room, world: Counting) -> None:
    hanging = Counting(now)
    hanging.name, answers = "hanging", threading.Event()
    hanging.on_publish = lambda: answers.wait(120) and None
    ctx = replace(here.ctx, networks=SignedInAccounts.fixed(hanging, world))
    for network in (hanging, world):
        network.says("maria", "@acmebrew hello")
        poller.poll(ctx, network)
    stuck, quick = here.submit(1, "Hi there!"), here.submit(2, "Hi!")
    schedule = Scheduler(ctx)
    schedule.start()
    try:
        eventually(lambda: hanging.asked["publish"])
        eventually(lambda: here.state(quick) == DeliveryState.PUBLISHED)
        assert here.state(stuck) == DeliveryState.SENDING
    finally:
        answers.set()
        assert schedule.drain(20)
