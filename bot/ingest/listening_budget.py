"""How far `MONTHLY_CAP_USD` lets Heard listen: freely, slowly, or not at all until the month (UTC) is over.

1. From 80 % of the cap on, readings slow down to one in ten minutes, the dearest first: of n readings that
   cost something this month, one more slows down with each n-th part of the way from 80 % to 100 %.
2. At 100 % nothing is read any more on networks that bill: no mentions, searches, sweeps and profiles. A page
   that was read is kept. Replies go on, and so do the looks that make them safe.

It goes by the sums in the ledger, so it is the same for every worker, and ends by itself with the month or
with a higher cap. `bot/jobs/monthly_cap.py` tells the team.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import PostPage
from models import Cursor, Track
from models.reports.budget import read_budget
from models.sources.cursor import MENTIONS_CURSOR

SLOW_INTERVAL = timedelta(minutes=10)
SLOW_FACTOR = 10  # or so many times as far apart as usual, whichever is longer


class CapReachedError(Later):
    """The monthly cap is reached, so nothing more is read; what was read is kept."""

    def __init__(self) -> None:
        super().__init__(None, "monthly cap", "The monthly cap is reached.")


def is_spent(ctx: BotContext, network: Network) -> bool:
    """Whether nothing may be read on `network` just for listening, because the cap is reached."""
    if ctx.settings.monthly_cap_usd is None or not network.prices:
        return False
    with ctx.db.read() as session:
        budget = read_budget(session, ctx.settings.monthly_cap_micros, at=ctx.now())
    return budget is not None and budget.is_spent


def while_affordable(ctx: BotContext, network: Network, pages: Iterable[PostPage]) -> Iterator[PostPage]:
    """Yield `pages` as long as the cap is not reached.

    Raises `CapReachedError` instead of reading the next page, and what reading raises.
    """
    for page in pages:
        yield page
        if is_spent(ctx, network):
            raise CapReachedError


def slow_interval(ctx: BotContext) -> timedelta:
    """How far apart readings are that slow down."""
    return max(SLOW_INTERVAL, SLOW_FACTOR * timedelta(seconds=ctx.settings.poll_seconds))


def mentions_interval(ctx: BotContext, session: Session, network: Network, account_id: str) -> timedelta:
    """How far apart readings of that account's mentions must be for the cap; zero if as usual."""
    budget = read_budget(session, ctx.settings.monthly_cap_micros, at=ctx.now())
    if budget is None or not budget.slow_tracks or not network.prices:
        return timedelta()
    track = Track.mentions_of(session, network.name, account_id, at=ctx.now())
    return slow_interval(ctx) if track.id in budget.slow_tracks else timedelta()


def slow_tracks(ctx: BotContext, session: Session, network: Network) -> frozenset[int]:
    """Return the ids of the tracks that are read slowly."""
    cap = ctx.settings.monthly_cap_micros if network.prices else None
    budget = read_budget(session, cap, at=ctx.now())
    return frozenset() if budget is None else budget.slow_tracks


def note_skipped_poll(ctx: BotContext, network: Network) -> None:
    """Note that a poll was left out on purpose, so that nobody takes it for overdue."""
    mine = (Cursor.network == network.name, Cursor.account_id == network.expected_account_id())
    at = ctx.now()
    working = update(Cursor).where(*mine, Cursor.name == MENTIONS_CURSOR, Cursor.failing_since.is_(None))
    with ctx.db.write() as session:
        session.execute(working.where(Cursor.read_at.is_not(None)).values(not_before=at))
