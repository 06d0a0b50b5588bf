"""Each bar of the chaos in short; `make chaos` has the full form. Ten to forty seconds each, most of it leases."""

from dataclasses import replace

import pytest

from tests import postgres
from tests.chaos.__main__ import tell
from tests.chaos.plan import Plan
from tests.chaos.run import Report, run

MOST = 400.0  # seconds; on a machine with nothing else to do a tenth of it is enough


def held(plan: Plan) -> Report:
    """Do it; what is printed shows if it fails.

    Where chance did not bring a process to each point, another seed has a try. What broke is broken.
    """
    for seed in (plan.seed, plan.seed + 1):
        report = run(replace(plan, seed=seed, most=MOST))
        tell(report)
        assert report.verdict.broken == []
        if not report.verdict.missed:
            return report
    raise AssertionError(report.verdict.missed)


def test_killed_at_every_point_one_process_loses_and_doubles_nothing_on_three_networks() -> None:
    plan = Plan(
        "sqlite", replies=60, elsewhere=20, presses=6, mentions=60, kills=12, each=1, lost=0.25, life=1
    )
    report = held(plan)

    assert report.verdict.figures["sent again by the machine"] == 0
    assert report.verdict.figures["processes that ended by themselves"] == 0


@pytest.mark.skipif(postgres.skipped(), reason="HEARD_SKIP_PG=1: not tried on PostgreSQL")
def test_two_workers_on_a_postgresql_that_is_struck_down_lose_and_double_nothing() -> None:
    plan = Plan(
        "postgresql", replies=60, presses=2, mentions=40, kills=4, lost=0.06, outages=(4, 8), cuts=8, lasts=8
    )
    report = held(plan)

    assert report.did["PostgreSQL struck down"]


def test_reads_that_are_stale_for_longer_than_we_look_are_put_to_a_person() -> None:
    report = held(Plan("sqlite", seed=3, replies=24, lost=0.5, spoilt=0.0, lag=60.0, looks="1,2,4"))

    assert report.verdict.figures["unsure"]
    assert report.verdict.figures["asked of a person, and answered"] == report.verdict.figures["unsure"]
    assert report.verdict.figures["sent again by the machine"] == 0
