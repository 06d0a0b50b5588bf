"""Office hours between question and answer, written down once, as they were when that was done.

Opening hours that change later change no figure of what was before.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, literal_column, select, update
from sqlalchemy.orm import Session

from models.core.office_hours import OfficeHours
from models.tickets.state import State
from models.tickets.ticket import Ticket
from models.tickets.turn import Turn

_NO_TICKET = (Ticket.first_reply_at.is_not(None), Ticket.first_reply_open.is_(None))
_ANSWERED: ColumnElement[str] = literal_column(f"'{State.ANSWERED}'")  # as a value it could not use the index
_NO_TURN = (Turn.outcome == _ANSWERED, Turn.answered_open.is_(None))


def is_short(session: Session) -> bool:
    """Whether anything lacks them."""
    first = select(Ticket.id).where(*_NO_TICKET).limit(1)
    turn = select(Turn.id).where(*_NO_TURN).limit(1)
    return session.scalar(first) is not None or session.scalar(turn) is not None


def fill(session: Session, office: OfficeHours, *, limit: int) -> int:
    """Write down the office seconds of up to `limit` first replies and as many turns; how many that were.

    What somebody has in hand just now is left for the next time.
    """
    tickets = (
        select(Ticket.id, Ticket.opened_at, Ticket.first_reply_at)
        .where(*_NO_TICKET)
        .order_by(Ticket.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    turns = (
        select(Turn.id, Turn.asked_at, Turn.closed_at)
        .where(*_NO_TURN)
        .order_by(Turn.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    first = [
        {"id": number, "first_reply_open": _open(office, asked, replied)}
        for number, asked, replied in session.execute(tickets)
    ]
    rounds = [
        {"id": number, "answered_open": _open(office, asked, replied)}
        for number, asked, replied in session.execute(turns)
    ]
    for table, rows in ((Ticket, first), (Turn, rounds)):
        if rows:
            session.execute(update(table), rows)
    return len(first) + len(rounds)


def _open(office: OfficeHours, asked: datetime, replied: datetime | None) -> int:
    """Whole seconds, each moment without its fraction, as `models/core/sql_time.py` reads them."""
    if replied is None:
        return 0
    return int(office.between(asked.replace(microsecond=0), replied.replace(microsecond=0)).total_seconds())
