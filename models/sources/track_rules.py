"""Adding, editing, pausing and removing what we listen for: who did it is in the event log."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import MovedOnError, RuleBrokenError, is_sqlite
from models.core.mrkdwn import escape_entities
from models.sources.cursor import Cursor
from models.sources.feed import Feed
from models.sources.track import FEED_TRACK, MENTIONS_TRACK, Track, TrackKind
from models.tracks.query import TrackQueryError, parse_query

MAX_TRACKS = 10_000  # that are not removed, on all networks together
MAX_INTERVAL = timedelta(days=1)  # between two readings of a feed
POSITION_RETENTION = timedelta(days=7)  # so long a removed track can be added again and goes on where it was


class TrackRuleError(RuleBrokenError):
    """A track that cannot be added or changed like that."""


@dataclass(frozen=True, slots=True)
class TrackDraft:
    """What somebody wants to listen for; the fields are those of `Track`.

    `address` is in the one spelling that the network's own file gives it.
    """

    kind: TrackKind
    network: str
    query: str
    account_id: str | None = None
    channel: str | None = None
    languages: tuple[str, ...] = ()
    excluded_handles: tuple[str, ...] = ()
    is_paused: bool = False  # only for a track that is added
    address: str | None = None
    interval_seconds: int | None = None

    @property
    def canonical_query(self) -> str:
        """The query in one spelling. Raises `TrackRuleError`."""
        if self.kind == FEED_TRACK and not self.query.strip():
            return ""
        try:
            query = parse_query(self.query)
        except TrackQueryError as error:
            raise TrackRuleError(escape_entities(str(error))) from None
        if self.kind == "hashtag":
            terms = [term for group in query.alternatives for term in group]
            if len(terms) != 1 or query.excluded or terms[0].kind != "hashtag":
                raise TrackRuleError("A hashtag track takes one hashtag, such as #gardening.")
        return query.canonical

    def check_feed(self) -> None:
        """Raise `TrackRuleError` if it is no whole track of a feed: words that are none, a wrong interval."""
        if self.kind != FEED_TRACK:
            return
        self.canonical_query  # noqa: B018 - raises
        if self.address is None:
            raise TrackRuleError("A feed track needs the feed's address.")
        longest = int(MAX_INTERVAL.total_seconds())
        if self.interval_seconds is not None and not 1 <= self.interval_seconds <= longest:
            raise TrackRuleError("A feed is read at least once a day, and at most once a second.")


def add(session: Session, draft: TrackDraft, *, at: datetime, by: str | None = None) -> Track:
    """Add a track and return it; `by` is a Slack user id, None on the command line.

    One that was removed less than a week ago comes back and goes on where it was. Raises `TrackRuleError`.
    """
    if draft.kind == MENTIONS_TRACK:
        raise TrackRuleError("Every account has its mentions track already.")
    query = draft.canonical_query
    draft.check_feed()
    if not is_sqlite(session):
        # Two who add at the same time do so one after the other, also where there is no row to lock yet.
        session.execute(text("LOCK TABLE tracks IN SHARE ROW EXCLUSIVE MODE"))
    same = _same(session, draft)
    active = next((one for one in same if one.removed_at is None), None)
    if active is not None:
        raise TrackRuleError(f"That is track {active.id} already.")
    count = session.scalar(
        select(func.count()).where(Track.removed_at.is_(None), Track.kind != MENTIONS_TRACK)
    )
    if (count or 0) >= MAX_TRACKS:
        raise TrackRuleError(f"Heard listens for {MAX_TRACKS:,} tracks at most; remove one first.")
    found = next((one for one in same if at - (one.removed_at or at) < POSITION_RETENTION), None)
    if found is None:
        found = Track(
            kind=draft.kind,
            network=draft.network,
            account_id=draft.account_id,
            query=query,
            languages=list(draft.languages),
            excluded_handles=list(draft.excluded_handles),
            address=draft.address,
            created_at=at,
            created_by=by,
        )
        session.add(found)
    found.interval_seconds = draft.interval_seconds
    found.removed_at = found.paused_at = found.silent_from = found.silent_until = None
    found.channel = draft.channel
    if draft.is_paused:
        found.paused_at = at
    session.flush()
    _want_feed(session, found, at=at)
    _record(session, "track added", found, by=by, at=at)
    return found


def edit(
    session: Session,
    track_id: int,
    draft: TrackDraft,
    *,
    revision: int | None,
    at: datetime,
    by: str | None = None,
) -> Track:
    """Change a track to `draft` and return it. For what was posted before, it stays as it was.

    A mentions track can only be moved to another channel, and a feed's keeps its address. `revision` is that
    of the track that the person saw; None: whatever it is. Raises `TrackRuleError`, and `MovedOnError` if
    somebody else has changed it meanwhile.
    """
    track = _lock(session, track_id, revision)
    before = _describe(track)
    if track.kind != MENTIONS_TRACK:
        query = draft.canonical_query
        draft = replace(draft, address=track.address)
        draft.check_feed()
        for other in _same(session, draft):
            if other.id != track.id and other.removed_at is None:
                raise TrackRuleError(f"That is track {other.id} already.")
        if _identity(track) != _identity(draft):
            _keep_previous(session, track, at=at)
        track.query, track.account_id = query, draft.account_id
        track.languages, track.excluded_handles = list(draft.languages), list(draft.excluded_handles)
        if track.interval_seconds != draft.interval_seconds:
            track.interval_seconds = draft.interval_seconds
            _want_feed(session, track, at=at)
    track.channel = draft.channel
    if _describe(track) != before:
        track.revision += 1
        _record(session, "track edited", track, by=by, at=at, before=before)
    return track


def pause(session: Session, track_id: int, *, at: datetime, by: str | None = None) -> Track:
    """Stop listening for a track for a while; nothing happens if it is paused. Raises `TrackRuleError`."""
    track = _lock(session, track_id)
    if track.kind == MENTIONS_TRACK:
        raise TrackRuleError("An account's mentions are always listened for.")
    if track.paused_at is None:
        track.paused_at, track.revision = at, track.revision + 1
        _record(session, "track paused", track, by=by, at=at)
    return track


def resume(session: Session, track_id: int, *, at: datetime, by: str | None = None) -> Track:
    """Listen for a paused track again, from now on. Raises `TrackRuleError`."""
    track = _lock(session, track_id)
    if track.paused_at is not None:
        track.silent_from, track.silent_until = track.paused_at, at
        track.paused_at, track.revision = None, track.revision + 1
        _want_feed(session, track, at=at)
        _record(session, "track resumed", track, by=by, at=at)
    return track


def remove(session: Session, track_id: int, *, at: datetime, by: str | None = None) -> Track:
    """Listen for a track no more; its tickets stay as they are. Raises `TrackRuleError`."""
    track = _lock(session, track_id)
    if track.kind == MENTIONS_TRACK:
        raise TrackRuleError("An account's mentions are always listened for; disconnect the account instead.")
    track.removed_at, track.revision = at, track.revision + 1
    _record(session, "track removed", track, by=by, at=at)
    return track


@dataclass(frozen=True, slots=True)
class ReplacedTracks:
    """How many tracks `replace_all` added, found there already, and removed."""

    added: int
    kept: int
    removed: int


def replace_all(
    session: Session, drafts: Sequence[TrackDraft], *, prune: bool, at: datetime, by: str | None = None
) -> ReplacedTracks:
    """Add those of `drafts` that are not there; with `prune`, remove every track that is not among them.

    One that is there already gets the draft's channel. Raises `TrackRuleError`.
    """
    before = {_identity(one): one for one in Track.all(session) if one.kind != MENTIONS_TRACK}
    wanted, added = set[int](), 0
    for draft in drafts:
        key = _identity(draft)
        found = before.get(key)
        if found is None:
            found = before[key] = add(session, draft, at=at, by=by)
            added += 1
        elif (found.channel, found.interval_seconds) != (draft.channel, draft.interval_seconds):
            edit(session, found.id, draft, revision=None, at=at, by=by)
        wanted.add(found.id)
    dropped = [one for one in before.values() if one.id not in wanted] if prune else []
    for one in dropped:
        remove(session, one.id, at=at, by=by)
    return ReplacedTracks(added, len(wanted) - added, len(dropped))


_Identity = tuple[str, str, str | None, str | None, str, tuple[str, ...], tuple[str, ...]]


def _identity(one: Track | TrackDraft) -> _Identity:
    """What makes it one track and not another: everything but the channel. Raises `TrackRuleError`."""
    query = one.query if isinstance(one, Track) else one.canonical_query
    narrowed = tuple(sorted(one.languages)), tuple(sorted(one.excluded_handles))
    return one.kind, one.network, one.account_id, one.address, query, *narrowed


def _want_feed(session: Session, track: Track, *, at: datetime) -> None:
    """Have a feed's track read soon, also if the feed was read a moment ago or once said that it is gone."""
    if track.address is not None and track.paused_at is None:
        Feed.want(session, track.address, host=_host(track) or "", at=at)


