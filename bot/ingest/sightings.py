"""Replies of ours that a network shows, or says it took: public from then on, in the ledger too."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.networks.values import Post, PublishedReply
from bot.notices import thread_notices
from bot.runtime import charge_writer
from models import Reply, Ticket
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.ticket import reply_network

SEEN_ON_NETWORK = "seen on the network"  # the act that the log has


def is_other_reply(session: Session, ticket: Ticket, reply: Reply, seen: PublishedReply) -> bool:
    """Whether the post that was seen is another reply of ours already."""
    others = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id)
    others = others.where(Reply.post_id == seen.post_id, Reply.id != reply.id)
    return session.scalar(others.where(reply_network() == reply.network_on(ticket))) is not None


def without_our_replies(session: Session, network: str, posts: Sequence[Post]) -> list[Post]:
    """Return `posts` without those that are replies of ours, by their id or their address.

    Where we have no account, nothing else tells a reply that a teammate posted by hand from anybody's post.
    """
    ids, urls = [post.id for post in posts], [post.url for post in posts]
    query = select(Reply.post_id, Reply.post_url).join(Ticket, Ticket.id == Reply.ticket_id)
    here = reply_network() == network, or_(Reply.post_id.in_(ids), Reply.post_url.in_(urls))
    ours = {each for row in session.execute(query.where(*here)) for each in row if each}
    return [post for post in posts if post.id not in ours and post.url not in ours]


def record_published(
    session: Session,
    network: Network,
    ticket: Ticket,
    reply: Reply,
    seen: PublishedReply,
    *,
    at: datetime,
    act: str | None = SEEN_ON_NETWORK,
) -> None:
    """What was on its way is public as `seen`, inside a transaction that holds the ticket.

    If it had been given up, its author is told; and if its turn was answered otherwise since, only told.
    """
    if reply.state in PUBLIC_STATES:
        if reply.post_id not in {None, seen.post_id}:
            thread_notices.post(
                session, thread_notices.PUBLISHED_TWICE, reply, at=at, network=network.title, url=seen.url
            )
        return
    given_up = reply.state == DeliveryState.CANCELLED
    found = {"post_id": seen.post_id, "post_url": seen.url}
    if given_up and Reply.live(session, ticket.id, reply.turn) is not None:
        reply.post_id, reply.post_url = seen.post_id, seen.url
    else:
        # Found late, it was public all the while: the customer did not wait for our sight of it.
        since = at if act is None else reply.sent_at or at
        reply.move(session, DeliveryState.PUBLISHED, at=at, act=act, settled_at=since, **found)
        ticket.handle_published_reply(session, reply, at=since)
    record_billed(session, network, reply, seen.post_id, at=at)
    if given_up:
        thread_notices.post(session, thread_notices.SEEN_AFTER_ALL, reply, at=at, network=network.title)


def record_billed(session: Session, network: Network, reply: Reply, post_id: str, *, at: datetime) -> None:
    """Record that a reply that Heard sent, and that is public as `post_id`, was billed when it was sent.

    This waits until the post is known: a reply that was in doubt counts once, and only if it got there.
    """
    charge_writer.write_reply(session, network, reply.account_id, post_id, at=reply.sent_at or at)


def record_posted(
    session: Session,
    ticket: Ticket,
    reply: Reply,
    seen: PublishedReply | None,
    *,
    by: str | None,
    at: datetime,
) -> None:
    """A reply that was handed off is public: we saw it, or `by` says so. The caller holds the ticket."""
    found = {"post_id": seen.post_id, "post_url": seen.url} if seen is not None else {}
    act = SEEN_ON_NETWORK if by is None else "I posted it"
    who = {} if by is None else {"by": by}
    reply.move(session, DeliveryState.CONFIRMED, at=at, act=act, settled_at=at, **who, **found)
    ticket.handle_published_reply(session, reply, at=at)
