"""The last look before a reply leaves: whether anything may, and whether its sender may still speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.reply_target import build_reply_target, is_wider
from bot.networks.base import Network
from bot.notices import thread_notices
from models import Author, Event, Mention, Pause, Reply, Ticket
from models.core.fingerprint import short_mark
from models.tickets.delivery_state import DeliveryState

PERMISSION_MAX_AGE = timedelta(
    minutes=5
)  # so long the look at the submit counts, if Slack cannot be asked now
RECHECK_INTERVAL = timedelta(seconds=30)
AUDIENCE_CAUSE = "their post reaches other people now"
AudienceChange = Literal["visibility", "warning", "handle"]
PREFIX_SHOWN_ACT = "prefix shown"  # the act; its data hold the mark of what the reply's author was shown
AUDIENCE_NOTICES: Mapping[AudienceChange, thread_notices.ThreadNotice] = {
    "visibility": thread_notices.VISIBILITY_CHANGED,
    "warning": thread_notices.WARNING_CHANGED,
    "handle": thread_notices.HANDLE_CHANGED,
}


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """What is known of a reply's sender: whether Slack could be asked, and what stands against them."""

    is_known: bool
    why_not: str | None = None


def check_sender(ctx: BotContext, reply_id: int) -> SenderCheck:
    """Ask, mostly from memory, with no transaction open: Slack may take its time."""
    here = select(Reply.actor, Ticket.channel).join(Ticket, Ticket.id == Reply.ticket_id)
    with ctx.db.read() as session:
        actor, channel = session.execute(here.where(Reply.id == reply_id)).one()
        senders = ctx.policy(session, channel).senders
    is_known, why_not = ctx.sender_permissions.try_why_not(ctx, actor, channel, senders)
    return SenderCheck(is_known=is_known, why_not=why_not)


def block_if_not_allowed(
    session: Session,
    ticket: Ticket,
    reply: Reply,
    sender: SenderCheck,
    network: Network,
    *,
    at: datetime,
) -> bool:
    """Whether `reply`, which is queued, must not leave now. It is stopped, or waits, and that is told.

    `network` is the connection of its account.
    """
    pause = Pause.current(session)
    if pause is not None:
        _stop_reply(session, ticket, reply, "paused", at=at)
        thread_notices.post(session, thread_notices.PAUSED, reply, at=at, by=pause.by)
        return True
    if sender.why_not is not None:
        _stop_reply(session, ticket, reply, "not a sender", at=at)
        thread_notices.post(session, thread_notices.NOT_A_SENDER, reply, at=at, explanation=sender.why_not)
        return True
    change = find_audience_change(session, ticket, reply, network)
    if change is not None:
        ticket.give_back(session, reply, at=at, why=AUDIENCE_CAUSE)
        thread_notices.post(session, AUDIENCE_NOTICES[change], reply, at=at, network=network.title)
        return True
    if not sender.is_known and at - reply.created_at > PERMISSION_MAX_AGE:
        reply.due_at, reply.reason = at + RECHECK_INTERVAL, "Slack does not say whether its sender may send"
        ticket.revision += 1
        return True
    return False


def find_audience_change(
    session: Session, ticket: Ticket, reply: Reply, network: Network
) -> AudienceChange | None:
    """Return in what a reply now would differ from what the author of `reply` was shown; None: in nothing.

    A reply that reaches more people than the post must never go out. One that reaches fewer would not be what
    its author agreed to, and with another handle in front it would speak to somebody else.
    """
    mention = Mention.load(session, ticket.id, reply.to_post_id)
    now = build_reply_target(mention, session.get_one(Author, mention.author_id))
    is_other = reply.visibility != network.reply_visibility(now)
    if is_other or is_wider(reply.visibility, mention.visibility):
        return "visibility"
    if reply.content_warning != mention.content_warning:
        return "warning"
    shown = _shown_prefix_mark(session, reply)
    prefix = network.reply_prefix(now)
    return "handle" if shown is not None and shown != (short_mark(prefix) if prefix else "") else None


def _shown_prefix_mark(session: Session, reply: Reply) -> str | None:
    """The mark of what its author was shown in front of the words; None if that was not noted."""
    noted = select(Event.data).where(
        Event.ticket_id == reply.ticket_id, Event.reply_id == reply.id, Event.act == PREFIX_SHOWN_ACT
    )
    data = session.scalar(noted.order_by(Event.id.desc()).limit(1))
    return None if data is None else str(data["prefix"])


def _stop_reply(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    reply.move(session, DeliveryState.CANCELLED, at=at, reason=why)
    ticket.handle_stopped_reply(session, reply)
