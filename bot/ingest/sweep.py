"""Today's mentions once more: networks list some late, behind every cursor."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.context import BotContext
from bot.ingest import listening_budget
from bot.ingest.cursors import account_of, ready_cursor, record_failure
from bot.ingest.listening_budget import CapReachedError
from bot.ingest.page_writer import commit_page
from bot.ingest.pages import (
    PollResult,
    first_poll_floor,
    our_account_ids,
    without_left_out,
    without_own_posts,
)
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity, PostPage

log = logging.getLogger(__name__)

SWEEP_OVERLAP = timedelta(hours=1)  # past midnight, how much of yesterday is swept once more
# How far back a sweep searches for what a long day's list no longer shows: one hour, and one late.
SWEEP_SEARCH_WINDOW = 2 * SWEEP_OVERLAP


def sweep(ctx: BotContext, network: Network) -> PollResult | None:
    """Read today's mentions once more: networks index some late, behind every cursor.

    X charges once a post and UTC day: https://docs.x.com/x-api/getting-started/pricing. What it indexed late
    around midnight is in the day before, hence the last hour of that. On a day with more mentions than are
    listed, the rest of the last two hours is searched.
    """
    if listening_budget.is_spent(ctx, network):
        return None
    account = account_of(ctx, network)
    cursor = None if account is None else ready_cursor(ctx, network, account, is_sweep=True)
    if account is None or cursor is None or cursor.is_first:
        return None
    heard, floor, ours = PollResult(), first_poll_floor(ctx, cursor), our_account_ids(ctx, account)
    try:
        pages = _pages_of_today(network, account, heard, at=ctx.now())
        for page in listening_budget.while_affordable(ctx, network, pages):
            if ctx.stop.is_set():
                return heard
            heard.add_page(page)
            kept = without_left_out(ctx, account, without_own_posts(page, ours, floor))
            heard.taken += commit_page(ctx, network, account, kept, and_then=None)
    except CapReachedError:
        return None
    except Later as later:
        record_failure(ctx, network, account.id, later)
        return None
    finally:
        ctx.cards_wake.set()
    return heard


def _pages_of_today(
    network: Network, account: AccountIdentity, heard: PollResult, *, at: datetime
) -> Iterator[PostPage]:
    """What is listed of today; and if that may have been cut off too early, what a search finds below it.

    `heard` must have seen each page before the next one is asked for.
    """
    yield from network.mentions(network.position_at(sweep_start(at)), account_id=account.id)
    if heard.gap and heard.oldest_at is not None and heard.oldest_at > at - SWEEP_SEARCH_WINDOW:
        try:
            since = network.position_at(at - SWEEP_SEARCH_WINDOW)
            yield from network.search(f"@{account.handle}", since, before=heard.lowest, account_id=account.id)
        except Later as later:  # the readings are not to blame, and the next sweep comes within the hour
            log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)


def sweep_start(at: datetime) -> datetime:
    """From when on a sweep at `at` reads."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight, at - SWEEP_OVERLAP)
