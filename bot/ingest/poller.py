"""Network → ledger: what was said since we last looked, page by page, without losing or repeating any."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget
from bot.ingest.cursors import account_of, ready_cursor, record_failure
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
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity, Position, Post, PostPage
from bot.notices import network_alarms, reading_notices
from bot.runtime import pace
from models import Cursor, Gap, LeftOutPost, Track
from models.sources.cursor import MENTIONS_CURSOR

log = logging.getLogger(__name__)

FIRST_POLL_WINDOW = timedelta(hours=24)
FIRST_POLL_MAX_POSTS = 50  # a new account must not flood a channel


def poll(ctx: BotContext, network: Network) -> PollResult | None:
    """Read the mentions after the cursor into the ledger; None if it could not be done now.

    The cursor moves in the transaction of the last page: a crash anywhere repeats the same window, and a
    repeat changes nothing. A failure is written to the cursor, so that silence is never taken for peace.
    """
    if listening_budget.is_spent(ctx, network):
        listening_budget.note_skipped_poll(ctx, network)
        return None
    account = account_of(ctx, network)
    cursor = None if account is None else ready_cursor(ctx, network, account)
    if account is None or cursor is None:
        return None
    first = network.position_at(ctx.now() - FIRST_POLL_WINDOW)
    mark = Position(cursor.position) if cursor.position is not None else first
    try:
        return _read_pages(ctx, network, account, mark, cursor)
    except CapReachedError:  # what was read is kept, and read once more when the cap allows it
        return None
    except Later as later:
        record_failure(ctx, network, account.id, later)
        return None


def _read_pages(
    ctx: BotContext, network: Network, account: AccountIdentity, mark: Position, cursor: Cursor
) -> PollResult:
    heard, newest, floor = PollResult(), None, first_poll_floor(ctx, cursor)
    ours = our_account_ids(ctx, account)
    pages = listening_budget.while_affordable(ctx, network, network.mentions(mark, account_id=account.id))
    for page, last in mark_last(pages):
        if ctx.stop.is_set():
            break  # without the last page the cursor stays, and the next start reads all this again
        newest = newest or page.position
        kept, left_out = without_own_posts(page, ours, floor), list[Post]()
        heard.add_page(page)
        if cursor.is_first:
            kept, left_out = _cap_first_poll(ctx, kept, heard)
        else:
            kept = without_left_out(ctx, account, kept)
        end = _cursor_mover(ctx, network, account, newest, heard) if last else None
        note = _note_taker(ctx, account, left_out, end)
        heard.taken += commit_page(ctx, network, account, kept, and_then=note)
        ctx.cards_wake.set()
    return heard


def _cap_first_poll(ctx: BotContext, page: PostPage, heard: PollResult) -> tuple[PostPage, list[Post]]:
    """Return the page with as many posts of the last day as the first poll may still take, and the others."""
    since, kept, left_out = ctx.now() - FIRST_POLL_WINDOW, list[Post](), list[Post]()
    for post in page.posts:
        is_of_that_day = post.posted_at >= since
        if is_of_that_day and heard.kept < FIRST_POLL_MAX_POSTS:
            heard.kept += 1
            kept.append(post)
        else:
            heard.left_out += is_of_that_day
            left_out.append(post)
    return replace(page, posts=tuple(kept)), left_out


def _note_taker(
    ctx: BotContext,
    account: AccountIdentity,
    left_out: Sequence[Post],
    end: Callable[[Session, int], None] | None,
) -> Callable[[Session, int], None]:
    """Build what is written with a page: what it leaves out, and with the last one what `end` writes."""

    def note(session: Session, taken: int) -> None:
        if left_out:
            track = Track.mentions_of(session, account.network, account.id, at=ctx.now())
            LeftOutPost.remember(session, {(track.id, post.id) for post in left_out}, at=ctx.now())
        if end is not None:
            end(session, taken)

    return note


def _cursor_mover(
    ctx: BotContext, network: Network, account: AccountIdentity, to: Position | None, heard: PollResult
) -> Callable[[Session, int], None]:
    """Build what is written with the last page: the cursor moves, and a gap or posts left out are noted."""

    def move(session: Session, taken: int) -> None:
        at = ctx.now()
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
        if cursor.is_first:
            cursor.floor = heard.complete_since
        if heard.left_out:
            cursor.left_out = heard.left_out
            counts = {"shown": FIRST_POLL_MAX_POSTS, "left_out": heard.left_out}
            reading_notices.post_first_poll(
                ctx, session, network, account, has_gap=heard.gap, at=at, **counts
            )
        elif heard.gap and not cursor.is_first:
            log.warning("%s: the list of mentions ended early; searching for the rest", network.title)
            since = (cursor.read_at or at) - network.index_delay
            session.add(
                Gap(
                    network=network.name,
                    account_id=account.id,
                    since=since,
                    before=heard.lowest,
                    found_at=at,
                    # in a storm all that was listed can be of the last few seconds, and search lags behind
                    not_before=heard.oldest_at and max(heard.oldest_at + network.search_delay, at),
                    heard=0,
                )
            )
        apart = pace.min_interval(network.rate_limit_status("mentions"), at=at, calls=heard.pages)
        apart = max(apart, listening_budget.mentions_interval(ctx, session, network, account.id))
        is_spread = apart > timedelta(seconds=ctx.settings.poll_seconds)
        cursor.advance(to, at=at, again_at=at + apart if is_spread else None)
        network_alarms.record_success(
            ctx, session, network, "reading", account_id=account.id, at=at, heard=taken + heard.taken
        )

    return move
