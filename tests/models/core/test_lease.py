"""Who has a recurring job: one at a time, no oftener than it is due, and the next one when the first is dead."""

from datetime import timedelta

from models import Lease
from models.core.database import Database
from tests.models.ledger import NINE, minute, together

HELD = timedelta(seconds=12)


def take(db: Database, who: str, *, at=NINE, every: float = 60) -> bool:
    with db.write() as session:
        return Lease.take(
            session, "poll x", holder=who, at=at, until=at + HELD, every=timedelta(seconds=every)
        )


def give_back(db: Database, who: str) -> None:
    with db.write() as session:
        Lease.release(session, "poll x", holder=who)


def test_of_many_who_ask_at_once_one_gets_it(db: Database) -> None:
    asked = together(*[lambda who=who: take(db, f"worker {who}") for who in range(8)])

    assert sorted(map(bool, asked)) == [False] * 7 + [True]


def test_a_job_that_was_just_begun_is_not_begun_again(db: Database) -> None:
    assert take(db, "one")
    give_back(db, "one")

    assert not take(db, "two", at=NINE + timedelta(seconds=59))
    assert take(db, "two", at=NINE + timedelta(seconds=60))


def test_a_job_in_hand_is_nobody_elses_however_long_it_takes(db: Database) -> None:
    assert take(db, "one")
    for beat in range(1, 20):
        with db.write() as session:
            until = NINE + timedelta(seconds=beat * 10) + HELD
            Lease.extend(session, ["poll x"], holder="one", until=until)

    assert not take(db, "two", at=minute(3), every=0)


def test_a_dead_workers_job_is_taken_over_once_its_lease_is_over(db: Database) -> None:
    assert take(db, "one")

    assert not take(db, "two", at=NINE + timedelta(seconds=11.9), every=1)
    assert take(db, "two", at=NINE + HELD, every=1)


def test_who_lost_a_job_neither_keeps_it_nor_gives_it_away(db: Database) -> None:
    assert take(db, "one")
    assert take(db, "two", at=minute(1), every=1)

    with db.write() as session:
        Lease.extend(session, ["poll x"], holder="one", until=minute(9))
    give_back(db, "one")

    with db.read() as session:
        assert Lease.active_holders(session, minute(1)) == {"poll x": "two"}
        assert Lease.active_holders(session, minute(2)) == {}
