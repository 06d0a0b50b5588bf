"""Stores how many office hours each reply took, once, with the office hours of that time.

Office hours that change later change no earlier figure.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, literal_column, select, update
from sqlalchemy.orm import Session

from models.core.office_hours import OfficeHours
from models.tickets.state import TicketState
from models.tickets.ticket import Ticket
from models.tickets.turn import Turn

_TICKET_UNFILLED = (Ticket.first_reply_at.is_not(None), Ticket.first_reply_open.is_(None))
_ANSWERED: ColumnElement[str] = literal_column(
    f"'{TicketState.ANSWERED}'"
)  # as a value it could not use the index
_TURN_UNFILLED = (Turn.outcome == _ANSWERED, Turn.answered_open.is_(None))


def has_unfilled(session: Session) -> bool:
    """Whether a first reply or an answered turn lacks its office time."""
    first = select(Ticket.id).where(*_TICKET_UNFILLED).limit(1)
    turn = select(Turn.id).where(*_TURN_UNFILLED).limit(1)
    return session.scalar(first) is not None or session.scalar(turn) is not None


def fill_missing(session: Session, office_of: Callable[[str], OfficeHours], *, limit: int) -> int:
    """Store the office seconds of up to `limit` first replies and as many turns. Returns how many that were.

    `office_of` returns the office hours of a Slack channel: those of the ticket's channel count.
    Rows that another transaction has locked are left for the next time.
    """
    tickets = (
        select(Ticket.id, Ticket.channel, Ticket.opened_at, Ticket.first_reply_at)
        .where(*_TICKET_UNFILLED)
        .order_by(Ticket.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    turns = (
        select(Turn.id, Ticket.channel, Turn.asked_at, Turn.closed_at)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(*_TURN_UNFILLED)
        .order_by(Turn.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Turn)
    )
    first = [
        {"id": number, "first_reply_open": _open_seconds(office_of(channel), asked, replied)}
        for number, channel, asked, replied in session.execute(tickets).all()
    ]
    rounds = [
        {"id": number, "answered_open": _open_seconds(office_of(channel), asked, replied)}
        for number, channel, asked, replied in session.execute(turns).all()
    ]
    for table, rows in ((Ticket, first), (Turn, rounds)):
        if rows:
            session.execute(update(table), rows)
    return len(first) + len(rounds)


def _open_seconds(office: OfficeHours, asked_at: datetime, replied_at: datetime | None) -> int:
    """Whole seconds, each time without its fraction, as `models/core/sql_time.py` reads them."""
    if replied_at is None:
        return 0
    return int(
        office.open_time_between(
            asked_at.replace(microsecond=0), replied_at.replace(microsecond=0)
        ).total_seconds()
    )
