"""Sums of what networks bill: each resource once a UTC day, each call once, and nothing twice by two at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import BilledResource, DailyCost, Reply, Track
from models.core.database import Database
from models.reports.budget import read_budget
from models.reports.costs import build_cost_report
from models.sources import cost
from models.sources.cost import BilledUnit, format_usd, month_of
from tests.models.ledger import passing

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def post(
    name: str, micros: int = 5_000, *, kind: str = "post_read", account: str = "1", track: int = 0
) -> BilledUnit:
    return BilledUnit(account, kind, micros, track, "post", name)


def call(micros: int = 5_000) -> BilledUnit:
    return BilledUnit("1", "counts_call", micros)


def sums(session: Session) -> dict[tuple[str, int, str], tuple[int, int]]:
    return {
        (one.account_id, one.track_id, one.kind): (one.units, one.micros)
        for one in session.scalars(select(DailyCost))
    }


def test_a_post_is_billed_once_a_day_by_whichever_kind_it_came_with_first(session: Session) -> None:
    cost.record(session, "x", [post("a", 1_000, kind="owned_read"), post("a"), post("b", track=7)], day=DAY)
    cost.record(session, "x", [post("b"), post("a", account="2"), call(), call()], day=DAY)

    assert sums(session) == {
        ("1", 0, "owned_read"): (1, 1_000),
        ("1", 7, "post_read"): (1, 5_000),
        ("1", 0, "counts_call"): (2, 10_000),
    }


def test_another_day_another_network_and_another_kind_of_resource_count_anew(session: Session) -> None:
    user = BilledUnit("1", "user_read", 10_000, 0, "user", "a")
    cost.record(session, "x", [post("a"), user], day=DAY)
    cost.record(session, "x", [post("a")], day=DAY + timedelta(days=1))
    cost.record(session, "y", [post("a")], day=DAY)

    assert DailyCost.total(session, DAY, DAY + timedelta(days=2)) == 25_000
    assert DailyCost.total(session, DAY, DAY + timedelta(days=1)) == 20_000


def test_nothing_billed_asks_nothing(db: Database) -> None:
    with db.read() as session:
        cost.record(session, "x", [], day=DAY)
        assert not session.new


def test_more_resources_than_one_batch_takes(session: Session) -> None:
    cost.record(session, "x", [post(f"{number}") for number in range(2_500)], day=DAY)
    cost.record(session, "x", [post(f"{number}") for number in range(1_000, 3_000)], day=DAY)

    assert sums(session) == {("1", 0, "post_read"): (3_000, 15_000_000)}


UNITS = st.builds(
    lambda name, micros, account, track: post(
        name, micros, kind=f"at {micros}", account=account, track=track
    ),
    st.sampled_from("abcdefgh"),
    st.sampled_from([1_000, 5_000]),
    st.sampled_from(["1", "2"]),
    st.sampled_from([0, 7]),
) | st.just(call())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pages=st.lists(st.tuples(st.integers(0, 2), st.lists(UNITS, max_size=8)), max_size=8))
def test_sums_are_those_of_a_slow_and_obvious_count(
    db: Database, pages: list[tuple[int, list[BilledUnit]]]
) -> None:
    seen, expected = set[tuple[int, str]](), Counter[str]()
    for day, units in pages:
        for unit in units:
            if unit.resource_id is None or (day, unit.resource_id) not in seen:
                expected[f"{day} {unit.account_id} {unit.track_id} {unit.kind}"] += unit.micros
            if unit.resource_id is not None:
                seen.add((day, unit.resource_id))
    with passing(db) as session:
        for day, units in pages:
            cost.record(session, "x", units, day=DAY + timedelta(days=day))
        found = {
            f"{(one.day - DAY).days} {one.account_id} {one.track_id} {one.kind}": one.micros
            for one in session.scalars(select(DailyCost))
        }

        assert found == dict(expected)


def test_workers_that_write_at_once_count_each_post_once_and_each_call(db: Database) -> None:
    def work(number: int) -> None:
        for start in range(0, 40, 10):
            units = [post(f"{each}") for each in range(start + number, start + number + 15)]
            with db.write() as session:
                cost.record(session, "x", [*units[:: 1 if number % 2 else -1], call()], day=DAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    with db.read() as session:
        posts = len(session.scalars(select(BilledResource)).all())
        assert posts == len({each for number in range(4) for each in range(number, number + 45)})
        assert sums(session)["1", 0, "post_read"] == (posts, posts * 5_000)
        assert sums(session)["1", 0, "counts_call"] == (16, 80_000)


@pytest.mark.parametrize(
    ("micros", "shown"),
    [(0, "$0.00"), (1_000, "$0.001"), (99_000, "$0.099"), (100_000, "$0.10"), (1_234_567_000, "$1,234.57")],
)
def test_amounts_as_people_read_them(micros: int, shown: str) -> None:
    assert format_usd(micros) == shown


def test_months_are_utcs() -> None:
    assert month_of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == (date(2026, 12, 1), date(2027, 1, 1))
    east = datetime(2026, 3, 1, 0, 30, tzinfo=UTC).astimezone(tz=None)
    assert month_of(east) == (date(2026, 3, 1), date(2026, 4, 1))


def test_the_report_tells_today_the_month_and_what_cost_most(session: Session) -> None:
    session.add(Track(id=7, kind="search", network="x", account_id=None, query="kettle", created_at=NOON))
    cost.record(session, "x", [call(9_000_000)], day=date(2026, 2, 28))
    cost.record(session, "x", [call(1_000_000)], day=date(2026, 3, 1))
    cost.record(session, "x", [post("a", 3_000_000, track=7), call(1_000_000)], day=DAY)

    found = build_cost_report(session, at=NOON)

    assert (found.today, found.month) == (4_000_000, 5_000_000)
    assert [(one.track and one.track.query, one.micros) for one in found.dearest] == [
        ("kettle", 3_000_000),
        (None, 2_000_000),
    ]
    # 14 dollars in the 2.5 days since the first charge; 29.5 days are left
    assert found.forecast == 5_000_000 + round(14_000_000 * 29.5 / 2.5)
    assert (found.mentions, found.replies) == (0, 0)
    assert session.scalars(select(Reply)).all() == []


def test_an_empty_ledger_has_cost_nothing(session: Session) -> None:
    found = build_cost_report(session, at=NOON)

    assert (found.today, found.month, found.forecast, found.dearest) == (0, 0, 0, ())


@given(spent=st.integers(0, 130), tracks=st.integers(0, 6))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_nearer_the_cap_the_more_of_the_dearest_slow_down(db: Database, spent: int, tracks: int) -> None:
    with passing(db) as session:
        each = [spent * 10_000 // (tracks + 1) + number for number in range(tracks)]
        units = [post(f"{number}", micros, track=number + 1) for number, micros in enumerate(each)]
        cost.record(session, "x", [*units, call(spent * 10_000 - sum(each))], day=DAY)

        budget = read_budget(session, 1_000_000, at=NOON)

        assert budget is not None
        assert budget.spent == spent * 10_000
        assert (budget.is_near, budget.is_spent) == (spent >= 80, spent >= 100)
        slow = len(budget.slow_tracks)
        dearest = sorted(range(1, tracks + 1), key=lambda one: -each[one - 1])
        assert budget.slow_tracks == (set(dearest[:slow]) if 80 <= spent < 100 and spent else set())
        if 80 <= spent < 100:
            assert slow == min(1 + (spent - 80) * tracks // 20, tracks)


def test_no_cap_no_budget(session: Session) -> None:
    assert read_budget(session, None, at=NOON) is None
