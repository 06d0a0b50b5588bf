"""Counts recent mentions and their outcomes for the Home tab. Reads only, from indexes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.sources.mention import Mention
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import OPENED_BY_MENTION, Turn


@dataclass(frozen=True, slots=True)
class TodayCounts:
    """Mentions in a span of time, and the outcomes of the turns that were asked in it."""

    heard: int = 0
    answered: int = 0
    closed: int = 0  # without an answer: none needed, or not about us
    waiting: int = 0
    muted: int = 0
    first_reply: timedelta | None = None  # the median of what is answered


def count_today(session: Session, since: datetime, until: datetime, *, heard: int) -> TodayCounts:
    """Returns the counts from `since` to before `until`, in which there were `heard` mentions."""
    asked = (
        select(Turn.outcome, Turn.asked_at, Turn.closed_at)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(Turn.asked_at >= since, Turn.asked_at < until, Turn.opened_by == OPENED_BY_MENTION)
        .where(Ticket.network != CANARY_NETWORK, Ticket.joined_to.is_(None))
    )
    rows = session.execute(asked).all()
    answered = [row for row in rows if row.outcome == TicketState.ANSWERED]
    waiting = sum(row.outcome is None for row in rows)
    muted = sum(row.outcome == TicketState.MUTED for row in rows)
    took = [row.closed_at - row.asked_at for row in answered]
    return TodayCounts(
        heard=heard,
        answered=len(answered),
        closed=len(rows) - len(answered) - waiting - muted,
        waiting=waiting,
        muted=muted,
        first_reply=median(took) if took else None,
    )


def count_by_day(session: Session, midnights: Sequence[datetime]) -> list[int]:
    """Returns how many mentions arrived between each midnight and the next.

    Heard's own test mentions do not count. They are looked up by network and by the first id of the span,
    which is indexed: reading the network of each mention would read ten thousand rows.
    """
    earliest = select(Mention.id).where(Mention.seen_at >= midnights[0]).order_by(Mention.seen_at, Mention.id)
    first = session.scalar(earliest.limit(1))
    by_us = (Mention.network == CANARY_NETWORK, Mention.id >= (first or 0))
    ours = session.scalars(select(Mention.seen_at).where(*by_us)).all() if first is not None else []
    counts = []
    for since, until in pairwise(midnights):
        then = (Mention.seen_at >= since, Mention.seen_at < until)
        every = session.scalar(select(func.count()).select_from(Mention).where(*then)) or 0
        counts.append(every - sum(since <= one < until for one in ours))
    return counts
