"""What the clock does to a ticket: a quiet claim ends, a forgotten composer closes, a silence is over."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from models import Ticket
from models.core.database import BusyError
from models.tickets.state import State

log = logging.getLogger(__name__)

Step = Callable[[Desk, Session, Ticket, datetime], None]


def tick(desk: Desk) -> None:
    """Do all of it that is due now, each ticket held in turn and always in the same order."""
    at = desk.now()
    steps: tuple[tuple[Sequence[int], Step], ...] = (
        (_quiet(desk, at), _expire),
        (_where(desk, Ticket.composing_until <= at), _close_composer),
        (_where(desk, Ticket.back_at <= at), _come_back),
    )
    for due, step in steps:
        for ticket_id in sorted(due):  # asked for in order, SQLite would read every ticket there is
            _guarded(desk, step, ticket_id, at)
    desk.board_bell.set()


def _where(desk: Desk, condition: ColumnElement[bool]) -> Sequence[int]:
    with desk.db.read() as session:
        return session.scalars(select(Ticket.id).where(condition)).all()


def _quiet(desk: Desk, at: datetime) -> Sequence[int]:
    """Tickets whose owner gave no sign of life for too long: by the clock, and then in office hours."""
    since = func.coalesce(Ticket.active_at, Ticket.claimed_at)  # an older Heard noted no signs of life
    query = select(Ticket.id, since).where(_owned(), since <= at - desk.claim_holds)
    with desk.db.read() as session:
        return [ticket_id for ticket_id, quiet in session.execute(query) if _is_too_quiet(desk, quiet, at)]


def _is_too_quiet(desk: Desk, since: datetime | None, at: datetime) -> bool:
    return since is not None and desk.settings.office.between(since, at) >= desk.claim_holds


def _guarded(desk: Desk, step: Step, ticket_id: int, at: datetime) -> None:
    """Do `step`; one ticket that goes wrong must not stop the clocks of the others."""
    try:
        with desk.db.write() as session:
            step(desk, session, Ticket.hold(session, ticket_id), at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("ticket %s: %s failed; it is tried again", ticket_id, step.__name__)


def _owned() -> ColumnElement[bool]:
    return Ticket.is_open() & (Ticket.state == State.WAITING) & Ticket.owner.is_not(None)


def _expire(desk: Desk, session: Session, ticket: Ticket, at: datetime) -> None:
    """The owner was quiet for too long, in office hours: it is everybody's again, and the thread says so."""
    if not _is_too_quiet(desk, ticket.active_at or ticket.claimed_at, at):
        return
    owner = ticket.expire(session, at=at)
    if owner is not None:
        thread_notices.claim_expired(session, ticket, owner, desk.claim_holds, at=at)


def _close_composer(desk: Desk, session: Session, ticket: Ticket, at: datetime) -> None:
    del desk, session
    ticket.forget_composer(at)


def _come_back(desk: Desk, session: Session, ticket: Ticket, at: datetime) -> None:
    """We waited for a word from them, and there was none."""
    del desk
    since = ticket.closed_at
    if ticket.come_back(session, at=at):
        thread_notices.no_answer(session, ticket, since or at, at=at)
