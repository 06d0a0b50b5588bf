"""What the doctor says of feeds: how many are read, and each that is not."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.cli.findings import Finding, bad, note, ok, warn
from bot.context import BotContext
from bot.networks.feed_reader import FeedReader
from bot.slack.blocks.elements import count_noun, format_duration
from models import Feed
from models.core.database import BusyError

LISTED_MAX = 50  # feeds, those with a problem first
LATE_AFTER = timedelta(minutes=2)  # that a feed waits past its time before something is wrong


def examine_feeds(ctx: BotContext, reader: FeedReader) -> Iterator[Finding]:
    """Look at every feed that a track listens to. It asks no feed, and names none by its whole address."""
    try:
        with ctx.db.read(2.0) as session:
            feeds = list(Feed.listened_to(session))
    except (SQLAlchemyError, BusyError):
        feeds = []
    if not feeds:
        yield note(reader.title, "no track listens to one. Add one with `/mentions track feed https://…`.")
        return
    every = format_duration(reader.usual_interval)
    yield ok(
        reader.title, f"{count_noun(len(feeds), 'feed')}, read every {every} unless a track says otherwise."
    )
    feeds.sort(key=lambda feed: (feed.gone_at is None, feed.failing_since is None, feed.id))
    for feed in feeds[:LISTED_MAX]:
        yield _examine(ctx, reader, feed)
    if len(feeds) > LISTED_MAX:
        yield note(reader.title, f"and {len(feeds) - LISTED_MAX:,} more.")


def _examine(ctx: BotContext, reader: FeedReader, feed: Feed) -> Finding:
    at, subject = ctx.now(), f"feed {reader.shown_address(feed.current_address)}"
    why = (feed.failure or "no answer").rstrip(".")
    if feed.gone_at is not None:
        return warn(subject, f"is gone: {why}. It is not read any more; remove its tracks.")
    if feed.failing_since is not None:
        since = format_duration(at - feed.failing_since)
        again = format_duration(max(feed.next_at - at, timedelta()))
        return warn(subject, f"could not be read for {since}: {why}. Next try in {again}.")
    if feed.next_at < at - LATE_AFTER and (feed.leased_until is None or feed.leased_until < at):
        late = format_duration(at - feed.next_at)
        return bad(
            subject, f"should have been read {late} ago. Is `python -m bot run` (or `worker`) running?"
        )
    if feed.read_at is None:
        return note(subject, "has not been read yet.")
    return ok(subject, f"was last read {format_duration(at - feed.read_at)} ago.")
