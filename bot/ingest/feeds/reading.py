"""One reading of a feed → ledger: what is new becomes a mention of its tracks, what has changed an edit.

New is what the reading before did not list, however old its date. The first reading of a track takes the
entries of the last 24 hours, at most 50; what it leaves out is remembered. An entry that is not listed any
more means nothing.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import track_matches
from bot.ingest.page_writer import commit_page
from bot.ingest.poller import FIRST_POLL_MAX_POSTS, FIRST_POLL_WINDOW
from bot.ingest.track_matches import TrackMatch
from bot.networks.errors import Later
from bot.networks.feed_reader import FeedGoneLater, FeedReader, FeedReading, HostBusyLater
from bot.networks.values import Position, Post
from bot.notices import feed_notices
from bot.runtime import logs
from models import AlsoHeard, Cursor, Feed, LeftOutPost, Mention, Track
from models.core import bulk_insert
from models.core.database import BusyError
from models.sources.mention import IS_FIRST_ROW

log = logging.getLogger(__name__)

LEDGER_RETRY = timedelta(seconds=30)  # for a reading that the ledger did not take
TOLD_AFTER_FAILURES = 3  # in a row, of a feed that could be read before


@dataclass(slots=True)
class _Plan:
    """A feed that is to be read, under that lease: for which tracks, and which of them were never read."""

    feed: Feed
    lease: str
    tracks: list[Track]
    unread: frozenset[int]
    interval: timedelta


@dataclass(slots=True)
class _Choice:
    """What is kept of a reading, for which tracks; what a first reading leaves out, by track."""

    posts: list[Post]
    matches: dict[str, list[TrackMatch]]
    left_out: set[tuple[int, str]]


def read_feed(ctx: BotContext, network: FeedReader, feed_id: int, lease: str) -> None:
    """Read the feed, which is leased to `lease`, and write what came of it."""
    plan = _plan(ctx, network, feed_id, lease)
    if plan is None or ctx.stop.is_set():
        _postpone(ctx, feed_id, lease, at=ctx.now())
        return
    feed = plan.feed
    logs.hide(network.secrets_of(feed.current_address))
    try:
        reading = network.feed(
            feed.current_address,
            Position(feed.position or ""),
            source=str(feed.id),
            at=ctx.now(),
            whole=bool(plan.unread),
        )
    except HostBusyLater as busy:
        _postpone(ctx, feed_id, lease, at=busy.at or ctx.now())
    except Later as later:
        if not ctx.stop.is_set():
            _record_failure(ctx, network, plan, later)
    else:
        if not ctx.stop.is_set():
            _write_safely(ctx, network, plan, reading)


def _plan(ctx: BotContext, network: FeedReader, feed_id: int, lease: str) -> _Plan | None:
    """Load what is to be read; None if nobody listens to it any more."""
    with ctx.db.read() as session:
        feed = session.get_one(Feed, feed_id)
        tracks = Track.of_feed(session, feed.address)
        names = {one.cursor_name: one.id for one in tracks}
        here = Cursor.network == network.name, Cursor.name.in_(names), Cursor.read_at.is_not(None)
        read = {names[name] for name in session.scalars(select(Cursor.name).where(*here))}
    if not tracks:
        return None
    usual = network.usual_interval.total_seconds()
    interval = min(one.interval_seconds or usual for one in tracks)
    unread = frozenset(one.id for one in tracks) - read
    return _Plan(feed, lease, tracks, unread, timedelta(seconds=interval))


def _write_safely(ctx: BotContext, network: FeedReader, plan: _Plan, reading: FeedReading) -> None:
    """Write a complete reading; if that fails, it is a failed one, so that it is not repeated at once."""
    try:
        _write(ctx, network, plan, reading)
    except (BusyError, SQLAlchemyError) as error:
        log.warning("the reading of a feed could not be stored (%s)", type(error).__name__)
        _postpone(ctx, plan.feed.id, plan.lease, at=ctx.now() + LEDGER_RETRY)
    except Exception as error:
        log.exception("the reading of a feed could not be stored")
        why = f"Heard could not store what it lists ({type(error).__name__}); its log has more."
        _record_failure(ctx, network, plan, Later(None, "server error", why))


def _write(ctx: BotContext, network: FeedReader, plan: _Plan, reading: FeedReading) -> None:
    """Write a complete reading: its posts, then how far it has come, in one transaction."""
    title = reading.title or plan.feed.title or network.shown_address(plan.feed.address)
    posts = [_with_fair_time(post, plan.feed, reading) for post in reading.page.posts]
    choice = _choose(ctx, network, plan, reading, posts=posts, title=title)

    def note(session: Session, taken: int) -> None:
        del taken
        LeftOutPost.remember(session, choice.left_out, at=ctx.now())
        _record_success(ctx, session, network, plan, reading=reading, choice=choice)

    with ctx.running_tasks.counted():
        if choice.posts or reading.page.unreadable:
            page = replace(reading.page, posts=tuple(choice.posts))
            account = network.account()
            taken = commit_page(ctx, network, account, page, matches=choice.matches, and_then=note)
            if taken:
                log.info("%s brought %s new", network.shown_address(plan.feed.address), taken)
            ctx.cards_wake.set()
        else:
            with ctx.db.write() as session:
                note(session, 0)


def _with_fair_time(post: Post, feed: Feed, reading: FeedReading) -> Post:
    """Return the post with a time from which a reply may fairly be owed.

    Its writer sets the date, so it counts only where it lies after the last complete reading, which would
    have shown it.
    """
    if post.id not in reading.new_ids or feed.read_at is None or post.posted_at >= feed.read_at:
        return post
    return replace(post, posted_at=feed.read_at)


def _choose(
    ctx: BotContext,
    network: FeedReader,
    plan: _Plan,
    reading: FeedReading,
    *,
    posts: Sequence[Post],
    title: str,
) -> _Choice:
    """Return what to keep, and for which tracks."""
    choice = _Choice([], {}, set())
    if not posts:
        return choice
    ids = [post.id for post in posts]
    with ctx.db.read() as session:
        left_out = LeftOutPost.known(session, [one.id for one in plan.tracks], ids)
        heard_by = _tracks_of_known(session, network.name, ids)
    found = track_matches.find_now(plan.tracks, posts, place=f"in “{title}”")
    shown = dict.fromkeys(plan.unread, 0)
    recent = ctx.now() - FIRST_POLL_WINDOW
    for post in posts:  # the newest first
        is_new = post.id in reading.new_ids
        matches = []
        for match in found.get(post.id, ()):
            track_id = match.track.id
            if track_id in heard_by.get(post.id, ()):
                matches.append(match)
            elif track_id not in plan.unread:
                if is_new and (track_id, post.id) not in left_out and match.track.wants(post.posted_at):
                    matches.append(match)
            elif (
                _is_recent(post, plan.feed, recent, is_new=is_new) and shown[track_id] < FIRST_POLL_MAX_POSTS
            ):
                shown[track_id] += 1
                matches.append(match)
            else:
                choice.left_out.add((track_id, post.id))
        matches = matches or _edited_matches(plan.tracks, heard_by.get(post.id, frozenset()))
        if matches:
            choice.posts.append(post)
            choice.matches[post.id] = matches
    return choice


def _is_recent(post: Post, feed: Feed, since: datetime, *, is_new: bool) -> bool:
    """Whether a first reading takes it: one without a date only if it is known to be new."""
    if is_new and feed.read_at is not None:
        return True
    return post.dated_at is not None and post.posted_at >= since


def _edited_matches(tracks: Sequence[Track], heard_by: frozenset[int]) -> list[TrackMatch]:
    """Return for whom a known post is that matches no track's words any more: they see its edit, too."""
    return [TrackMatch(one, ()) for one in tracks if one.id in heard_by]


