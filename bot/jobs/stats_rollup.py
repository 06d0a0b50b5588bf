"""What statistics are made of, kept up to date: office hours of replies, counts of days."""

import time

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
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
            if office_time.fill_missing(session, ctx.settings.office, limit=FILL_BATCH_SIZE) == 0:
                return


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
