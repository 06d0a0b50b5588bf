"""What we listen for anywhere on a network: searched for, matched by ourselves, and taken into the ledger.

1. `track_plan` says what is due. Tracks share queries, as many in one as the network takes; the first reading
   of a track is its own, takes the last 24 hours, at most 50 posts, and remembers by id what it leaves out.
2. Of each page, Heard's own matcher says which post is for which track (`track_matches`).
3. The cursors of a query's tracks move in the transaction of its last page, as those of mentions do; of a
   track that was changed meanwhile nothing is taken, and it is read again.
4. If the network rejects a query, its tracks are read one by one: only the one that it rejects waits.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget, track_matches
from bot.ingest.cursors import account_of, next_poll_at
from bot.ingest.listening_budget import CapReachedError
from bot.ingest.page_writer import commit_page
from bot.ingest.pages import PollResult, mark_last, our_account_ids, without_own_posts
from bot.ingest.poller import FIRST_POLL_MAX_POSTS
from bot.ingest.track_matches import TrackMatch
from bot.ingest.track_plan import Reading, plan
from bot.networks.base import Network
from bot.networks.errors import Later, RequestRejected, SearchRefusedError, WrongAccount
from bot.networks.values import AccountIdentity, Position, PostPage
from bot.notices import network_alarms, reading_notices
from bot.runtime import pace
from bot.scheduled_job import NetworkJob
from models import Account, Cursor, LeftOutPost, Track
from models.reports.open_tickets import select_failing_searches

log = logging.getLogger(__name__)

TICK_SECONDS = 5.0  # how soon a track that somebody adds is taken up
REJECTED_RETRY = timedelta(hours=1)  # for a query that the network does not take


@dataclass(frozen=True, slots=True)
class _End:
    """Where a reading came to its end, and whether the network stopped listing before that."""

    position: Position
    has_gap: bool


def search_tracks(ctx: BotContext, network: Network, *, at_once: Collection[int] = ()) -> int | None:
    """Read what is due of the tracks that this account searches for, and return how many posts were new.

    The tracks whose ids are in `at_once` are due even if they were read a moment ago. None if there was
    nothing to do. A failure is written to the cursors of the query's tracks, and is told
    once as the account's alarm; a track whose query the network rejects is told in its own channel.
    """
    if _is_spent(ctx, network):
        return None
    with ctx.db.read() as session:
        wanted = Track.to_search(session, network.name, paused_since=ctx.now() - network.index_delay)
    if not wanted or listening_budget.is_spent(ctx, network):
        return None
    account = account_of(ctx, network)
    if account is None:
        return None
    is_first = network is ctx.networks[network.name]
    is_paused = {
        one.id: one.paused_at is not None
        for one in wanted
        if one.account_id == account.id or (one.account_id is None and is_first)
    }
    taken, is_gap_told = None, False
    waiting = list(plan(ctx, network, account, is_paused, at_once=at_once))
    while waiting and not ctx.stop.is_set() and not _is_spent(ctx, network):
        reading = waiting.pop(0)
        taken = taken or 0
        try:
            taken += _read(ctx, network, account, reading, tells_gap=not is_gap_told).taken
        except CapReachedError:
            break
        except (RequestRejected, SearchRefusedError) as no:
            if len(reading.tracks) > 1:
                waiting[:0] = _one_by_one(reading)
            else:
                _record_rejection(ctx, network, account, reading.tracks[0], str(no))
        except Later as later:
            _record_failure(ctx, network, account, reading.tracks, later)
            break
        else:
            is_gap_told |= reading.gap_since is not None
    return taken


def write_found(
    ctx: BotContext, network: Network, account: AccountIdentity, page: PostPage, tracks: list[Track]
) -> int:
    """Write what is for one of `tracks` among posts that were found otherwise than by a search.

    Returns how many were new. The cursors stay: a search finds them again, and changes nothing. Nothing is
    taken for a track that was changed since it was loaded; its search finds that, too.
    """
    reading = Reading(tracks, Position(""), [])
    found = without_own_posts(page, our_account_ids(ctx, account), None)
    kept, matches, _ = _choose(ctx, reading, found, _other_accounts(ctx, account))
    if not kept.posts and not kept.unreadable:
        return 0
    billed = track_matches.billed_track(tracks, page.posts, matches)
    taken = commit_page(ctx, network, account, kept, matches=matches, and_then=None, track_of=billed)
    ctx.cards_wake.set()
    return taken


def _is_spent(ctx: BotContext, network: Network) -> bool:
    """Whether only the searches are left that fill gaps in the mentions."""
    return pace.is_spent(network.rate_limit_status("search"), at=ctx.now(), keep=pace.TENTH_DIVISOR)


def _one_by_one(reading: Reading) -> list[Reading]:
    return [
        replace(reading, tracks=[one], requests=track_matches.requests_of(one, with_previous=True))
        for one in reading.tracks
    ]


def _read(
    ctx: BotContext, network: Network, account: AccountIdentity, reading: Reading, *, tells_gap: bool
) -> PollResult:
    heard, ours, newest = PollResult(), our_account_ids(ctx, account), None
    others = _other_accounts(ctx, account)
    for page, last in mark_last(_pages(ctx, network, account, reading)):
        if ctx.stop.is_set():
            break  # without the last page the cursors stay, and the next start reads all this again
        newest = newest or page.position or network.position_at(ctx.now() - network.index_delay)
        heard.add_page(page)
        kept, matches, left_out = _choose(ctx, reading, without_own_posts(page, ours, None), others)
        end = _End(newest, heard.gap) if last else None
        note = _note_taker(ctx, network, account, reading, left_out=left_out, end=end, tells_gap=tells_gap)
        billed = track_matches.billed_track(reading.tracks, page.posts, matches)
        heard.taken += commit_page(
            ctx, network, account, kept, matches=matches, and_then=note, track_of=billed
        )
        ctx.cards_wake.set()
    return heard


def _other_accounts(ctx: BotContext, account: AccountIdentity) -> list[Account]:
    """Our other accounts there: a post that mentions one is heard by that account's poll."""
    with ctx.db.read() as session:
        known = Account.all(session, account.network)
    return [one for one in known if one.source is not None and one.network_id != account.id]


