"""Which searches are due, and which of them share a query."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import select

from bot.context import BotContext
from bot.ingest import listening_budget, track_matches
from bot.ingest.poller import FIRST_POLL_WINDOW
from bot.networks.base import Network, SearchRefusedError
from bot.networks.values import AccountIdentity, Position, SearchRequest
from models import Cursor, Track
from models.sources.track import TRACK_CURSOR_PREFIX

FIRST_READINGS_PER_RUN = 4  # each has a query of its own: many new tracks must not hold up the others
_EARLY_SECONDS = 1.0  # a reading may come so much before it is due


@dataclass(slots=True)
class Reading:
    """One query, its tracks, and from where it reads.

    `gap_since` is set if the network does not search as far back as the last reading went: posts from then on
    until `gap_until` cannot be found any more.
    """

    tracks: list[Track]
    after: Position
    requests: list[SearchRequest]
    is_first: bool = False
    kept: int = 0
    left_out: int = 0
    gap_since: datetime | None = None
    gap_until: datetime | None = None


@dataclass(slots=True)
class _Due:
    """A track that was read up to `after` at `read_at`, and is to be read again."""

    track: Track
    read_at: datetime
    after: Position
    gap_since: datetime | None = None
    gap_until: datetime | None = None
    requests: list[SearchRequest] = field(default_factory=list)


def plan(
    ctx: BotContext,
    network: Network,
    account: AccountIdentity,
    tracks: Sequence[Track],
    *,
    at_once: Collection[int] = (),
) -> Iterator[Reading]:
    """Yield the readings that are due, the longest unread first; then a few of tracks never read so far.

    Those of the tracks with the ids `at_once` are due, unless they cost so much that they come slowly.
    """
    at = ctx.now()
    with ctx.db.read() as session:
        here = (Cursor.network == network.name, Cursor.name.startswith(TRACK_CURSOR_PREFIX))
        known = session.scalars(select(Cursor).where(*here)).all()
        slow = listening_budget.slow_tracks(ctx, session, network)
    ours = {one.name: one for one in known if one.account_id == account.id}
    read = [one for one in known if one.read_at is not None]
    latest = {one.name: one for one in sorted(read, key=lambda one: one.read_at or at)}
    due, new = list[_Due](), list[Track]()
    soon = timedelta(seconds=ctx.settings.poll_seconds - _EARLY_SECONDS)
    slow_interval = listening_budget.slow_interval(ctx)
    for track in tracks:
        cursor = ours.get(track.cursor_name)
        if cursor is not None and cursor.not_before is not None and cursor.not_before > at:
            continue
        # Another account may have read it before: positions are the network's.
        last = latest.get(track.cursor_name)
        if last is None or last.read_at is None:
            new += [track] if track.paused_at is None else []
        elif track.id in slow:
            due += [_build_due(network, track, last, at=at)] if at - last.read_at >= slow_interval else []
        elif track.id in at_once or at - last.read_at >= soon:
            due.append(_build_due(network, track, last, at=at))
    yield from _combine(network, sorted(due, key=lambda one: (one.read_at, one.track.id)))
    for track in islice(new, FIRST_READINGS_PER_RUN):
        since = network.position_at(at - FIRST_POLL_WINDOW)
        yield Reading([track], since, [track_matches.request_of(track)], is_first=True)


def _build_due(network: Network, track: Track, last: Cursor, *, at: datetime) -> _Due:
    """From where to read: where the last reading ended, but not further back than the network searches."""
    assert last.read_at is not None
    due = _Due(track, last.read_at, Position(last.position or network.position_at(last.read_at)))
    with_previous = track.edited_at is not None and last.read_at < track.edited_at + network.index_delay
    due.requests = track_matches.requests_of(track, with_previous=with_previous)
    if track.silent_until is not None and last.read_at < track.silent_until:
        due.read_at = track.silent_until  # what was posted while it was paused is not paid for
        due.after = network.position_at(track.silent_until - network.index_delay)
    reach = network.search_window
    if reach is not None and due.read_at < (earliest := at - reach) + 2 * network.index_delay:
        due.gap_since, due.gap_until = due.read_at, earliest
        due.after = network.position_at(earliest + network.search_delay)
    return due


def _combine(network: Network, due: Sequence[_Due]) -> Iterator[Reading]:
    """Put tracks together into as few queries as the network takes.

    Each query begins where the track stands that was read first. Tracks that were read much later are in
    another one: what they have read would be read, and paid for, once more.
    """
    some: list[_Due] = []
    for one in due:
        if some and (one.read_at - some[0].read_at > network.index_delay or not _fit(network, [*some, one])):
            yield _share(some)
            some = []
        some.append(one)
    if some:
        yield _share(some)


def _share(some: Sequence[_Due]) -> Reading:
    first, requests = some[0], [request for one in some for request in one.requests]
    return Reading(
        [one.track for one in some],
        first.after,
        requests,
        gap_since=first.gap_since,
        gap_until=first.gap_until,
    )


def _fit(network: Network, some: Sequence[_Due]) -> bool:
    try:
        network.search_text([request for one in some for request in one.requests])
    except SearchRefusedError:
        return False
    return True
