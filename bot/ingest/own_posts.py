"""Our own public posts, read back: replies that people made by hand settle what waits for them."""

import logging
import re
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest.poller import again_at
from bot.networks.base import Account, Later, Mark, Network, Post, Published, WrongAccount
from bot.publish.manual_posting import confirm_within
from bot.publish.reconcile import settle
from bot.runtime import pace
from bot.slack import network_alarms, thread_notices
from models import Cursor, Event, Mention, Reply, Ticket
from models.core.normalize import nfc
from models.sources.cursor import MENTIONS
from models.tickets.reply import SPOKEN
from models.tickets.reply import State as Delivery

log = logging.getLogger(__name__)

OWN = "own posts"
FIRST_LOOK = timedelta(hours=24)
SKEW = timedelta(minutes=2)  # between our clock and the network's


def watch(desk: Desk, network: Network) -> None:
    """Read what our account said since the last look, and let each reply among it settle its ticket.

    What we answered can only be told once we have heard it: while mentions cannot be read, this waits.
    """
    at = desk.now()
    try:
        account = network.account()
    except Later as later:
        log.warning("%s: %s", network.title, later.detail)
        return
    with desk.db.write() as session:
        heard = Cursor.of(session, network.name, account.id, MENTIONS, at=at)
        cursor = Cursor.of(session, network.name, account.id, OWN, at=at)
        put_off = cursor.not_before is not None and cursor.not_before > at
        put_off |= pace.is_spent(network.allowance("own posts"), at=at, keep=pace.TENTH)
        if put_off or heard.is_first or heard.failing_since is not None:
            return
        mark = Mark(cursor.post_id, at - FIRST_LOOK)
    try:
        newest = _read(desk, network, account, mark)
    except WrongAccount:
        log.info("%s: another account was connected; the next reading is of its posts", network.title)
        return
    except Later as later:
        log.warning("%s: our own posts could not be read: %s", network.title, later.detail)
        with desk.db.write() as session:
            cursor = Cursor.of(session, network.name, account.id, OWN, at=at)
            cursor.fail(later.detail, at=desk.now(), again_at=again_at(cursor, later, at=desk.now()))
            network_alarms.failed(desk, session, network, "watching", later, at=desk.now())
        return
    with desk.db.write() as session:
        Cursor.of(session, network.name, account.id, OWN, at=at).advance(newest, at=at)
        network_alarms.works(desk, session, network, "watching", at=at)
    desk.board_bell.set()


def _read(desk: Desk, network: Network, account: Account, mark: Mark) -> str | None:
    """Settle what each page shows; give the newest post of ours."""
    newest = None
    for page in network.own_posts(mark, account_id=account.id):
        newest = newest or page.newest
        settle_seen(desk, network, account.id, page.posts)
    return newest


def settle_seen(desk: Desk, network: Network, account_id: str, posts: tuple[Post, ...]) -> None:
    """Let each reply among `posts`, which that account said (newest first), have its effect, once."""
    for post in reversed(posts):
        if post.in_reply_to is not None and not post.is_repost:
            with desk.db.write() as session:
                _settle_one(desk, session, network, account_id, post)


def _settle_one(desk: Desk, session: Session, network: Network, account_id: str, post: Post) -> None:
    """One reply of ours: the one that we sent, the one that we handed off or gave up, or somebody's own."""
    mention = session.scalar(
        select(Mention).where(
            Mention.network == network.name,
            Mention.account_id == account_id,
            or_(Mention.post_id == post.in_reply_to, Mention.latest_id == post.in_reply_to),
        ),
    )
    if mention is None:
        return
    ticket = Ticket.hold(session, mention.ticket_id)
    if is_known(session, ticket, post.id, post.latest_id):
        return
    seen = Published(post.id, post.url)
    reply = _expected(session, ticket, mention, post)
    if reply is None:
        _answered_outside(session, network, ticket, mention, post, at=desk.now())
    elif _on_trust(reply):
        reply.post_id, reply.post_url = seen.post_id, seen.url
        ticket.revision += 1
    elif reply.state == Delivery.HANDED_OFF:
        confirm_within(session, ticket, reply, seen, by=None, at=post.posted_at)
    elif reply.state in {Delivery.UNSURE, Delivery.ASKED, Delivery.CANCELLED}:
        settle(session, network, ticket, reply, seen, at=desk.now())


def is_known(session: Session, ticket: Ticket, *ids: str) -> bool:
    """Whether the post of ours that has these ids has had its effect.

    Readings overlap, and meanwhile the ticket may have gone on.
    """
    ours = select(Reply.id).where(Reply.ticket_id == ticket.id, Reply.post_id.in_(ids))
    told = select(Event.id).where(Event.ticket_id == ticket.id, Event.post_id.in_(ids))
    return session.scalar(ours) is not None or session.scalar(told.limit(1)) is not None


def _answered_outside(
    session: Session, network: Network, ticket: Ticket, mention: Mention, post: Post, *, at: datetime
) -> None:
    """Somebody of ours answered by hand; if that stopped a reply, its author is told."""
    live = ticket.live_reply(session)
    ticket.answered_outside(session, post_id=post.id, to_post_id=mention.post_id, at=post.posted_at)
    if live is not None and live.state == Delivery.CANCELLED:
        thread_notices.answered_outside(session, network, live, post.url, at=at)


def _on_trust(reply: Reply) -> bool:
    """Whether it counts as public on somebody's word, and nobody has seen yet where."""
    return reply.state in SPOKEN and reply.post_id is None


def _expected(session: Session, ticket: Ticket, mention: Mention, post: Post) -> Reply | None:
    """The reply of ours that this post is, if it is one: a post from before it cannot be."""
    replies = session.scalars(
        select(Reply)
        .where(Reply.ticket_id == ticket.id, Reply.to_post_id == mention.post_id)
        .order_by(Reply.id.desc()),
    )
    for reply in replies:
        if post.posted_at < (reply.sent_at or reply.created_at) - SKEW:
            continue
        if reply.state in {Delivery.HANDED_OFF, Delivery.SENDING} or _on_trust(reply):
            return reply
        in_doubt = reply.state in {Delivery.UNSURE, Delivery.ASKED}
        given_up = reply.state == Delivery.CANCELLED and reply.may_have_been_said
        if (in_doubt or given_up) and same_words(reply.text, post.text):
            return reply
    return None


_NAMES = re.compile(r"^(?:@\w+\s+)+")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for leading names, blanks, and how a network writes their links.

    It may show another address for a link, or put `http://` before one that was typed without: the texts are
    the same if they are so without their links, or with each link as it is without its scheme.
    """
    (one, other) = (_words(text) for text in (one, other))
    without_links = _LINK.sub(" ", one).split() == _LINK.sub(" ", other).split()
    return without_links or _LINK.sub(_unschemed, one).split() == _LINK.sub(_unschemed, other).split()


def _words(text: str) -> str:
    return _NAMES.sub("", nfc(text).strip())


def _unschemed(link: re.Match[str]) -> str:
    return link[0].partition("://")[2].rstrip("/")