def _host(track: Track) -> str | None:
    return None if track.address is None else urlsplit(track.address).hostname


def forget_positions(session: Session, *, at: datetime) -> None:
    """Delete the cursors of tracks that were removed more than a week ago."""
    gone = session.scalars(
        select(Track).where(
            Track.removed_at < at - POSITION_RETENTION, Track.removed_at >= at - 2 * POSITION_RETENTION
        )
    )
    for track in gone:
        for cursor in session.scalars(select(Cursor).where(Cursor.name == track.cursor_name)):
            session.delete(cursor)


def _keep_previous(session: Session, track: Track, *, at: datetime) -> None:
    """Keep what the track asks for, which goes on deciding about posts from before `at`.

    Nothing is kept of a track that was not read yet. Of one that was not read since its last change, what it
    was before that one: nobody has seen the one in between at work.
    """
    read_at = session.scalar(select(func.max(Cursor.read_at)).where(Cursor.name == track.cursor_name))
    if read_at is None or (track.edited_at is not None and read_at < track.edited_at):
        return
    track.edited_at = at
    track.previous = {
        "query": track.query,
        "languages": track.languages,
        "excluded_handles": track.excluded_handles,
    }


def _lock(session: Session, track_id: int, revision: int | None = None) -> Track:
    query = select(Track).where(Track.id == track_id).with_for_update()
    track = session.scalar(query.execution_options(populate_existing=True))
    if track is None:
        raise TrackRuleError(f"There is no track {track_id}.")
    if track.removed_at is not None:
        raise TrackRuleError(f"Track {track_id} was removed meanwhile.")
    if revision is not None and track.revision != revision:
        raise MovedOnError("Someone else changed this track meanwhile. Open it again to see how it is now.")
    return track


def _same(session: Session, draft: TrackDraft) -> list[Track]:
    """Tracks that listen for just that, removed ones too, the newest first."""
    wanted = select(Track).where(
        Track.kind == draft.kind,
        Track.network == draft.network,
        Track.account_id == draft.account_id,
        Track.query == draft.canonical_query,
        Track.address.is_(None) if draft.address is None else Track.address == draft.address,
    )
    found = session.scalars(wanted.order_by(Track.id.desc()))
    return [one for one in found if _identity(one) == _identity(draft)]


def _describe(track: Track) -> dict[str, Any]:
    """What the log keeps of a track: of a feed's address, which may hold secrets, the host alone."""
    feed = {} if track.address is None else {"host": _host(track), "every": track.interval_seconds}
    return feed | {
        "query": track.query,
        "account": track.account_id,
        "languages": track.languages,
        "excluded_handles": track.excluded_handles,
        "channel": track.channel,
    }


def _record(session: Session, act: str, track: Track, *, by: str | None, at: datetime, **more: Any) -> None:  # noqa: ANN401 - JSON
    data = {"track": track.id, "kind": track.kind, "network": track.network, **_describe(track), **more}
    Event.record(session, act, at=at, by=by or HEARD_ACTOR, data=data)
