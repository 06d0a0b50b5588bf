"""What happened in a period, counted second by second from tickets, turns and mentions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.event import HEARD
from models.mention import Mention
from models.outcome import HANDED_OFF, OPEN, State
from models.seconds import HOUR, begins, hour, seconds
from models.ticket import CANARY, Ticket
from models.turn import MENTION, Turn

QUARTER = 900  # seconds: every time zone's hours begin with one of its quarters

# How long things took, by the clock or in office hours.
FIRST, FIRST_OPEN = "first reply", "first reply, office hours"
NEXT, NEXT_OPEN = "next reply", "next reply, office hours"
CLAIM = "claim"
SEEN, SHOWN, CLAIMED, REPLIED = "seen", "shown", "claimed", "replied"
STAGES = (SEEN, SHOWN, CLAIMED, REPLIED)
TIMES = (FIRST, FIRST_OPEN, NEXT, NEXT_OPEN, CLAIM, *STAGES)

# How a ticket ended; each has exactly one of these.
WAITING = "waiting"
OUTCOMES = (State.ANSWERED.value, HANDED_OFF, State.NO_REPLY_NEEDED.value, State.NOT_ABOUT_US.value, WAITING)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose figures: of a teammate (what they have, closed or answered first), a Slack channel, a network."""

    person: str | None = None
    channel: str | None = None
    network: str | None = None


@dataclass(slots=True)
class Mate:
    """What one teammate answered, and how long each question had waited for it."""

    answered: int = 0
    handed_off: int = 0
    times: Counter[int] = field(default_factory=Counter)
    open_times: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Tallies:
    """Counts. Slots are seconds since 1970 at which an hour begins, or a quarter; times are in seconds."""

    heard: Counter[int] = field(default_factory=Counter)  # by slot
    outcomes: Counter[tuple[int, str]] = field(default_factory=Counter)  # by slot of the first post, and kind
    first: Counter[tuple[int, int]] = field(default_factory=Counter)  # by slot of the first post, and time
    unanswered: int = 0
    times: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in TIMES})
    mates: dict[str, Mate] = field(default_factory=dict)


def count(
    session: Session,
    since: datetime,
    until: datetime,
    whose: Whose,
    *,
    step: int = QUARTER,
    brief: bool = False,
) -> Tallies:
    """Count what customers posted from `since` to before `until`, and what came of it.

    A ticket belongs to the period in which its author first spoke, a turn to the one in which it was asked.
    `step` is how long a slot is: an `HOUR` or a `QUARTER`. `brief` is for a comparison: how many, which
    outcome and the first reply, not when nor the rest.
    """
    told = Tallies()
    heard = _mentions(since, until, whose)
    if brief:
        told.heard[int(since.timestamp())] += session.scalar(heard.with_only_columns(func.count())) or 0
    else:
        _count_mentions(session, told, heard, step)
        _count_turns(session, told, since, until, whose)
    _count_tickets(session, told, since, until, whose, step=step, brief=brief)
    return told


def _mentions(since: datetime, until: datetime, whose: Whose) -> Select[Any]:
    query = select(Mention.id).where(
        Mention.posted_at >= since, Mention.posted_at < until, Mention.network != CANARY
    )
    if whose.network is not None:
        query = query.where(_said(Mention.network) == whose.network)
    if whose.person is not None or whose.channel is not None:
        query = query.join(Ticket, Ticket.id == Mention.ticket_id).where(*_theirs(whose))
    return query


def _count_mentions(session: Session, told: Tallies, heard: Select[Any], step: int) -> None:
    quarter = seconds(Mention.posted_at).op("/", return_type=Integer())(literal_column(str(QUARTER)))
    slot = hour(Mention.posted_at) if step == HOUR else quarter
    for place, number in _rows(session, heard.with_only_columns(slot, func.count()).group_by(slot)):
        told.heard[begins(place) if step == HOUR else place * QUARTER] += number


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """What the driver gives: plain numbers and text, so many rows that each microsecond counts."""
    found = session.connection().execute(query)
    assert found.cursor is not None
    rows: Sequence[tuple[Any, ...]] = found.cursor.fetchall()
    found.close()
    return rows


