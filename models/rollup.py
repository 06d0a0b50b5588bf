"""Daily histograms, and how they are kept: a day is counted anew once something happened to it."""

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.base import add_if_absent
from models.daily import Daily, Tally
from models.event import Event
from models.mention import Mention
from models.seconds import HOUR
from models.tallies import FIRST, OUTCOMES, TIMES, Mate, Tallies, Whose, count
from models.ticket import CANARY, Ticket
from models.turn import Turn

STEP = 1.1  # each bucket's length is so much more than the one before: times are told to within a tenth
FINE = 60  # below so many seconds each second has its own
LATE = 500  # events that may become visible after one with a higher number
_HEARD, _UNANSWERED = "heard", "unanswered"
_MATE, _MATE_OPEN, _MATE_OFF = "teammate", "teammate, office hours", "teammate, handed off"


def bucket(took: int) -> int:
    """The least whole number of seconds in the bucket of `took`."""
    if took < FINE:
        return took
    step = int(math.log(took / FINE, STEP) + 1e-9)
    low = math.ceil(FINE * STEP**step - 1e-9)
    return low if low <= took else math.ceil(FINE * STEP ** (step - 1) - 1e-9)


# --- counting -----------------------------------------------------------------------------------------------


def next_day(session: Session, today: date) -> date | None:
    """The first day, up to `today`, that was never counted; None if all were."""
    tally = session.get(Tally, 1)
    if tally is None or tally.next_day is None:
        first = session.scalar(select(func.min(Mention.posted_at)))
        return min(first.date(), today) if first is not None else None
    return tally.next_day if tally.next_day <= today else None


def last_event(session: Session) -> int:
    """The number of the newest event."""
    return session.scalar(select(func.max(Event.id))) or 0


def touched(session: Session, until: int, today: date) -> list[date]:
    """The days that events up to number `until` had to do with, since that was asked last."""
    tally = session.get(Tally, 1)
    if tally is None or tally.event_id >= until:
        return []
    fresh = (
        select(Event.ticket_id)
        .where(Event.id > tally.event_id - LATE, Event.id <= until, Event.ticket_id.is_not(None))
        .distinct()
        .scalar_subquery()
    )
    queries = (
        select(Ticket.opened_at).where(Ticket.id.in_(fresh)),
        select(Turn.asked_at).where(Turn.ticket_id.in_(fresh)),
        select(Mention.posted_at).where(Mention.ticket_id.in_(fresh)),
    )
    days = {at.date() for query in queries for at in session.scalars(query)}
    # That a card is in Slack is no event: it hardly takes longer than until the day after.
    days |= {today, today - timedelta(days=1)}
    return sorted(days)


def seen(session: Session, until: int) -> None:
    """All that events up to number `until` had to do with is counted."""
    _tally(session).event_id = until


def count_day(session: Session, day: date, *, is_next: bool = False) -> None:
    """Count `day` anew; `is_next` if it was never counted before, nor was any later one."""
    tally = _tally(session)
    since, until = _midnight(day), _midnight(day + timedelta(days=1))
    rows: list[dict[str, Any]] = []
    for network, channel in _places(session, since, until):
        told = count(session, since, until, Whose(channel=channel, network=network), step=HOUR)
        place = {"day": day, "network": network, "channel": channel}
        rows += [
            {**place, "figure": figure, "person": person, "bucket": at, "count": number}
            for (figure, person, at), number in _bars(told).items()
        ]
    session.execute(delete(Daily).where(Daily.day == day))
    if rows:
        session.execute(insert(Daily), rows)
    if is_next:
        tally.next_day = day + timedelta(days=1)


def _tally(session: Session) -> Tally:
    """The one row, held: two who count would trip over each other."""
    query = select(Tally).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        add_if_absent(session, Tally, id=1, event_id=last_event(session))
        found = session.scalars(query).one()
    return found


