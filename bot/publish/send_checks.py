"""The last look before a reply leaves: whether anything may, and whether its sender may still speak."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.reply_target import is_wider
from bot.notices import thread_notices
from models import Mention, Pause, Reply, Ticket
from models.tickets.delivery_state import DeliveryState

PERMISSION_MAX_AGE = timedelta(
    minutes=5
)  # so long the look at the submit counts, if Slack cannot be asked now
RECHECK_INTERVAL = timedelta(seconds=30)
AUDIENCE_CAUSE = "their post reaches other people now"
AudienceChange = Literal["visibility", "warning"]
AUDIENCE_NOTICES: Mapping[AudienceChange, thread_notices.ThreadNotice] = {
    "visibility": thread_notices.VISIBILITY_CHANGED,
    "warning": thread_notices.WARNING_CHANGED,
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
    titles: Mapping[str, str],
    *,
    at: datetime,
) -> bool:
    """Whether `reply`, which is queued, must not leave now. It is stopped, or waits, and that is told.

    `titles` are what people call the networks, by name.
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
    change = find_audience_change(Mention.load(session, ticket.id, reply.to_post_id), reply)
    if change is not None:
        ticket.give_back(session, reply, at=at, why=AUDIENCE_CAUSE)
        title = titles.get(ticket.network, ticket.network)
        thread_notices.post(session, AUDIENCE_NOTICES[change], reply, at=at, network=title)
        return True
    if not sender.is_known and at - reply.created_at > PERMISSION_MAX_AGE:
        reply.due_at, reply.reason = at + RECHECK_INTERVAL, "Slack does not say whether its sender may send"
        ticket.revision += 1
        return True
    return False


def find_audience_change(mention: Mention, reply: Reply) -> AudienceChange | None:
    """Return in what the post differs from what the author of `reply` was shown; None: in nothing.

    A reply that reaches more people than the post must never go out. One that reaches fewer would not be what
    its author agreed to.
    """
    if reply.visibility != mention.visibility or is_wider(reply.visibility, mention.visibility):
        return "visibility"
    return "warning" if reply.content_warning != mention.content_warning else None


def _stop_reply(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    reply.move(session, DeliveryState.CANCELLED, at=at, reason=why)
    ticket.handle_stopped_reply(session, reply)
