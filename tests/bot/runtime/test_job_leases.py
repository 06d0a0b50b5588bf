"""Whose turn a job is. Several workers share a PostgreSQL; on SQLite there is one, whose turn it always is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.runtime.job_leases import JobLeases
from models import Lease
from tests import databases
from tests.bot.room import Clock, Counting, Room, room


@pytest.fixture
def workers(
    postgresql: databases.Lend, tmp_path: Path, clock: Clock, network: Counting
) -> Iterator[Callable[[str], Room]]:
    with postgresql(tmp_path) as url, ExitStack() as stack:
        yield lambda name: stack.enter_context(room(url, clock, network, worker=name))


def leases(here: Room) -> JobLeases:
    return JobLeases(here.ctx.db, here.ctx.worker, here.ctx.now)


def did(rota: JobLeases, every: float = 60) -> bool:
    with rota.acquire("poll", every) as ours:
        return ours


def test_two_workers_do_a_job_once_a_round(workers: Callable[[str], Room], clock: Clock) -> None:
    one, two = leases(workers("one")), leases(workers("two"))
    rounds = []
    for _ in range(36):  # three minutes, at each tick
        rounds.append(did(one) + did(two))
        clock.pass_by(one.check_interval(60))

    assert sum(rounds) == 3


def test_a_worker_that_died_in_a_job_is_replaced_within_fifteen_seconds(
    workers: Callable[[str], Room], clock: Clock
) -> None:
    dead, alive = leases(workers("dead")), leases(workers("alive"))
    turn = dead.acquire("poll", 1)
    assert turn.__enter__()  # and is never left
    waited = 0.0
    while not did(alive, 1):
        clock.pass_by(1)
        waited += 1

    assert waited <= 15


def test_a_long_job_is_kept_by_signs_of_life(workers: Callable[[str], Room], clock: Clock) -> None:
    busy, idle = leases(workers("busy")), leases(workers("idle"))
    with busy.acquire("poll", 1) as ours:
        assert ours
        for _ in range(20):
            clock.pass_by(4)
            busy.renew_all()
            assert not did(idle, 1)
    clock.pass_by(1)

    assert did(idle, 1)


def test_a_job_that_failed_is_given_back(here: Room, clock: Clock) -> None:
    rota = leases(here)
    with pytest.raises(RuntimeError), rota.acquire("poll", 60):
        raise RuntimeError("it broke")

    with here.ctx.db.read() as session:
        assert Lease.active_holders(session, clock()) == {}
    assert did(rota, 0)


def test_one_worker_does_not_begin_a_job_that_it_is_at(here: Room) -> None:
    rota = leases(here)
    with rota.acquire("poll", 0) as ours:
        assert ours
        assert not did(rota, 0)
    assert did(rota, 0)


def test_ticks_are_whole_parts_of_a_round(here: Room) -> None:
    rota = leases(here)
    for every in (1, 7, 60, 600):
        assert (every / rota.check_interval(every)).is_integer()
        assert rota.check_interval(every) <= (5 if rota.is_shared else every)
