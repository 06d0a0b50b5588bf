"""What the clock does to a ticket: a quiet claim ends, a forgotten composer closes, a silence is over."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.scheduled_job import ScheduledJob
from models import Ticket
from models.core.database import BusyError
from models.tickets.state import TicketState

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 10.0

DueStep = Callable[[BotContext, Session, Ticket, datetime], None]


def run_due(ctx: BotContext) -> None:
    """Do all of it that is due now, each ticket held in turn and always in the same order."""
    at = ctx.now()
    steps: tuple[tuple[Sequence[int], DueStep], ...] = (
        (_tickets_with_idle_owner(ctx, at), _expire_claim),
        (_ticket_ids_where(ctx, Ticket.composing_until <= at), _close_composer),
        (_ticket_ids_where(ctx, Ticket.back_at <= at), _reopen_unanswered),
    )
    for due, step in steps:
        for ticket_id in sorted(due):  # asked for in order, SQLite would read every ticket there is
            _run_safely(ctx, step, ticket_id, at)
    ctx.cards_wake.set()


def _ticket_ids_where(ctx: BotContext, condition: ColumnElement[bool]) -> Sequence[int]:
    with ctx.db.read() as session:
        return session.scalars(select(Ticket.id).where(condition)).all()


def _tickets_with_idle_owner(ctx: BotContext, at: datetime) -> Sequence[int]:
    """Tickets whose owner gave no sign of life for too long: by the clock, and then in office hours."""
    since = func.coalesce(Ticket.active_at, Ticket.claimed_at)  # an older Heard noted no signs of life
    query = select(Ticket.id, Ticket.channel, since).where(_has_owner(), since <= at - ctx.claim_duration)
    with ctx.db.read() as session:
        return [
            ticket_id
            for ticket_id, channel, quiet in session.execute(query).all()
            if _is_idle_too_long(ctx, session, channel, quiet, at)
        ]


def _is_idle_too_long(
    ctx: BotContext, session: Session, channel: str, since: datetime | None, at: datetime
) -> bool:
    """Whether the office hours of the ticket's channel have had enough time since then."""
    if since is None:
        return False
    return ctx.policy(session, channel).office.open_time_between(since, at) >= ctx.claim_duration


def _run_safely(ctx: BotContext, step: DueStep, ticket_id: int, at: datetime) -> None:
    """Do `step`; one ticket that goes wrong must not stop the clocks of the others."""
    try:
        with ctx.db.write() as session:
            step(ctx, session, Ticket.lock(session, ticket_id), at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("ticket %s: %s failed; trying again later", ticket_id, step.__name__)


def _has_owner() -> ColumnElement[bool]:
    return Ticket.is_open() & (Ticket.state == TicketState.WAITING) & Ticket.owner.is_not(None)


def _expire_claim(ctx: BotContext, session: Session, ticket: Ticket, at: datetime) -> None:
    """The owner was quiet for too long, in office hours: it is everybody's again, and the thread says so."""
    if not _is_idle_too_long(ctx, session, ticket.channel, ticket.active_at or ticket.claimed_at, at):
        return
    owner = ticket.expire(session, at=at)
    if owner is not None:
        quiet = ctx.claim_duration
        thread_notices.post(session, thread_notices.CLAIM_EXPIRED, ticket, at=at, before=owner, quiet=quiet)


def _close_composer(ctx: BotContext, session: Session, ticket: Ticket, at: datetime) -> None:
    del ctx, session
    ticket.forget_composer(at)


def _reopen_unanswered(ctx: BotContext, session: Session, ticket: Ticket, at: datetime) -> None:
    """We waited for a word from them, and there was none."""
    del ctx
    since = ticket.closed_at
    if ticket.reopen_without_answer(session, at=at):
        quiet = at - (since or at)
        thread_notices.post(session, thread_notices.NO_ANSWER, ticket, at=at, quiet=quiet)


JOBS = (ScheduledJob("claims", run_due, CHECK_INTERVAL_SECONDS),)