def _pages(
    ctx: BotContext, network: Network, account: AccountIdentity, reading: Reading
) -> Iterator[PostPage]:
    """Yield what the network finds; of a first reading no more pages than it needs, as they may cost money.

    It needs as many matches as it shows, and all that later readings could take for new.
    """
    query = _query(network, reading)
    matched, overlap_start = 0, ctx.now() - network.index_delay
    pages = network.search(query, reading.after, account_id=account.id)
    for page in listening_budget.while_affordable(ctx, network, pages):
        yield page
        if reading.is_first and page.posts:
            matched += len(track_matches.find(reading.tracks, page.posts))
            if matched >= FIRST_POLL_MAX_POSTS and page.posts[-1].posted_at < overlap_start:
                return


def _query(network: Network, reading: Reading) -> str:
    """The query of a reading. Raises `SearchRefusedError` if the network cannot search for it."""
    try:
        return network.search_text(reading.requests)
    except SearchRefusedError:
        # A track that was edited may be too long together with what it was before.
        return network.search_text([track_matches.request_of(track) for track in reading.tracks])


def _choose(
    ctx: BotContext, reading: Reading, page: PostPage, others: Sequence[Account]
) -> tuple[PostPage, dict[str, list[TrackMatch]], set[tuple[int, str]]]:
    """Return what to keep of a page, for which tracks, and what is left out from now on."""
    found = track_matches.find(reading.tracks, page.posts)
    elsewhere = track_matches.names_any(
        others, [post for post in page.posts if post.id in found and not track_matches.addresses_us(post)]
    )
    with ctx.db.read() as session:
        known = LeftOutPost.known(session, [track.id for track in reading.tracks], list(found))
    kept, left_out = [], set[tuple[int, str]]()
    for post in page.posts:  # the newest first
        matches = [one for one in found.pop(post.id, []) if (one.track.id, post.id) not in known]
        if not matches or post.id in elsewhere:
            continue
        if reading.is_first and reading.kept >= FIRST_POLL_MAX_POSTS:
            left_out |= {(one.track.id, post.id) for one in matches}
            reading.left_out += 1
        else:
            found[post.id] = matches
            kept.append(post)
            reading.kept += 1
    return replace(page, posts=tuple(kept)), found, left_out


def _note_taker(
    ctx: BotContext,
    network: Network,
    account: AccountIdentity,
    reading: Reading,
    *,
    left_out: set[tuple[int, str]],
    end: _End | None,
    tells_gap: bool,
) -> Callable[[Session, int], None]:
    """Build what is written with a page: what it leaves out, with the last one how far it read."""

    def note(session: Session, taken: int) -> None:
        del taken
        at = ctx.now()
        LeftOutPost.remember(session, left_out, at=at)
        if end is None:
            return
        now = Track.lock_shared(session, [track.id for track in reading.tracks])
        for track in reading.tracks:
            if track_matches.is_unchanged(track, now):
                cursor = Cursor.of(session, network.name, account.id, track.cursor_name, at=at)
                cursor.advance(end.position, at=at)
        session.flush()
        if not _is_any_failing(session, network, account):
            network_alarms.record_success(ctx, session, network, "searching", account_id=account.id, at=at)
        if reading.is_first and reading.left_out:
            [track] = reading.tracks
            reading_notices.post_first_search(ctx, session, network, track, shown=reading.kept, at=at)
        elif reading.gap_since is not None and tells_gap:
            gap = {"since": reading.gap_since, "until": reading.gap_until or at}
            reading_notices.post_search_window(ctx, session, network, account.id, **gap, at=at)
        elif end.has_gap and not reading.is_first:
            reading_notices.post_search_cut_off(ctx, session, network, reading.tracks, at=at)

    return note


def _is_any_failing(session: Session, network: Network, account: AccountIdentity) -> bool:
    """Whether another search of the account fails: then it is not over for the account."""
    ours = (Cursor.network == network.name, Cursor.account_id == account.id)
    return session.scalar(select_failing_searches().where(*ours).limit(1)) is not None


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


def _record_rejection(
    ctx: BotContext, network: Network, account: AccountIdentity, track: Track, detail: str
) -> None:
    """The network does not take this track's query, whoever asks: its channel is told once."""
    at = ctx.now()
    log.warning("%s rejects the search of track %s: %s", network.title, track.id, detail)
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account.id, track.cursor_name, at=at)
        if cursor.failing_since is None:
            reading_notices.post_search_rejected(ctx, session, network, track, detail, at=at)
        cursor.fail(detail, at=at, again_at=at + REJECTED_RETRY)


JOBS = (NetworkJob("search", search_tracks, TICK_SECONDS, first_delay_seconds=0, needs="search"),)
