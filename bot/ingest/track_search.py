"""What we listen for anywhere on a network: searched for, matched by ourselves, and taken into the ledger.

1. Tracks that were never read, or not since they were changed, are read one by one: their first reading takes
   the last 24 hours, at most 50 posts, and remembers by id what it leaves out.
2. All others that are due share queries, as many in one as the network takes.
3. Of each page, Heard's own matcher says which post is for which track (`track_matches`).
4. The cursors of a query's tracks move in the transaction of its last page, as those of mentions do.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget, track_matches
from bot.ingest.cursors import account_of, next_poll_at
from bot.ingest.listening_budget import CapReachedError
from bot.ingest.page_writer import commit_page
from bot.ingest.pages import PollResult, mark_last, our_account_ids, without_own_posts
from bot.ingest.poller import FIRST_POLL_MAX_POSTS, FIRST_POLL_WINDOW
from bot.ingest.track_matches import TrackMatch
from bot.networks.base import (
    AccountIdentity,
    Later,
    Network,
    Position,
    PostPage,
    SearchRefusedError,
    WrongAccount,
)
from bot.notices import network_alarms, reading_notices
from bot.runtime import pace
from bot.scheduled_job import NetworkJob
from models import Cursor, LeftOutPost, Track
from models.sources.track import TRACK_CURSOR_PREFIX

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0  # how soon a track that somebody adds is taken up
_EARLY_SECONDS = 1.0  # a reading may come so much before it is due
_REFUSED_RETRY = timedelta(hours=1)  # for a query that the network does not take


@dataclass(slots=True)
class _Reading:
    """One query: its tracks, from where, and the moment before which posts are left out (None: none is)."""

    tracks: list[Track]
    after: Position
    floor: datetime | None = None
    is_first: bool = False
    kept: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _End:
    """Where a reading came to its end, and whether the network could not reach back to where it began."""

    position: Position
    has_gap: bool


@dataclass(frozen=True, slots=True)
class _Due:
    """A track that was read up to `after` at `read_at`, and is to be read again."""

    track: Track
    read_at: datetime
    after: Position


def search_tracks(ctx: BotContext, network: Network) -> int | None:
    """Read what is due of the tracks that this account searches for, and return how many posts were new.

    None if there was nothing to do.

    A failure is written to the cursors of the query's tracks, and is told once as the account's alarm.
    """
    with ctx.db.read() as session:
        wanted = Track.to_search(session, network.name)
    if not wanted or listening_budget.is_spent(ctx, network):
        return None
    account = account_of(ctx, network)
    if account is None:
        return None
    is_first_account = network is ctx.networks[network.name]
    tracks = [
        one for one in wanted if one.account_id == account.id or (one.account_id is None and is_first_account)
    ]
    taken, readings = 0, list(_plan(ctx, network, account, tracks))
    for reading in readings:
        if ctx.stop.is_set() or pace.is_spent(network.rate_limit_status("search"), at=ctx.now()):
            break
        try:
            taken += _read(ctx, network, account, reading).taken
        except CapReachedError:
            break
        except Later as later:
            _record_failure(ctx, network, account, reading.tracks, later)
            break
        except SearchRefusedError as no:
            refusal = Later(ctx.now() + _REFUSED_RETRY, "forbidden", str(no))
            _record_failure(ctx, network, account, reading.tracks, refusal)
    return taken if readings else None


def _plan(
    ctx: BotContext, network: Network, account: AccountIdentity, tracks: Sequence[Track]
) -> Iterator[_Reading]:
    """Yield what is due: readings of new and changed tracks, then of the others, the longest unread first."""
    at = ctx.now()
    here = (Cursor.network == network.name, Cursor.account_id == account.id)
    with ctx.db.read() as session:
        known = session.scalars(select(Cursor).where(*here, Cursor.name.startswith(TRACK_CURSOR_PREFIX)))
        cursors = {one.name: one for one in known}
        slow = listening_budget.slow_tracks(ctx, session, network)
    due, soon = [], timedelta(seconds=ctx.settings.poll_seconds - _EARLY_SECONDS)
    for track in tracks:
        cursor = cursors.get(track.cursor_name)
        if cursor is not None and cursor.not_before is not None and cursor.not_before > at:
            continue
        if cursor is None or cursor.read_at is None:
            yield _Reading([track], network.position_at(at - FIRST_POLL_WINDOW), is_first=True)
        elif track.edited_at is not None and track.edited_at > cursor.read_at:
            since = network.position_at(track.edited_at - network.index_delay)
            yield _Reading([track], since, floor=track.edited_at)
        elif at - cursor.read_at >= (listening_budget.slow_interval(ctx) if track.id in slow else soon):
            after = Position(cursor.position or network.position_at(cursor.read_at))
            due.append(_Due(track, cursor.read_at, after))
    yield from _combine(network, sorted(due, key=lambda one: (one.read_at, one.track.id)))


def _combine(network: Network, due: Sequence[_Due]) -> Iterator[_Reading]:
    """Put tracks together into as few queries as the network takes.

    Each query begins where the track stands that was read first. Tracks that were read much later are in
    another one: what they have read would be read, and paid for, once more.
    """
    some: list[_Due] = []
    for one in due:
        if some and (
            one.read_at - some[0].read_at > network.index_delay
            or not _fits(network, [*(other.track for other in some), one.track])
        ):
            yield _Reading([other.track for other in some], some[0].after)
            some = []
        some.append(one)
    if some:
        yield _Reading([other.track for other in some], some[0].after)


def _fits(network: Network, tracks: Sequence[Track]) -> bool:
    try:
        network.search_text([track_matches.request_of(track) for track in tracks])
    except SearchRefusedError:
        return False
    return True


def _read(ctx: BotContext, network: Network, account: AccountIdentity, reading: _Reading) -> PollResult:
    heard, ours, newest = PollResult(), our_account_ids(ctx, account), None
    for page, last in mark_last(_pages(ctx, network, account, reading)):
        if ctx.stop.is_set():
            break  # without the last page the cursors stay, and the next start reads all this again
        newest = newest or page.position or network.position_at(ctx.now() - network.index_delay)
        heard.add_page(page)
        kept, matches, left_out = _choose(ctx, reading, without_own_posts(page, ours, None))
        end = _End(newest, heard.gap) if last else None
        note = _note_taker(ctx, network, account, reading, left_out=left_out, end=end)
        billed = track_matches.billed_track(reading.tracks, page.posts, matches)
        heard.taken += commit_page(
            ctx, network, account, kept, matches=matches, and_then=note, track_of=billed
        )
        ctx.cards_wake.set()
    return heard


def _pages(
    ctx: BotContext, network: Network, account: AccountIdentity, reading: _Reading
) -> Iterator[PostPage]:
    """Yield what the network finds; of a first reading no more pages than it needs, as they may cost money.

    It needs as many matches as it shows, and all that later readings could take for new.
    """
    query = network.search_text([track_matches.request_of(track) for track in reading.tracks])
    matched, overlap_start = 0, ctx.now() - network.index_delay
    pages = network.search(query, reading.after, account_id=account.id)
    for page in listening_budget.while_affordable(ctx, network, pages):
        yield page
        if reading.is_first and page.posts:
            matched += len(track_matches.find(reading.tracks, page.posts))
            if matched >= FIRST_POLL_MAX_POSTS and page.posts[-1].posted_at < overlap_start:
                return


def _choose(
    ctx: BotContext, reading: _Reading, page: PostPage
) -> tuple[PostPage, dict[str, list[TrackMatch]], set[tuple[int, str]]]:
    """Return what to keep of a page, for which tracks, and what is left out from now on."""
    found = track_matches.find(reading.tracks, page.posts)
    with ctx.db.read() as session:
        known = LeftOutPost.known(session, [track.id for track in reading.tracks], list(found))
    kept, left_out = [], set[tuple[int, str]]()
    for post in page.posts:  # the newest first
        matches = [one for one in found.pop(post.id, []) if (one.track.id, post.id) not in known]
        is_too_old = reading.floor is not None and post.posted_at < reading.floor
        if matches and (is_too_old or (reading.is_first and reading.kept >= FIRST_POLL_MAX_POSTS)):
            left_out |= {(one.track.id, post.id) for one in matches}
            reading.left_out += 1
        elif matches:
            found[post.id] = matches
            kept.append(post)
            reading.kept += 1
    return replace(page, posts=tuple(kept)), found, left_out


def _note_taker(
    ctx: BotContext,
    network: Network,
    account: AccountIdentity,
    reading: _Reading,
    *,
    left_out: set[tuple[int, str]],
    end: _End | None,
) -> Callable[[Session, int], None]:
    """Build what is written with a page: what it leaves out, with the last one how far it read."""

    def note(session: Session, taken: int) -> None:
        del taken
        at = ctx.now()
        LeftOutPost.remember(session, left_out, at=at)
        if end is None:
            return
        for track in reading.tracks:
            cursor = Cursor.of(session, network.name, account.id, track.cursor_name, at=at)
            cursor.advance(end.position, at=at)
        network_alarms.record_success(ctx, session, network, "searching", account_id=account.id, at=at)
        if reading.is_first and reading.left_out:
            [track] = reading.tracks
            reading_notices.post_first_search(ctx, session, network, track, shown=reading.kept, at=at)
        if end.has_gap and not reading.is_first:
            reading_notices.post_search_window(ctx, session, network, account.id, at=at)

    return note


def _record_failure(
    ctx: BotContext, network: Network, account: AccountIdentity, tracks: Sequence[Track], later: Later
) -> None:
    if isinstance(later, WrongAccount):
        log.info("%s: another account was connected during a search", network.title)
        return
    at = ctx.now()
    log.warning("%s could not be searched (%s): %s", network.title, later.cause, later.detail)
    with ctx.db.write() as session:
        for track in tracks:
            cursor = Cursor.of(session, network.name, account.id, track.cursor_name, at=at)
            cursor.fail(later.detail, at=at, again_at=next_poll_at(cursor, later, at=at))
        network_alarms.record_failure(ctx, session, network, "searching", later, account_id=account.id, at=at)


JOBS = (NetworkJob("search", search_tracks, TICK_SECONDS, first_delay_seconds=0, needs="search"),)
