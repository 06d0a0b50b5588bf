"""What one call to a network needs, read while its ticket is held."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.reply_target import build_reply_target
from bot.networks.base import Network, Publisher
from bot.networks.errors import Refused
from bot.networks.pictures import UploadedPicture
from bot.networks.values import ReplyTarget
from models import Author, Mention, Reply, ReplyPicture, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import OvertakenError

LEASE_MIN_REMAINING = timedelta(
    seconds=9
)  # with less of the lease left no call begins: it might outlive the lease


class TicketLockedError(OvertakenError):
    """Another process has locked the ticket: try again in a moment."""


@dataclass(frozen=True, slots=True)
class PublishJob:
    """What one call to a network needs, read before the transaction closed."""

    reply_id: int
    fence: int
    network: str
    account_id: str
    text: str
    key: str
    frozen: str | None  # the whole request, once the network has put it together
    target: ReplyTarget
    started_at: datetime
    until: datetime  # the end of the lease
    tries: int
    looks_again: bool = False  # `frozen` stays, but the post is looked at anew before it is sent
    pictures: tuple[UploadedPicture, ...] = ()  # those that the network has


def as_publisher(network: Network) -> Publisher:
    """Return `network` as what Heard posts by. Raises `Refused` if Heard does not post there."""
    if not isinstance(network, Publisher):
        raise Refused("not summoned", f"Heard does not post on {network.title}.")
    return network


def publish_limit_key(network: str, account_id: str) -> str:
    """Return the key of the rate limit that is paused while a network takes nothing from that account."""
    return f"publish {network} {account_id}"


def lock_reply(session: Session, reply_id: int) -> tuple[Ticket, Reply]:
    """Return the ticket and its reply, locked in that order, so that two calls never deadlock; may wait."""
    ticket_id = session.scalars(select(Reply.ticket_id).where(Reply.id == reply_id)).one()
    ticket = Ticket.lock(session, ticket_id)
    return ticket, session.get_one(Reply, reply_id, populate_existing=True)


def lock_if_due(
    ctx: BotContext, session: Session, reply_id: int, *states: DeliveryState
) -> tuple[Ticket, Reply]:
    """Return the ticket and its reply, locked; never waits for the lock.

    Raises `OvertakenError` if another worker dealt with the reply since it was listed, and
    `TicketLockedError` if another worker has locked the ticket.
    """
    ticket_id = session.scalars(select(Reply.ticket_id).where(Reply.id == reply_id)).one()
    ticket = Ticket.lock_if_free(session, ticket_id)
    if ticket is None:
        raise TicketLockedError("Another process has locked it.")
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    if reply.state not in states or reply.due_at is None or reply.due_at > ctx.now():
        raise OvertakenError(f"That reply is already {reply.state}.")
    return ticket, reply


def build_publish_job(session: Session, ticket: Ticket, reply: Reply) -> PublishJob:
    """All that a call about `reply` needs, inside the transaction that read it."""
    mention = Mention.load(session, ticket.id, reply.to_post_id)
    author = session.get_one(Author, mention.author_id)
    return PublishJob(
        reply_id=reply.id,
        fence=reply.fence,
        network=reply.network_on(ticket),
        account_id=reply.account_id,
        text=reply.text,
        key=reply.key,
        frozen=reply.frozen,
        target=build_reply_target(mention, author, reply),
        started_at=reply.sent_at or reply.created_at,
        until=reply.due_at or reply.created_at,
        tries=reply.tries,
        pictures=tuple(
            UploadedPicture(one.media, one.alt_text, one.width or 1, one.height or 1)
            for one in pictures_to_send(session, reply.id)
            if one.media is not None
        ),
    )


def pictures_to_send(session: Session, reply_id: int) -> list[ReplyPicture]:
    """Return the pictures that a reply has to go out with, in order: all of them, or it does not leave."""
    return [one for one in ReplyPicture.of(session, reply_id) if one.goes_along]