def _count_tickets(
    session: Session,
    told: Tallies,
    since: datetime,
    until: datetime,
    whose: Whose,
    *,
    step: int,
    brief: bool,
) -> None:
    """One look at each ticket; the sums are Python's, since each of them would cost the database a look."""
    replied_at: ColumnElement[datetime | None] = Ticket.first_reply_at.expression
    replied_open: ColumnElement[int | None] = Ticket.first_reply_open.expression
    if whose.person is not None:
        by_them = Ticket.first_reply_by == whose.person
        replied_at, replied_open = case((by_them, replied_at)), case((by_them, replied_open))
    moments = [seconds(Ticket.opened_at), seconds(replied_at)]
    if not brief:
        moments += map(seconds, (Ticket.seen_at, Ticket.shown_at, Ticket.first_claimed_at))
    query = select(
        Ticket.state, Ticket.reason, Ticket.first_reply_at.is_(None), replied_open, *moments
    ).where(Ticket.opened_at >= since, Ticket.opened_at < until, *_theirs(whose))
    rows = _rows(session, query)
    if not rows:
        return
    states, reasons, silent, in_office, opened, replied, *between = zip(*rows, strict=True)
    slots = [at - at % step for at in opened]
    ends = Counter(zip(slots, states, reasons, silent, strict=True))
    for (slot, state, reason, is_silent), number in ends.items():
        outcome = _outcome(state, reason)
        told.outcomes[slot, outcome] += number
        told.unanswered += number if is_silent and outcome == WAITING else 0
    told.times[FIRST] = _between(opened, replied)
    told.times[FIRST_OPEN] = Counter([one for one in in_office if one is not None])
    if brief:
        return
    told.first = Counter(
        [
            (slot, max(end - begin, 0))
            for slot, begin, end in zip(slots, opened, replied, strict=True)
            if end is not None
        ]
    )
    steps = (opened, *between, replied)
    for name, (one, other) in zip(STAGES, pairwise(steps), strict=True):
        told.times[name] = _between(one, other)
    told.times[CLAIM] = _between(opened, between[-1])


def _between(begins_at: Iterable[int | None], ends_at: Iterable[int | None]) -> Counter[int]:
    """The seconds from each to each, where both are known; clocks of two machines may differ a little."""
    pairs = zip(begins_at, ends_at, strict=True)
    counts = Counter([end - begin for begin, end in pairs if begin is not None and end is not None])
    for took in [took for took in counts if took < 0]:
        counts[0] += counts.pop(took)
    return counts


def _outcome(state: str, reason: str | None) -> str:
    if state in OPEN:
        return WAITING
    return HANDED_OFF if state == State.ANSWERED and reason == HANDED_OFF else state


def _count_turns(session: Session, told: Tallies, since: datetime, until: datetime, whose: Whose) -> None:
    """Who answered what was asked in the period; and what was asked once more and answered."""
    query: Select[*tuple[Any, ...]] = (
        select(
            Turn.closed_by,
            Turn.number,
            Turn.reason,
            Turn.answered_open,
            seconds(Turn.asked_at),
            seconds(Turn.closed_at),
        )
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(
            Turn.asked_at >= since,
            Turn.asked_at < until,
            Turn.opened_by == MENTION,
            Turn.outcome == State.ANSWERED,
            *_theirs(whose),
        )
    )
    if whose.person is not None:
        query = query.where(Turn.closed_by == whose.person)
    for who, number, reason, in_office, asked, closed in _rows(session, query):
        took = max(closed - asked, 0)
        if number > 1:
            told.times[NEXT][took] += 1
            if in_office is not None:
                told.times[NEXT_OPEN][in_office] += 1
        if who == HEARD:
            continue  # somebody answered outside Heard: nobody can say who
        mate = told.mates.get(who) or told.mates.setdefault(who, Mate())
        if reason == HANDED_OFF:
            mate.handed_off += 1
        else:
            mate.answered += 1
        mate.times[took] += 1
        if in_office is not None:
            mate.open_times[in_office] += 1


def _theirs(whose: Whose) -> list[ColumnElement[bool]]:
    """The conditions on tickets."""
    conditions: list[ColumnElement[bool]] = [Ticket.network != CANARY]
    if whose.network is not None:
        conditions.append(_said(Ticket.network) == whose.network)
    if whose.channel is not None:
        conditions.append(Ticket.channel == whose.channel)
    if whose.person is not None:
        columns = (Ticket.owner, Ticket.first_reply_by, Ticket.closed_by)
        conditions.append(or_(*(column == whose.person for column in columns)))
    return conditions


def _said(network: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """The network as an expression, which no index knows: else SQLite reads all that it ever brought."""
    return network.concat(literal_column("''"))
