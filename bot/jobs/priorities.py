"""Priorities of open tickets that lack one: from before an update, or since weights or customers changed."""

import logging

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
from models.tickets.priorities import rescore_missing

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 10.0
TICKETS_AT_ONCE = 200  # in one transaction, so that no other writer waits for long


def fill_missing(ctx: BotContext) -> None:
    """Compute what is missing. Raises what the database raises."""
    found = 0
    while not ctx.stop.is_set():
        with ctx.db.write() as session:
            filled = rescore_missing(session, TICKETS_AT_ONCE)
        found += filled
        if filled == 0:
            break
    if found:
        log.info("computed the priority of %d open tickets", found)
        ctx.cards_wake.set()


JOBS = (ScheduledJob("priorities", fill_missing, INTERVAL_SECONDS, first_delay_seconds=1),)