def _tracks_of_known(session: Session, network: str, post_ids: Sequence[str]) -> dict[str, frozenset[int]]:
    """Return, by the id of each post that the ledger has, the tracks that found it."""
    known = bulk_insert.ids_of(session, Mention.post_id, set(post_ids), only=IS_FIRST_ROW, network=network)
    if not known:
        return {}
    others = AlsoHeard.tracks_of(session, list(known.values()))
    rows = session.execute(select(Mention.id, Mention.track_id).where(Mention.id.in_(known.values())))
    first = {row[0]: row[1] for row in rows}
    return {
        post_id: frozenset({*others[mention_id], first.get(mention_id) or 0})
        for post_id, mention_id in known.items()
    }


def _record_success(
    ctx: BotContext,
    session: Session,
    network: FeedReader,
    plan: _Plan,
    *,
    reading: FeedReading,
    choice: _Choice,
) -> None:
    at = ctx.now()
    now = Track.lock_shared(session, [one.id for one in plan.tracks])
    feed = Feed.lock(session, plan.feed.id, by=plan.lease)
    if feed is None:
        return  # somebody else has taken it over: what was written stays, and is read once more
    if not all(track_matches.is_unchanged(one, now) for one in plan.tracks):
        feed.postpone(at=at)
        return
    if reading.is_page:
        feed.moved_to = reading.moved_to
        feed_notices.post_found(ctx, session, network, feed, plan.tracks, at=at)
        feed.postpone(at=at)
        return
    name = feed_notices.feed_name(network, feed)
    if feed.told_at is not None:
        feed_notices.post_recovered(ctx, session, name, plan.tracks, at=at)
    if reading.page.has_gap and feed.read_at is not None:
        feed_notices.post_gap(ctx, session, name, plan.tracks, since=feed.read_at, at=at)
    feed.title = reading.title or feed.title
    if reading.moved_to is not None:
        feed.moved_to = reading.moved_to
        feed_notices.post_moved(ctx, session, network, feed, plan.tracks, at=at)
    feed.succeed(
        reading.page.position or feed.position or "",
        at=at,
        interval=plan.interval,
        fresh_for=reading.fresh_for,
        jitter=random.random(),  # noqa: S311 - no secret
    )
    for track in plan.tracks:
        Cursor.of(session, network.name, _account_id(network), track.cursor_name, at=at).advance(None, at=at)
        count = sum(track_id == track.id for track_id, _ in choice.left_out)
        if track.id in plan.unread and count:
            feed_notices.post_first_reading(
                ctx, session, feed_notices.feed_name(network, feed), track, left_out=count, at=at
            )


