"""The last look before a reply leaves: whether anything may, and whether its sender may still speak."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from bot.slack.permissions import UnknownStandingError
from models import Pause, Reply, Ticket
from models.tickets.reply import State as Delivery

FRESH = timedelta(minutes=5)  # so long the look at the submit counts, if Slack cannot be asked now
AGAIN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a reply's sender: whether Slack could be asked, and what stands against them."""

    is_known: bool
    why_not: str | None = None


def ask(desk: Desk, reply_id: int) -> Standing:
    """Ask, mostly from memory, with no transaction open: Slack may take its time."""
    here = select(Reply.actor, Ticket.channel).join(Ticket, Ticket.id == Reply.ticket_id)
    with desk.db.read() as session:
        actor, channel = session.execute(here.where(Reply.id == reply_id)).one()
    try:
        return Standing(is_known=True, why_not=desk.standing.why_not(desk, actor, channel))
    except UnknownStandingError:
        return Standing(is_known=False)


def stops(session: Session, ticket: Ticket, reply: Reply, sender: Standing, *, at: datetime) -> bool:
    """Whether `reply`, which is queued, must not leave now. It is stopped, or waits, and that is told."""
    pause = Pause.now(session)
    if pause is not None:
        _stop(session, ticket, reply, "paused", at=at)
        thread_notices.paused(session, reply, pause.by, at=at)
        return True
    if sender.why_not is not None:
        _stop(session, ticket, reply, "not a sender", at=at)
        thread_notices.not_a_sender(session, reply, sender.why_not, at=at)
        return True
    if not sender.is_known and at - reply.created_at > FRESH:
        reply.due_at, reply.reason = at + AGAIN, "Slack does not say whether its sender may speak"
        ticket.revision += 1
        return True
    return False


def _stop(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    reply.move(session, Delivery.CANCELLED, at=at, reason=why)
    ticket.stopped(session, reply)
