"""What we listen for, and what each track brought lately: pages of the list of tracks. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, union_all
from sqlalchemy.orm import Session

from models.sources.account import Account
from models.sources.also_heard import AlsoHeard
from models.sources.cursor import MENTIONS_CURSOR, Cursor
from models.sources.feed import Feed
from models.sources.mention import IS_FIRST_ROW, Mention
from models.sources.track import MENTIONS_TRACK, Track
from models.tickets.state import TicketState
from models.tickets.ticket import Ticket
from models.tracks.post_text import quotes_key
from models.tracks.query import QUOTES_OPERATOR, parse_query


@dataclass(frozen=True, slots=True)
class TrackCounts:
    """How many posts a track found, and how many of the tickets that they are on ended so."""

    heard: int = 0
    answered: int = 0
    not_about_us: int = 0
    muted: int = 0


@dataclass(frozen=True, slots=True)
class ListedTrack:
    """One track in the list, and what is known about its last reading.

    `handle` is that of its account (`@fernpress`), empty if the network's first account reads it or the
    account was never seen; `is_connected` is False for a mentions track of an account without credentials.
    `failing_since` and `failure` are of a reading that fails, None if the last one worked.
    """

    track: Track
    counts: TrackCounts
    handle: str = ""
    is_connected: bool = True
    failing_since: datetime | None = None
    failure: str | None = None
    feed: Feed | None = None  # that it listens to


@dataclass(frozen=True, slots=True)
class TrackPage:
    """One page of the list: `number` is from 0, `total` how many tracks there are on all pages."""

    tracks: tuple[ListedTrack, ...]
    number: int
    pages: int
    total: int


def list_tracks(session: Session, page: int, *, size: int, since: datetime) -> TrackPage:
    """Returns a page of all tracks, mentions first, then the oldest first; the last one if it is too far on.

    Counts are of what was posted since `since`.
    """
    here = Track.removed_at.is_(None)
    total = session.scalar(select(func.count()).select_from(Track).where(here)) or 0
    pages = max(-(-total // size), 1)
    number = min(max(page, 0), pages - 1)
    mentions_first = case((Track.kind == MENTIONS_TRACK, 0), else_=1)
    query = select(Track).where(here).order_by(mentions_first, Track.id).limit(size).offset(number * size)
    tracks = session.scalars(query).all()
    counts = count_by_track(session, [one.id for one in tracks], since=since)
    accounts = {(one.network, one.network_id): one for one in Account.all(session)}
    readings = _readings(session, tracks)
    feeds = Feed.by_address(session, [one.address for one in tracks if one.address is not None])
    found = []
    for track in tracks:
        account = accounts.get((track.network, track.account_id or ""))
        reading = readings.get(track.id)
        found.append(
            ListedTrack(
                track,
                counts.get(track.id, TrackCounts()),
                handle=account.at_handle if account is not None else "",
                is_connected=account is None or account.source is not None,
                failing_since=reading.failing_since if reading is not None else None,
                failure=reading.failure if reading is not None else None,
                feed=feeds.get(track.address or ""),
            )
        )
    return TrackPage(tuple(found), number, pages, total)


def count_by_track(
    session: Session, track_ids: Collection[int], *, since: datetime, until: datetime | None = None
) -> dict[int, TrackCounts]:
    """Returns what each of these tracks found of what was posted since `since`; nothing: it is left out.

    Posts of `until` and later do not count. A post that several tracks found counts for each of them,
    whichever was the first.
    """
    recent = [Mention.posted_at >= since, IS_FIRST_ROW]
    if until is not None:
        recent.append(Mention.posted_at < until)
    first = select(Mention.track_id.label("track_id"), Mention.id.label("mention_id"), Mention.ticket_id)
    others = select(AlsoHeard.track_id, Mention.id, Mention.ticket_id)
    others = others.join(Mention, Mention.id == AlsoHeard.mention_id)
    reasons = union_all(
        first.where(*recent, Mention.track_id.in_(track_ids)),
        others.where(*recent, AlsoHeard.track_id.in_(track_ids)),
    ).subquery()
    query = (
        select(
            reasons.c.track_id,
            func.count(reasons.c.mention_id.distinct()),
            func.count(case((Ticket.state == TicketState.ANSWERED, Ticket.id)).distinct()),
            func.count(case((Ticket.state == TicketState.NOT_ABOUT_US, Ticket.id)).distinct()),
            func.count(case((Ticket.state == TicketState.MUTED, Ticket.id)).distinct()),
        )
        .join(Ticket, Ticket.id == reasons.c.ticket_id)
        .group_by(reasons.c.track_id)
    )
    return {track_id: TrackCounts(*counts) for track_id, *counts in session.execute(query)}


def _readings(session: Session, tracks: Collection[Track]) -> dict[int, Cursor]:
    """The cursors of those tracks, by track."""
    names = {MENTIONS_CURSOR, *(one.cursor_name for one in tracks)}
    found = session.scalars(select(Cursor).where(Cursor.name.in_(names)).order_by(Cursor.id)).all()
    by_account = {(one.network, one.account_id): one for one in found if one.name == MENTIONS_CURSOR}
    by_name = {one.name: one for one in found}  # the newest, if another account reads it now
    readings = {}
    for track in tracks:
        if track.kind == MENTIONS_TRACK:
            cursor = by_account.get((track.network, track.account_id or ""))
        else:
            cursor = by_name.get(track.cursor_name)
        if cursor is not None:
            readings[track.id] = cursor
    return readings


def list_unquoted_handles(session: Session, networks: Collection[str]) -> list[str]:
    """Returns the handles of our connected accounts on `networks` whose quotes no track listens for."""
    here = select(Track.query).where(Track.removed_at.is_(None), Track.network.in_(networks))
    quoted = here.where(func.lower(Track.query).like(f"%{QUOTES_OPERATOR}%"))
    terms = {
        term.pattern.name
        for query in session.scalars(quoted)
        for group in parse_query(query).alternatives
        for term in group
        if term.kind == "quotes"
    }
    ours = select(Account.handle).where(Account.network.in_(networks), Account.source.is_not(None))
    handles = session.scalars(ours.order_by(Account.id))
    return [one for one in dict.fromkeys(handles) if one and quotes_key(one) not in terms]
