"""What a network did not list is searched for: downwards, each page kept, so that it comes to an end.

A gap can be long and a network in trouble: a search that began anew with every failure might never arrive.
"""

import logging
from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget
from bot.ingest.cursors import POLL_RETRY_MAX_DELAY
from bot.ingest.listening_budget import CapReachedError
from bot.ingest.page_writer import commit_page
from bot.ingest.pages import (
    PollResult,
    first_poll_floor,
    mark_last,
    our_account_ids,
    without_left_out,
    without_own_posts,
)
from bot.ingest.poller import poll
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity, Position
from bot.notices import clock_set_back, reading_notices
from bot.runtime import pace
from bot.scheduled_job import NetworkJob
from models import Cursor, Gap
from models.sources.cursor import MENTIONS_CURSOR

log = logging.getLogger(__name__)


def poll_and_backfill(ctx: BotContext, network: Network) -> PollResult | None:
    """Read what is new, then go on with what earlier readings left out; None if nothing was read."""
    clock_set_back.repair(ctx)
    heard = poll(ctx, network)
    if heard is not None:
        heard.taken += fill_gaps(ctx, network)
    return heard


def fill_gaps(ctx: BotContext, network: Network) -> int:
    """Search on for each gap; what fails is gone on with later. Gives how many mentions were new."""
    account = network.account()
    with ctx.db.read() as session:
        gaps = Gap.open_of(session, network.name, account.id)
    taken = 0
    for gap in gaps:
        if listening_budget.is_spent(ctx, network):
            break
        if gap.not_before is None or gap.not_before <= ctx.now():
            try:
                taken += _search_gap(ctx, network, account, gap)
            except CapReachedError:  # each page is kept, and the search goes on below it
                break
            except Later as later:
                _record_failure(ctx, network, gap.id, later)
    return taken


def _search_gap(ctx: BotContext, network: Network, account: AccountIdentity, gap: Gap) -> int:
    """Read on downwards from where it stands."""
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=ctx.now())
    floor, low, taken = first_poll_floor(ctx, cursor), None if gap.before is None else Position(gap.before), 0
    ours, reach = our_account_ids(ctx, account), network.search_window
    since = gap.since if reach is None else max(gap.since, ctx.now() - reach)
    pages = network.search(
        f"@{account.handle}", network.position_at(since), before=low, account_id=account.id
    )
    for page, last in mark_last(listening_budget.while_affordable(ctx, network, pages)):
        if ctx.stop.is_set():
            break
        low = page.lowest or low
        note = _progress_recorder(ctx, network, gap.id, low, is_over=last)
        kept = without_left_out(ctx, account, without_own_posts(page, ours, floor))
        taken += commit_page(ctx, network, account, kept, and_then=note)
        ctx.cards_wake.set()
    return taken


def _progress_recorder(
    ctx: BotContext, network: Network, gap_id: int, low: Position | None, *, is_over: bool
) -> Callable[[Session, int], None]:
    """What a page of the search brings with it: how far it got, or that it is over."""

    def note(session: Session, taken: int) -> None:
        gap = session.get(Gap, gap_id)
        if gap is None:  # another worker, whom this one was taken to have died for, came to its end first
            return
        gap.before, gap.heard, gap.not_before, gap.failure = low, gap.heard + taken, None, None
        if is_over:
            reading_notices.post_searched(ctx, session, network, gap.account_id)
            session.delete(gap)

    return note


def _record_failure(ctx: BotContext, network: Network, gap_id: int, later: Later) -> None:
    """Try again in a while; unless the network never lets us search."""
    at = ctx.now()
    log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)
    with ctx.db.write() as session:
        gap = session.get(Gap, gap_id)
        if gap is None:
            return
        gap.not_before, gap.failure = (
            pace.retry_at(later, at=at, otherwise=POLL_RETRY_MAX_DELAY),
            later.detail,
        )
        if later.cause == "forbidden":
            reading_notices.post_not_searched(ctx, session, network, gap.account_id, later)
            session.delete(gap)


JOBS = (
    NetworkJob(
        "poll",
        poll_and_backfill,
        lambda settings: settings.poll_seconds,
        first_delay_seconds=0,
        needs="mentions",
    ),
)
