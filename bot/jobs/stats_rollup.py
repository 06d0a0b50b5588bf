"""What figures are made of, kept up to date: office hours written down, days counted."""

import time

from bot.context import Desk
from models.reports import daily_rollup, office_time

EVERY = 60.0  # seconds
AT_ONCE = 500  # replies whose office hours are written down in one transaction
SLICE = 20.0  # seconds of counting at a time: a ledger of years is counted in many


def tick(desk: Desk) -> None:
    """Write down and count whatever is new."""
    fill(desk)
    _count_days(desk)


def fill(desk: Desk) -> None:
    """Write down the office hours of replies that lack them."""
    while not desk.stop.is_set():
        with desk.db.read() as session:
            is_done = not office_time.is_short(session)
        if is_done:
            return
        with desk.db.write() as session:
            if office_time.fill(session, desk.settings.office, limit=AT_ONCE) == 0:
                return


def _count_days(desk: Desk) -> None:
    """Count the days that never were, the oldest first; and anew those to which something happened."""
    began, today = time.monotonic(), desk.now().date()
    with desk.db.read() as session:
        until = daily_rollup.last_event(session)
        day = daily_rollup.next_day(session, today)
        days = daily_rollup.touched(session, until, today)
    while day is not None and not desk.stop.is_set():
        with desk.db.write() as session:
            daily_rollup.count_day(session, day, is_next=True)
            day = daily_rollup.next_day(session, today)
        if time.monotonic() - began > SLICE:
            break
    for one in days:
        if desk.stop.is_set():
            return
        with desk.db.write() as session:
            daily_rollup.count_day(session, one)
    if days:
        with desk.db.write() as session:
            daily_rollup.seen(session, until)
