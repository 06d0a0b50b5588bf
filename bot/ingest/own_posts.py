"""Our own public posts, read back: replies that people made by hand settle what waits for them."""

import logging
import re
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.cursors import next_poll_at
from bot.ingest.sightings import record_billed, record_posted, record_published
from bot.networks.base import Network
from bot.networks.errors import Later, WrongAccount
from bot.networks.values import AccountIdentity, Position, Post, PublishedReply
from bot.notices import network_alarms, thread_notices
from bot.runtime import pace
from bot.scheduled_job import NetworkJob
from models import Cursor, Event, Mention, Reply, Ticket
from models.core.normalize import nfc
from models.sources.cursor import MENTIONS_CURSOR
from models.sources.mention import IS_FIRST_ROW
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState

log = logging.getLogger(__name__)

READING_NAME = "own posts"
READ_INTERVAL_SECONDS = 600.0
FIRST_READ_WINDOW = timedelta(hours=24)
MAX_CLOCK_SKEW = timedelta(minutes=2)  # between our clock and the network's


def read_own_posts(ctx: BotContext, network: Network) -> None:
    """Read what our account said since the last look, and let each reply among it settle its ticket.

    What we answered can only be told once we have heard it: while mentions cannot be read, this waits.
    """
    at = ctx.now()
    try:
        account = network.account()
    except Later as later:
        log.warning("%s: %s", network.title, later.detail)
        return
    with ctx.db.write() as session:
        heard = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
        cursor = Cursor.of(session, network.name, account.id, READING_NAME, at=at)
        put_off = cursor.not_before is not None and cursor.not_before > at
        put_off |= pace.is_spent(network.rate_limit_status("own posts"), at=at, keep=pace.TENTH_DIVISOR)
        if put_off or heard.is_first or heard.failing_since is not None:
            return
        first = network.position_at(at - FIRST_READ_WINDOW)
        mark = Position(cursor.position) if cursor.position is not None else first
    try:
        newest = _read_pages(ctx, network, account, mark)
    except WrongAccount:
        log.info("%s: another account was connected; the next reading is of its posts", network.title)
        return
    except Later as later:
        log.warning("%s: our own posts could not be read: %s", network.title, later.detail)
        with ctx.db.write() as session:
            cursor = Cursor.of(session, network.name, account.id, READING_NAME, at=at)
            cursor.fail(later.detail, at=ctx.now(), again_at=next_poll_at(cursor, later, at=ctx.now()))
            network_alarms.record_failure(
                ctx, session, network, "watching", later, account_id=account.id, at=ctx.now()
            )
        return
    with ctx.db.write() as session:
        Cursor.of(session, network.name, account.id, READING_NAME, at=at).advance(newest, at=at)
        network_alarms.record_success(ctx, session, network, "watching", account_id=account.id, at=at)
    ctx.cards_wake.set()


def _read_pages(
    ctx: BotContext, network: Network, account: AccountIdentity, mark: Position
) -> Position | None:
    """Settle what each page shows; return where the next reading begins."""
    newest = None
    for page in network.own_posts(mark, account_id=account.id):
        newest = newest or page.position
        apply_posts(ctx, network, account.id, page.posts)
    return newest


def apply_posts(ctx: BotContext, network: Network, account_id: str, posts: tuple[Post, ...]) -> None:
    """Let each reply among `posts`, which that account said (newest first), have its effect, once."""
    for post in reversed(posts):
        if post.in_reply_to is not None and not post.is_repost:
            with ctx.db.write() as session:
                _apply_post(ctx, session, network, account_id, post)


def _apply_post(ctx: BotContext, session: Session, network: Network, account_id: str, post: Post) -> None:
    """One reply of ours: the one that we sent, the one that we handed off or gave up, or somebody's own."""
    mention = session.scalar(
        select(Mention).where(
            Mention.network == network.name,
            IS_FIRST_ROW,
            or_(Mention.post_id == post.in_reply_to, Mention.latest_id == post.in_reply_to),
        ),
    )
    if mention is None:
        return
    ticket = Ticket.lock_of(session, mention)
    if is_known(session, ticket, post.id, post.latest_id):
        return
    seen = PublishedReply(post.id, post.url)
    reply = _matching_reply(session, ticket, mention, post, account_id)
    if reply is None:
        _record_outside_answer(session, network, ticket, mention, post, at=ctx.now())
    elif _is_unverified(reply):
        reply.post_id, reply.post_url = seen.post_id, seen.url
        ticket.revision += 1
        if reply.state == DeliveryState.PUBLISHED:  # not posted by hand
            record_billed(session, network, reply, seen.post_id, at=ctx.now())
    elif reply.state == DeliveryState.HANDED_OFF:
        record_posted(session, ticket, reply, seen, by=None, at=post.posted_at)
    elif reply.state in {DeliveryState.UNSURE, DeliveryState.ASKED, DeliveryState.CANCELLED}:
        record_published(session, network, ticket, reply, seen, at=ctx.now())


