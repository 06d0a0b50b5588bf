"""Which searches are due, and which of them share a query."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import listening_budget, track_matches
from bot.ingest.poller import FIRST_POLL_WINDOW
from bot.networks.base import Network
from bot.networks.errors import SearchRefusedError
from bot.networks.values import AccountIdentity, Position, SearchRequest
from models import Cursor, Track
from models.sources.track import TRACK_CURSOR_PREFIX

FIRST_READINGS_PER_RUN = 4  # each has a query of its own: many new tracks must not hold up the others
_LastReading = tuple[datetime, str | None]  # when it was, and up to which position
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
    is_paused: Mapping[int, bool],
    *,
    at_once: Collection[int] = (),
) -> Iterator[Reading]:
    """Yield the readings that are due, the longest unread first; then a few of tracks never read so far.

    `is_paused` says of each track, by id, whether it is paused. Those with the ids `at_once` are due, unless
    they cost so much that they come slowly.
    """
    at = ctx.now()
    with ctx.db.read() as session:
        last_readings, new_ids = _find_due(ctx, session, network, account, is_paused, at_once=at_once, at=at)
        tracks = {track.id: track for track in Track.load(session, [*last_readings, *new_ids])}
    due = [
        _build_due(network, tracks[one], last, at=at) for one, last in last_readings.items() if one in tracks
    ]
    yield from _combine(network, sorted(due, key=lambda one: (one.read_at, one.track.id)))
    for track in (tracks[one] for one in new_ids if one in tracks):
        since = network.position_at(at - FIRST_POLL_WINDOW)
        yield Reading([track], since, [track_matches.request_of(track)], is_first=True)


def _find_due(
    ctx: BotContext,
    session: Session,
    network: Network,
    account: AccountIdentity,
    is_paused: Mapping[int, bool],
    *,
    at_once: Collection[int],
    at: datetime,
) -> tuple[dict[int, _LastReading], list[int]]:
    """Which tracks are due and how far each was read, and the ids of a few that were never read."""
    columns = (Cursor.name, Cursor.account_id, Cursor.read_at, Cursor.not_before, Cursor.position)
    here = (Cursor.network == network.name, Cursor.name.startswith(TRACK_CURSOR_PREFIX))
    known = session.execute(select(*columns).where(*here)).all()
    slow = listening_budget.slow_tracks(ctx, session, network)
    not_before = {one.name: one.not_before for one in known if one.account_id == account.id}
    # Another account may have read it before: positions are the network's.
    read = [(one.read_at, one.name, one.position) for one in known if one.read_at is not None]
    latest = {name: (read_at, position) for read_at, name, position in sorted(read, key=itemgetter(0))}
    due, new, slow_interval = dict[int, _LastReading](), list[int](), listening_budget.slow_interval(ctx)
    soon = timedelta(seconds=ctx.settings.poll_seconds - _EARLY_SECONDS)
    for track_id, paused in is_paused.items():
        name = Track.cursor_name_of(track_id)
        wait_until = not_before.get(name)
        if wait_until is not None and wait_until > at:
            continue
        last = latest.get(name)
        if last is None:
            new += [] if paused else [track_id]
        elif track_id in slow:
            due |= {track_id: last} if at - last[0] >= slow_interval else {}
        elif track_id in at_once or at - last[0] >= soon:
            due[track_id] = last
    return due, new[:FIRST_READINGS_PER_RUN]


def _build_due(network: Network, track: Track, last: _LastReading, *, at: datetime) -> _Due:
    """From where to read: where the last reading ended, but not further back than the network searches."""
    read_at, position = last
    due = _Due(track, read_at, Position(position or network.position_at(read_at)))
    with_previous = track.edited_at is not None and read_at < track.edited_at + network.index_delay
    due.requests = track_matches.requests_of(track, with_previous=with_previous)
    if track.silent_until is not None and read_at < track.silent_until:
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
