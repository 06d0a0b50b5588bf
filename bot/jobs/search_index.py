"""The word indexes of the search, kept complete."""

import logging

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
from models.tickets.word_index import index_missing

log = logging.getLogger(__name__)

CATCH_UP_INTERVAL_SECONDS = 3600.0  # seconds


def catch_up(ctx: BotContext) -> None:
    """Index what an older version of Heard, or a statement of SQL, wrote without its words."""
    found = 0
    while not ctx.stop.is_set():
        with ctx.db.write() as session:
            missing = index_missing(session)
        found += missing
        if missing == 0:
            break
    if found:
        log.info("added %d missing texts to the search index", found)


JOBS = (ScheduledJob("search index", catch_up, CATCH_UP_INTERVAL_SECONDS, first_delay_seconds=2),)
