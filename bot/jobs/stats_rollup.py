"""What statistics are made of, kept up to date: office hours of replies, counts of days."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
from models.core.office_hours import OfficeHours
from models.reports import daily_rollup, office_time

ROLLUP_INTERVAL_SECONDS = 60.0  # seconds
FILL_BATCH_SIZE = 500  # replies whose office hours are written down in one transaction
COUNT_SLICE_SECONDS = 20.0  # seconds of counting at a time: a ledger of years is counted in many


def run_due(ctx: BotContext) -> None:
    """Write down and count whatever is new."""
    fill_office_times(ctx)
    _count_days(ctx)


def fill_office_times(ctx: BotContext) -> None:
    """Write down the office hours of replies that lack them."""
    while not ctx.stop.is_set():
        with ctx.db.read() as session:
            is_done = not office_time.has_unfilled(session)
        if is_done:
            return
        with ctx.db.write() as session:
            office_of = _office_lookup(ctx, session)
            if office_time.fill_missing(session, office_of, limit=FILL_BATCH_SIZE) == 0:
                return


def _office_lookup(ctx: BotContext, session: Session) -> Callable[[str], OfficeHours]:
    """The office hours of each Slack channel; a batch has many tickets of one channel."""
    return lru_cache(lambda channel: ctx.policy(session, channel).office)


def reply_targets(
    ctx: BotContext, session: Session, channel: str | None
) -> tuple[timedelta, dict[str, timedelta]]:
    """Returns within which time a first reply is due, and the Slack channels where it is another time.

    The first is that of `channel`, of which alone something is told; else the default.
    """
    if channel is not None:
        return ctx.sla_policy(session, channel).within, {}
    default = timedelta(minutes=ctx.settings.first_reply_minutes)
    return default, ctx.settings.policy_defaults.other_targets(session)


def _count_days(ctx: BotContext) -> None:
    """Count the days that were never counted, the oldest first, and recount those that changed."""
    began, today = time.monotonic(), ctx.now().date()
    with ctx.db.read() as session:
        until = daily_rollup.last_event_id(session)
        day = daily_rollup.first_uncounted_day(session, today)
        days = daily_rollup.list_changed_days(session, until, today)
    while day is not None and not ctx.stop.is_set():
        with ctx.db.write() as session:
            daily_rollup.count_day(session, day, is_next=True)
            day = daily_rollup.first_uncounted_day(session, today)
        if time.monotonic() - began > COUNT_SLICE_SECONDS:
            break
    for one in days:
        if ctx.stop.is_set():
            return
        with ctx.db.write() as session:
            daily_rollup.count_day(session, one)
    if days:
        with ctx.db.write() as session:
            daily_rollup.mark_events_counted(session, until)


JOBS = (ScheduledJob("figures", run_due, ROLLUP_INTERVAL_SECONDS, first_delay_seconds=3),)