def _record_failure(ctx: BotContext, network: FeedReader, plan: _Plan, later: Later) -> None:
    at, is_gone = ctx.now(), isinstance(later, FeedGoneLater)
    log.warning("%s could not be read: %s", network.shown_address(plan.feed.address), later.detail)
    with ctx.running_tasks.counted(), ctx.db.write() as session:
        feed = Feed.lock(session, plan.feed.id, by=plan.lease)
        if feed is None:
            return
        if is_gone:
            feed.end(later.detail, at=at)
        else:
            feed.fail(
                later.detail,
                at=at,
                interval=plan.interval,
                retry_at=later.at,
                jitter=random.random(),  # noqa: S311 - no secret
            )
        for track in plan.tracks:
            cursor = Cursor.of(session, network.name, _account_id(network), track.cursor_name, at=at)
            cursor.fail(later.detail, at=at, again_at=None if is_gone else feed.next_at)
        name = feed_notices.feed_name(network, feed)
        if is_gone:
            feed_notices.post_gone(ctx, session, name, plan.tracks, at=at)
        elif feed.told_at is None and (feed.read_at is None or feed.failures >= TOLD_AFTER_FAILURES):
            feed.told_at = at
            feed_notices.post_failing(
                ctx, session, name, plan.tracks, later.detail, again_at=feed.next_at, at=at
            )


def _postpone(ctx: BotContext, feed_id: int, lease: str, *, at: datetime) -> None:
    with ctx.running_tasks.counted(), ctx.db.write() as session:
        feed = Feed.lock(session, feed_id, by=lease)
        if feed is not None:
            feed.postpone(at=at)


def _account_id(network: FeedReader) -> str:
    return network.account().id
