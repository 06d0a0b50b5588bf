"""What keeps the figures: milestones written down where they happen, office hours and days counted by a job."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.jobs import stats_rollup
from models import Card, Ticket
from models.core.query_pipeline import QueryPipeline
from models.reports import daily_rollup
from models.reports.counts import StatsFilter
from sandbox.slack import SlackServer
from tests.bot.room import ANA, BEN, Clock, Counting, Room, room


@pytest.fixture
def here(database_url: str, clock: Clock, network: Counting, slack: SlackServer) -> Iterator[Room]:
    with room(
        database_url, clock, network, slack=slack, office_hours="Mon-Fri 12:30-18:00", time_zone="UTC"
    ) as made:
        made.poll()
        made.network.says("maria", "@acmebrew hello")
        made.clock.pass_by(5)
        made.poll()
        yield made


def outcomes(here: Room) -> dict[str, int] | None:
    """What the daily figures know of today."""
    today = here.clock().date()
    with here.ctx.db.read() as session:
        told = daily_rollup.read_days(QueryPipeline(session), today, today, StatsFilter())
    return (
        None
        if told is None
        else {outcome: slots.total() for outcome, slots in told.outcomes.items() if slots}
    )


@pytest.mark.both_engines
def test_when_a_card_was_there_first_stays_whatever_becomes_of_it(here: Room) -> None:
    here.draw()
    first = here.ticket().shown_at
    assert first == here.clock()

    here.clock.pass_by(60)
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        ticket.claim(session, by=ANA, at=here.clock())
        session.get_one(Card, 1).mark_deleted()
    here.draw()
    here.draw()

    assert here.ticket().shown_at == first


def test_who_had_it_first_is_not_forgotten(here: Room) -> None:
    at = here.clock()
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        ticket.claim(session, by=ANA, at=at)
        ticket.release(session, by=ANA, at=at + timedelta(minutes=1))
        ticket.claim(session, by=BEN, at=at + timedelta(minutes=9))

    assert here.ticket().first_claimed_at == at


@pytest.mark.both_engines
def test_a_first_reply_gets_its_office_hours_and_its_day_is_counted_anew(here: Room) -> None:
    stats_rollup.run_due(here.ctx)
    assert outcomes(here) == {"waiting": 1}

    here.clock.pass_by(hours=1)
    with here.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        ticket.record_outside_answer(
            session, post_id="own", to_post_id=ticket.target_post_id, at=here.clock()
        )
    stats_rollup.run_due(here.ctx)

    assert here.ticket().first_reply_open == 30 * 60 + 5  # they spoke at noon, the office opened at half past
    assert outcomes(here) == {"answered": 1}


@pytest.mark.both_engines
def test_another_day_is_counted_once_it_has_begun(here: Room) -> None:
    stats_rollup.run_due(here.ctx)
    here.clock.pass_by(days=1)
    assert outcomes(here) is None

    here.network.says("joe", "@acmebrew me too")
    here.clock.pass_by(5)
    here.poll()
    stats_rollup.run_due(here.ctx)

    assert outcomes(here) == {"waiting": 1}
