"""The word indexes of the search, kept complete."""

import logging

from bot.context import Desk
from models.reports.word_index import index_missing

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds


def catch_up(desk: Desk) -> None:
    """Index what an older version of Heard, or a statement of SQL, wrote without its words."""
    found = 0
    while not desk.stop.is_set():
        with desk.db.write() as session:
            missing = index_missing(session)
        found += missing
        if missing == 0:
            break
    if found:
        log.info("indexed %d texts for the search that were missing", found)
