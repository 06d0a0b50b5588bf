"""What channels are told of feeds: failures, gaps, moves. A feed is named by its title and hidden address."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.feed_reader import FeedReader
from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_literal, truncate
from models import Feed, Notice, Track

TITLE_MAX_CHARS = 80
DETAIL_MAX_CHARS = 300
_TIME_FORMAT = "{date_short_pretty} {time}"


def feed_name(network: FeedReader, feed: Feed) -> str:
    """Return what a feed is called, mrkdwn: its title if it has one, and where it is without secrets."""
    address = mrkdwn_literal(network.shown_address(feed.current_address))
    title = truncate(" ".join((feed.title or "").split()), TITLE_MAX_CHARS)
    return f"“{mrkdwn_literal(title)}” ({address})" if title else address


def post_failing(
    ctx: BotContext,
    session: Session,
    name: str,
    tracks: Iterable[Track],
    detail: str,
    *,
    again_at: datetime,
    at: datetime,
) -> None:
    """It cannot be read."""
    why = mrkdwn_error(truncate(detail, DETAIL_MAX_CHARS))
    sentence = (
        f":warning: I can't read the feed {name}: {why} I try again at "
        f"{date_token(again_at, _TIME_FORMAT)}, then less and less often. `/mentions tracks` shows its state."
    )
    _post(ctx, session, tracks, sentence, at=at)


def post_recovered(
    ctx: BotContext, session: Session, name: str, tracks: Iterable[Track], *, at: datetime
) -> None:
    """It can be read again."""
    _post(ctx, session, tracks, f":white_check_mark: I can read the feed {name} again.", at=at)


def post_gone(ctx: BotContext, session: Session, name: str, tracks: Iterable[Track], *, at: datetime) -> None:
    """Its server says that it was taken away."""
    sentence = (
        f":warning: The feed {name} is gone: its server says that it was removed for good (410), so I have "
        "stopped reading it. Remove it with `/mentions tracks`, or pause and resume it to ask once more."
    )
    _post(ctx, session, tracks, sentence, at=at)


def post_gap(
    ctx: BotContext, session: Session, name: str, tracks: Iterable[Track], *, since: datetime, at: datetime
) -> None:
    """It lists nothing of what it listed at the last reading, so entries in between may be missing."""
    sentence = (
        f":warning: The feed {name} lists no entry that I had already: more came since "
        f"{date_token(since, _TIME_FORMAT)} than it lists at once, so some may be missing. Reading it more "
        "often helps: press *Edit* in `/mentions tracks`."
    )
    _post(ctx, session, tracks, sentence, at=at)


def post_moved(
    ctx: BotContext,
    session: Session,
    network: FeedReader,
    feed: Feed,
    tracks: Iterable[Track],
    *,
    at: datetime,
) -> None:
    """It has been at another address for a week."""
    before = mrkdwn_literal(network.shown_address(feed.address))
    now = mrkdwn_literal(network.shown_address(feed.current_address))
    sentence = (
        f":satellite_antenna: The feed {before} has redirected to {now} for a week, so I read it there now."
    )
    _post(ctx, session, tracks, sentence, at=at)


def post_found(
    ctx: BotContext,
    session: Session,
    network: FeedReader,
    feed: Feed,
    tracks: Iterable[Track],
    *,
    at: datetime,
) -> None:
    """The address is that of a page, which names its feed."""
    page = mrkdwn_literal(network.shown_address(feed.address))
    found = mrkdwn_literal(network.shown_address(feed.current_address))
    _post(
        ctx,
        session,
        tracks,
        f":satellite_antenna: {page} is a page. I read the feed that it names: {found}.",
        at=at,
    )


def post_first_reading(
    ctx: BotContext, session: Session, name: str, track: Track, *, left_out: int, at: datetime
) -> None:
    """The first reading has left entries out."""
    entries = "1 entry is" if left_out == 1 else f"{left_out:,} entries are"
    sentence = (
        f":satellite_antenna: I have read the feed {name} for the first time. {entries} not shown here: "
        "older than 24 hours, without a date, or more than 50. Everything new gets a card."
    )
    _post(ctx, session, [track], sentence, at=at)


def _post(ctx: BotContext, session: Session, tracks: Iterable[Track], sentence: str, *, at: datetime) -> None:
    """Post it once in each channel where one of `tracks` is shown."""
    for channel in dict.fromkeys(one.channel or ctx.settings.slack_channel for one in tracks):
        Notice.enqueue(session, sentence, at=at, channel=channel)
