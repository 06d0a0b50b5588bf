"""Ends the groups of tickets that nothing joins any more: a spike that is over, a campaign that ran out."""

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
from models.grouping import grouping

CHECK_INTERVAL_SECONDS = 10.0


def close_due(ctx: BotContext) -> None:
    """End those that are due; the card of a spike says so."""
    with ctx.db.write() as session:
        ended = grouping.close_due(session, at=ctx.now())
    if ended:
        ctx.cards_wake.set()


JOBS = (ScheduledJob("ticket groups", close_due, CHECK_INTERVAL_SECONDS),)
