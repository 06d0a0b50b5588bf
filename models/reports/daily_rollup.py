"""Daily histograms, and how they are kept: a day is counted anew once something happened to it."""

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.core.base import add_if_absent
from models.core.query_pipeline import Ask
from models.core.sql_time import HOUR
from models.reports.counts import FIRST, FIRST_OPEN, TIMES, Mate, Tallies, Whose, counting
from models.reports.daily_stats import Daily, Tally
from models.sources.mention import Mention
from models.tickets.ticket import CANARY, Ticket
from models.tickets.turn import Turn

STEP = 1.1  # each bucket's length is so much more than the one before: times are told to within a tenth
FINE = 60  # below so many seconds each second has its own
LATE = 500  # events that may become visible after one with a higher number
BRIEF = (FIRST, FIRST_OPEN)
DAY = 86_400

Json = dict[str, Any]


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
    session.execute(delete(Daily).where(Daily.day == day))
    for network, channel in _places(session, since, until):
        told = counting(Ask(session), since, until, Whose(channel=channel, network=network), step=HOUR)()
        place = {"day": day, "network": network, "channel": channel}
        session.execute(insert(Daily).values(**place, brief=_brief(told), rest=_rest(told)))
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


def _brief(told: Tallies) -> Json:
    heard = Counter[int]()
    for slot, number in told.heard.items():
        heard[slot % DAY // HOUR] += number
    return {
        "heard": heard,
        "outcomes": {outcome: slots.total() for outcome, slots in told.outcomes.items() if slots},
        "unanswered": told.unanswered,
        **{name: _bars(told.times[name]) for name in BRIEF},
    }


def _rest(told: Tallies) -> Json:
    mates = {
        user: {
            "answered": mate.answered,
            "handed off": mate.handed_off,
            "took": _bars(mate.times),
            "office hours": _bars(mate.open_times),
        }
        for user, mate in told.mates.items()
    }
    times = {name: _bars(counts) for name, counts in told.times.items() if name not in BRIEF}
    return times | {"teammates": mates}


def _bars(counts: Counter[int]) -> Counter[int]:
    """`counts` of seconds by bucket."""
    bars = Counter[int]()
    for took, number in counts.items():
        bars[bucket(took)] += number
    return bars


# --- reading ------------------------------------------------------------------------------------------------


def read(ask: Ask, first: date, last: date, whose: Whose, *, brief: bool = False) -> Tallies | None:
    """What the UTC days from `first` to `last` came to; None if some of them are not counted yet.

    Not of one person: whose a ticket is changes, and so few are counted quickly. `brief` as in `count`.
    """
    counted = next((next_day for (next_day,) in ask(select(Tally.next_day))()), None)
    if counted is None or counted <= last:
        return None
    query = select(Daily.day, Daily.brief, *([] if brief else [Daily.rest]))
    query = query.where(Daily.day >= first, Daily.day <= last)
    if whose.network is not None:
        query = query.where(Daily.network == whose.network)
    if whose.channel is not None:
        query = query.where(Daily.channel == whose.channel)
    told = Tallies()
    for day, *parts in ask(query)():
        _add_day(told, int(_midnight(day).timestamp()), parts[0])
        for rest in parts[1:]:
            _add_rest(told, rest)
    return told


def _add_day(told: Tallies, midnight: int, brief: Json) -> None:
    told.unanswered += brief["unanswered"]
    for hour, number in brief["heard"].items():
        told.heard[midnight + int(hour) * HOUR] += number
    for outcome, number in brief["outcomes"].items():
        told.outcomes[outcome][midnight] += number
    first = told.first[midnight]
    assert isinstance(first, Counter)
    _add(first, brief[FIRST])
    for name in BRIEF:
        _add(told.times[name], brief[name])


def _add_rest(told: Tallies, rest: Json) -> None:
    for name in TIMES:
        if name not in BRIEF:
            _add(told.times[name], rest[name])
    for user, did in rest["teammates"].items():
        mate = told.mates.setdefault(user, Mate())
        mate.answered += did["answered"]
        mate.handed_off += did["handed off"]
        _add(mate.times, did["took"])
        _add(mate.open_times, did["office hours"])


def _add(counts: Counter[int], bars: dict[str, int]) -> None:
    """JSON's keys are text."""
    for at, number in bars.items():
        counts[int(at)] += number


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
