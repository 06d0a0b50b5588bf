"""What the ledger says about a period: reads only."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.author import Author
from models.card import Card
from models.event import HEARD
from models.mention import Mention
from models.outcome import OPEN, State
from models.ticket import CANARY, Ticket
from models.turn import MENTION, Turn


@dataclass(frozen=True, slots=True)
class Teammate:
    """What one person did."""

    user: str
    answered: int
    median: timedelta | None


@dataclass(frozen=True, slots=True)
class Stats:
    """A period in figures. `first_replies` are of tickets opened in it, from the customer's post on."""

    since: datetime
    until: datetime
    heard: int = 0
    tickets: int = 0
    answered: int = 0
    no_reply_needed: int = 0
    not_about_us: int = 0
    waiting: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    unanswered: int = 0
    teammates: tuple[Teammate, ...] = ()


@dataclass(slots=True)
class _Person:
    answered: int = 0
    times: list[timedelta] = field(default_factory=list)


def period(session: Session, since: datetime, until: datetime) -> Stats:
    """The figures of what customers posted from `since` to before `until`.

    A ticket belongs to the period in which its author first spoke. What was never answered counts as waiting,
    and stands beside the median instead of vanishing from it.
    """
    opened = (Ticket.opened_at >= since, Ticket.opened_at < until, Ticket.network != CANARY)
    by_state = select(Ticket.state, func.count()).where(*opened).group_by(Ticket.state)
    counts: dict[str, int] = {row[0]: row[1] for row in session.execute(by_state)}
    heard = select(func.count()).where(
        Mention.posted_at >= since, Mention.posted_at < until, Mention.network != CANARY
    )
    first = select(Ticket.opened_at, Ticket.first_reply_at).where(*opened, Ticket.first_reply_at.is_not(None))
    times = sorted(row.first_reply_at - row.opened_at for row in session.execute(first))
    waiting = sum(counts.get(state, 0) for state in OPEN)
    unanswered = select(func.count()).where(*opened, Ticket.state.in_(OPEN), Ticket.first_reply_at.is_(None))
    return Stats(
        since=since,
        until=until,
        heard=session.scalar(heard) or 0,
        tickets=sum(counts.values()),
        answered=counts.get(State.ANSWERED, 0),
        no_reply_needed=counts.get(State.NO_REPLY_NEEDED, 0),
        not_about_us=counts.get(State.NOT_ABOUT_US, 0),
        waiting=waiting,
        median=quantile(times, 0.5),
        p90=quantile(times, 0.9),
        unanswered=session.scalar(unanswered) or 0,
        teammates=_teammates(session, since, until),
    )


def _teammates(session: Session, since: datetime, until: datetime) -> tuple[Teammate, ...]:
    """Who answered what was asked in the period, by name: not a race, so not by speed."""
    query = select(Turn.closed_by, Turn.asked_at, Turn.closed_at).where(
        Turn.outcome == State.ANSWERED,
        Turn.opened_by == MENTION,
        Turn.asked_at >= since,
        Turn.asked_at < until,
        Turn.closed_by != HEARD,
    )
    people: dict[str, _Person] = {}
    for row in session.execute(query):
        person = people.setdefault(row.closed_by, _Person())
        person.answered += 1
        person.times.append(row.closed_at - row.asked_at)
    return tuple(
        Teammate(user, person.answered, quantile(sorted(person.times), 0.5))
        for user, person in sorted(people.items())
    )


def quantile(rising: list[timedelta], share: float) -> timedelta | None:
    """The value below which `share` of `rising` lies, between neighbours in proportion; None of nothing."""
    if not rising:
        return None
    place = share * (len(rising) - 1)
    low = int(place)
    high = min(low + 1, len(rising) - 1)
    return rising[low] + (rising[high] - rising[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One ticket of the open list."""

    ticket_id: int
    network: str
    handle: str | None
    owner: str | None
    state: str
    since: datetime
    due_at: datetime | None
    channel: str | None
    ts: str | None


def waiting(session: Session, *, limit: int) -> tuple[int, list[Waiting]]:
    """How many tickets wait, and the first `limit` of them, the longest waiting first."""
    open_ones = (Ticket.is_open(), Ticket.network != CANARY)
    total = session.scalar(select(func.count(Ticket.id)).where(*open_ones)) or 0
    query = (
        select(
            Ticket.id.label("ticket_id"),
            Ticket.network,
            Author.handle,
            Ticket.owner,
            Ticket.state,
            Ticket.waiting_since.label("since"),
            Ticket.due_at,
            Card.channel,
            Card.ts,
        )
        .join(Author, Author.id == Ticket.author_id)
        .outerjoin(Card, Card.ticket_id == Ticket.id)
        .where(*open_ones)
        .order_by(Ticket.waiting_since, Ticket.id)
        .limit(limit)
    )
    return total, [Waiting(**row._mapping) for row in session.execute(query)]  # noqa: SLF001 - its public name