def is_known(session: Session, ticket: Ticket, *ids: str) -> bool:
    """Whether the post of ours that has these ids has had its effect.

    Readings overlap, and meanwhile the ticket may have gone on.
    """
    ours = select(Reply.id).where(Reply.ticket_id == ticket.id, Reply.post_id.in_(ids))
    told = select(Event.id).where(Event.ticket_id == ticket.id, Event.post_id.in_(ids))
    return session.scalar(ours) is not None or session.scalar(told.limit(1)) is not None


def _record_outside_answer(
    session: Session, network: Network, ticket: Ticket, mention: Mention, post: Post, *, at: datetime
) -> None:
    """Somebody of ours answered by hand; if that stopped a reply, its author is told."""
    live = ticket.live_reply(session)
    ticket.record_outside_answer(session, post_id=post.id, to_post_id=mention.post_id, at=post.posted_at)
    if live is not None and live.state == DeliveryState.CANCELLED:
        thread_notices.post(
            session, thread_notices.ANSWERED_OUTSIDE, live, at=at, network=network.title, url=post.url
        )


def _is_unverified(reply: Reply) -> bool:
    """Whether it counts as public on somebody's word, and nobody has seen yet where."""
    return reply.state in PUBLIC_STATES and reply.post_id is None


def _matching_reply(
    session: Session, ticket: Ticket, mention: Mention, post: Post, account_id: str
) -> Reply | None:
    """The reply as that account which this post is, if it is one: a post from before it cannot be."""
    here = (Reply.ticket_id == ticket.id, Reply.account_id == account_id)
    replies = session.scalars(
        select(Reply).where(*here, Reply.to_post_id == mention.post_id).order_by(Reply.id.desc()),
    )
    for reply in replies:
        if post.posted_at < (reply.sent_at or reply.created_at) - MAX_CLOCK_SKEW:
            continue
        if reply.state in {DeliveryState.HANDED_OFF, DeliveryState.SENDING} or _is_unverified(reply):
            return reply
        in_doubt = reply.state in {DeliveryState.UNSURE, DeliveryState.ASKED}
        given_up = reply.state == DeliveryState.CANCELLED and reply.may_be_public
        if (in_doubt or given_up) and is_same_text(reply.text, post.text):
            return reply
    return None


_LEADING_NAMES_PATTERN = re.compile(r"^(?:@[\w.-]+(?:@[\w.-]+)?\s+)+")  # some with dots, or with their server
_LINK_PATTERN = re.compile(r"https?://\S+", re.IGNORECASE)


def is_same_text(one: str, other: str) -> bool:
    """Whether two texts are the same but for leading names, blanks, and how a network writes their links.

    It may show another address for a link, or put `http://` before one that was typed without: the texts are
    the same if they are so without their links, or with each link as it is without its scheme.
    """
    (one, other) = (_normalized_text(text) for text in (one, other))
    without_links = _LINK_PATTERN.sub(" ", one).split() == _LINK_PATTERN.sub(" ", other).split()
    return (
        without_links
        or _LINK_PATTERN.sub(_without_scheme, one).split()
        == _LINK_PATTERN.sub(_without_scheme, other).split()
    )


def _normalized_text(text: str) -> str:
    return _LEADING_NAMES_PATTERN.sub("", nfc(text).strip())


def _without_scheme(link: re.Match[str]) -> str:
    return link[0].partition("://")[2].rstrip("/")


JOBS = (
    # after the first poll: what we answered is known only once we have heard it
    NetworkJob("own", read_own_posts, READ_INTERVAL_SECONDS, first_delay_seconds=5, needs="own_posts"),
)
