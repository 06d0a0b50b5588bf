"""Whatever calls a network in whichever thread: what that was billed reaches the ledger."""

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.networks.charges import Price
from bot.scheduler import Scheduler
from models import DailyCost
from tests.bot.room import Counting, Room


@pytest.fixture
def billed(here: Room, network: Counting) -> Callable[[], object]:
    """Something that is billed 0.005 USD and writes nothing down."""
    network.prices = {"call": Price(Decimal("0.005"))}
    return lambda: network.note_charge("1", "call")


def calls(here: Room) -> int:
    with here.ctx.db.read() as session:
        return sum(session.scalars(select(DailyCost.units)))


def test_of_a_task_beside_a_request(here: Room, billed: Callable[[], object]) -> None:
    here.ctx.run_in_background(billed)
    here.ctx.queue_answer("U0ANA", billed)

    assert here.ctx.running_tasks.wait_until_idle(10)
    assert calls(here) == 2


def test_of_a_look_that_a_person_waits_for(here: Room, billed: Callable[[], object]) -> None:
    here.ctx.read_with_timeout(billed, 10)

    assert calls(here) == 1


def test_of_a_task_that_fails(here: Room, billed: Callable[[], object]) -> None:
    def fails() -> None:
        billed()
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        here.ctx.read_with_timeout(fails, 10)

    assert calls(here) == 1


def test_of_a_job_and_of_a_loop(here: Room, billed: Callable[[], object]) -> None:
    schedule = Scheduler(here.ctx)
    schedule._run_safely(billed, "some job", 0)
    assert calls(here) == 1

    def work(_ctx: object) -> float:
        billed()
        here.ctx.stop.set()
        return 0.0

    schedule._loop(work, threading.Event())

    assert calls(here) == 2


def test_while_the_ledger_takes_nothing_it_waits(here: Room, billed: Callable[[], object]) -> None:
    billed()
    with here.ctx.db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE daily_costs RENAME TO away")
    here.ctx.record_charges()
    with here.ctx.db.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO daily_costs")
    assert calls(here) == 0

    here.ctx.record_charges()

    assert calls(here) == 1