def _places(session: Session, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """The networks and channels that have anything to do with that time."""
    place = select(Ticket.network, Ticket.channel).where(Ticket.network != CANARY).distinct()
    heard = select(Mention.ticket_id).where(Mention.posted_at >= since, Mention.posted_at < until)
    asked = select(Turn.ticket_id).where(Turn.asked_at >= since, Turn.asked_at < until)
    found = {
        (network, channel)
        for tickets in (heard, asked)
        for network, channel in session.execute(place.where(Ticket.id.in_(tickets.scalar_subquery())))
    }
    opened = place.where(Ticket.opened_at >= since, Ticket.opened_at < until)
    return sorted(found | {(network, channel) for network, channel in session.execute(opened)})


def _bars(told: Tallies) -> Counter[tuple[str, str, int]]:
    """What was counted as figure, person and bucket."""
    bars: Counter[tuple[str, str, int]] = Counter()
    for slot, number in told.heard.items():
        bars[_HEARD, "", slot % 86_400 // 3600] += number
    for (_, outcome), number in told.outcomes.items():
        bars[outcome, "", 0] += number
    if told.unanswered:
        bars[_UNANSWERED, "", 0] = told.unanswered
    for name, counts in told.times.items():
        for took, number in counts.items():
            bars[name, "", bucket(took)] += number
    for user, mate in told.mates.items():
        if mate.handed_off:
            bars[_MATE_OFF, user, 0] = mate.handed_off
        for took, number in mate.times.items():
            bars[_MATE, user, bucket(took)] += number
        for took, number in mate.open_times.items():
            bars[_MATE_OPEN, user, bucket(took)] += number
    return bars


# --- reading ------------------------------------------------------------------------------------------------


def read(session: Session, first: date, last: date, whose: Whose) -> Tallies | None:
    """What the UTC days from `first` to `last` came to; None if some of them are not counted yet.

    Not of one person: whose a ticket is changes, and so few are counted quickly.
    """
    tally = session.get(Tally, 1)
    if tally is None or tally.next_day is None or tally.next_day <= last:
        return None
    here = [Daily.day >= first, Daily.day <= last]
    if whose.network is not None:
        here.append(Daily.network == whose.network)
    if whose.channel is not None:
        here.append(Daily.channel == whose.channel)
    told = Tallies()
    by_day = (_HEARD, FIRST, *OUTCOMES)
    daily = (
        select(Daily.day, Daily.figure, Daily.bucket, func.sum(Daily.count))
        .where(*here, Daily.figure.in_(by_day))
        .group_by(Daily.day, Daily.figure, Daily.bucket)
    )
    for day, figure, at, number in session.execute(daily):
        _add_to_day(told, int(_midnight(day).timestamp()), figure, at, int(number))
    whole = (
        select(Daily.figure, Daily.person, Daily.bucket, func.sum(Daily.count))
        .where(*here, Daily.figure.not_in(by_day))
        .group_by(Daily.figure, Daily.person, Daily.bucket)
    )
    for figure, person, at, number in session.execute(whole):
        _add(told, figure, person, at, int(number))
    return told


def _add_to_day(told: Tallies, midnight: int, figure: str, at: int, number: int) -> None:
    if figure == _HEARD:
        told.heard[midnight + at * 3600] += number
    elif figure == FIRST:
        told.first[midnight, at] += number
        told.times[FIRST][at] += number
    else:
        told.outcomes[midnight, figure] += number


def _add(told: Tallies, figure: str, person: str, at: int, number: int) -> None:
    if figure in TIMES:
        told.times[figure][at] += number
    elif figure == _UNANSWERED:
        told.unanswered += number
    else:
        mate = told.mates.setdefault(person, Mate())
        match figure:
            case "teammate":
                mate.times[at] += number
                mate.answered += number
            case "teammate, office hours":
                mate.open_times[at] += number
            case _:
                mate.handed_off += number
                mate.answered -= number


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
