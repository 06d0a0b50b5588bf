"""Snoozes that are over: the ticket waits again, and its thread and channel say so."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs.reminders import waiter_of
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks.tickets import reminder
from bot.slack.blocks.tickets.reminder import WaitingAuthor
from models import Event, Notice, Ticket
from models.core.audit_event import HEARD_ACTOR
from models.reports import health
from models.tickets.state import NO_CHANNEL, TicketState

TICKETS_PER_ROUND = 200  # snoozes that end together


def run_due(ctx: BotContext) -> None:
    """End the snoozes that are over. Raises what the database raises."""
    with ctx.db.write() as session:
        wake_due(ctx, session, at=ctx.now())
    ctx.cards_wake.set()


def wake_due(ctx: BotContext, session: Session, *, at: datetime) -> None:
    """End the snoozes that are over, each ticket held in turn and always in the same order."""
    over = select(Ticket.id).where(health.snooze_is_over(at)).order_by(Ticket.id).limit(TICKETS_PER_ROUND)
    by_channel: dict[str, list[WaitingAuthor]] = defaultdict(list)
    for ticket_id in session.scalars(over).all():
        ticket = Ticket.lock(session, ticket_id)
        if (
            ticket.state == TicketState.SNOOZED
            and ticket.snoozed_until is not None
            and ticket.snoozed_until <= at
        ):
            ticket.wake(session, at=at)
            session.flush()
            woken = _notify_thread(ctx, session, ticket, at)
            if ticket.channel != NO_CHANNEL:
                by_channel[ticket.channel].append(woken)
    for channel, many in by_channel.items():
        _notify_channel(session, channel, many, at)


def _notify_thread(ctx: BotContext, session: Session, ticket: Ticket, at: datetime) -> WaitingAuthor:
    woken = waiter_of(ctx, session, ticket)
    whom = ticket.owner or _who_snoozed(session, ticket)
    text, blocks = reminder.snooze_over_message(woken, f"<@{whom}>" if whom else "Everybody")
    Notice.enqueue(session, text, blocks=blocks, at=at, ticket_id=ticket.id)
    return woken


def _who_snoozed(session: Session, ticket: Ticket) -> str | None:
    """Who snoozed it: nobody owns it, and they wanted it back."""
    acts = select(Event.actor).where(Event.ticket_id == ticket.id, Event.act == "snooze")
    actor = session.scalar(acts.order_by(Event.id.desc()).limit(1))
    return None if actor == HEARD_ACTOR else actor


def _notify_channel(session: Session, channel: str, many: Sequence[WaitingAuthor], at: datetime) -> None:
    """Their cards are far up by now: one line that leads to them, however many wake together."""
    text, blocks = reminder.snoozes_over_message(many)
    # The words of one alone are read out.
    quotes = [one.mention_id for one in many if one.mention_id is not None] if len(many) == 1 else []
    card_of = next((one.ticket.id for one in many if one.ticket.is_private), None)  # it goes nowhere else
    Notice.enqueue(session, text, blocks=blocks, at=at, channel=channel, quotes=quotes, card_of=card_of)


JOBS = (ScheduledJob("snoozes", run_due, interval_seconds=30),)
