"""Daily histograms, and how they are kept: a day is counted anew once something happened to it."""

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.core.base import add_if_absent
from models.core.query_pipeline import QueryPipeline
from models.core.sql_time import HOUR_SECONDS
from models.reports.counts import (
    DURATION_NAMES,
    FIRST_REPLY,
    FIRST_REPLY_OFFICE,
    PeriodCounts,
    StatsFilter,
    TeammateCounts,
    query_counts,
)
from models.reports.daily_stats import DailyStats, RollupProgress
from models.sources.mention import Mention
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import Turn

BUCKET_GROWTH = (
    1.1  # each bucket's length is so much more than the one before: times are told to within a tenth
)
FINE_MAX_SECONDS = 60  # below so many seconds each second has its own
LATE_COMMIT_MAX_EVENTS = 500  # events that may become visible after one with a higher number
BRIEF_DURATIONS = (FIRST_REPLY, FIRST_REPLY_OFFICE)
DAY_SECONDS = 86_400

Json = dict[str, Any]


def bucket_start(took: int) -> int:
    """The least whole number of seconds in the bucket of `took`."""
    if took < FINE_MAX_SECONDS:
        return took
    step = int(math.log(took / FINE_MAX_SECONDS, BUCKET_GROWTH) + 1e-9)
    low = math.ceil(FINE_MAX_SECONDS * BUCKET_GROWTH**step - 1e-9)
    return low if low <= took else math.ceil(FINE_MAX_SECONDS * BUCKET_GROWTH ** (step - 1) - 1e-9)


# --- counting -----------------------------------------------------------------------------------------------


def first_uncounted_day(session: Session, today: date) -> date | None:
    """The first day, up to `today`, that was never counted; None if all were."""
    tally = session.get(RollupProgress, 1)
    if tally is None or tally.next_day is None:
        first = session.scalar(select(func.min(Mention.posted_at)))
        return min(first.date(), today) if first is not None else None
    return tally.next_day if tally.next_day <= today else None


def last_event_id(session: Session) -> int:
    """The number of the newest event."""
    return session.scalar(select(func.max(Event.id))) or 0


def list_changed_days(session: Session, until: int, today: date) -> list[date]:
    """The days that events up to number `until` had to do with, since that was asked last."""
    tally = session.get(RollupProgress, 1)
    if tally is None or tally.event_id >= until:
        return []
    fresh = (
        select(Event.ticket_id)
        .where(
            Event.id > tally.event_id - LATE_COMMIT_MAX_EVENTS,
            Event.id <= until,
            Event.ticket_id.is_not(None),
        )
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


def mark_events_counted(session: Session, until: int) -> None:
    """All that events up to number `until` had to do with is counted."""
    _lock_progress(session).event_id = until


def count_day(session: Session, day: date, *, is_next: bool = False) -> None:
    """Count `day` anew; `is_next` if it was never counted before, nor was any later one."""
    tally = _lock_progress(session)
    since, until = _midnight(day), _midnight(day + timedelta(days=1))
    session.execute(delete(DailyStats).where(DailyStats.day == day))
    for network, channel in _network_channels(session, since, until):
        told = query_counts(
            QueryPipeline(session),
            since,
            until,
            StatsFilter(channel=channel, network=network),
            step=HOUR_SECONDS,
        )()
        place = {"day": day, "network": network, "channel": channel}
        session.execute(insert(DailyStats).values(**place, brief=_brief_json(told), rest=_rest_json(told)))
    if is_next:
        tally.next_day = day + timedelta(days=1)


def _lock_progress(session: Session) -> RollupProgress:
    """The one row, held: two who count would trip over each other."""
    query = select(RollupProgress).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        add_if_absent(session, RollupProgress, id=1, event_id=last_event_id(session))
        found = session.scalars(query).one()
    return found


def _network_channels(session: Session, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """The networks and channels that have anything to do with that time."""
    place = select(Ticket.network, Ticket.channel).where(Ticket.network != CANARY_NETWORK).distinct()
    heard = select(Mention.ticket_id).where(Mention.posted_at >= since, Mention.posted_at < until)
    asked = select(Turn.ticket_id).where(Turn.asked_at >= since, Turn.asked_at < until)
    found = {
        (network, channel)
        for tickets in (heard, asked)
        for network, channel in session.execute(place.where(Ticket.id.in_(tickets.scalar_subquery())))
    }
    opened = place.where(Ticket.opened_at >= since, Ticket.opened_at < until)
    return sorted(found | {(network, channel) for network, channel in session.execute(opened)})


def _brief_json(told: PeriodCounts) -> Json:
    heard = Counter[int]()
    for slot, number in told.heard.items():
        heard[slot % DAY_SECONDS // HOUR_SECONDS] += number
    return {
        "heard": heard,
        "outcomes": {outcome: slots.total() for outcome, slots in told.outcomes.items() if slots},
        "unanswered": told.unanswered,
        **{name: _histogram(told.times[name]) for name in BRIEF_DURATIONS},
    }


def _rest_json(told: PeriodCounts) -> Json:
    mates = {
        user: {
            "answered": mate.answered,
            "handed off": mate.handed_off,
            "took": _histogram(mate.times),
            "office hours": _histogram(mate.open_times),
        }
        for user, mate in told.mates.items()
    }
    times = {name: _histogram(counts) for name, counts in told.times.items() if name not in BRIEF_DURATIONS}
    return times | {"teammates": mates}


def _histogram(counts: Counter[int]) -> Counter[int]:
    """`counts` of seconds by bucket."""
    bars = Counter[int]()
    for took, number in counts.items():
        bars[bucket_start(took)] += number
    return bars


# --- reading ------------------------------------------------------------------------------------------------


def read_days(
    ask: QueryPipeline, first: date, last: date, whose: StatsFilter, *, brief: bool = False
) -> PeriodCounts | None:
    """What the UTC days from `first` to `last` came to; None if some of them are not counted yet.

    Not of one person: whose a ticket is changes, and so few are counted quickly. `brief` as in `count`.
    """
    counted = next((next_day for (next_day,) in ask(select(RollupProgress.next_day))()), None)
    if counted is None or counted <= last:
        return None
    query = select(DailyStats.day, DailyStats.brief, *([] if brief else [DailyStats.rest]))
    query = query.where(DailyStats.day >= first, DailyStats.day <= last)
    if whose.network is not None:
        query = query.where(DailyStats.network == whose.network)
    if whose.channel is not None:
        query = query.where(DailyStats.channel == whose.channel)
    told = PeriodCounts()
    for day, *parts in ask(query)():
        _add_day(told, int(_midnight(day).timestamp()), parts[0])
        for rest in parts[1:]:
            _add_rest(told, rest)
    return told


def _add_day(told: PeriodCounts, midnight: int, brief: Json) -> None:
    told.unanswered += brief["unanswered"]
    for hour, number in brief["heard"].items():
        told.heard[midnight + int(hour) * HOUR_SECONDS] += number
    for outcome, number in brief["outcomes"].items():
        told.outcomes[outcome][midnight] += number
    first = told.first[midnight]
    assert isinstance(first, Counter)
    _add_histogram(first, brief[FIRST_REPLY])
    for name in BRIEF_DURATIONS:
        _add_histogram(told.times[name], brief[name])


def _add_rest(told: PeriodCounts, rest: Json) -> None:
    for name in DURATION_NAMES:
        if name not in BRIEF_DURATIONS:
            _add_histogram(told.times[name], rest[name])
    for user, did in rest["teammates"].items():
        mate = told.mates.setdefault(user, TeammateCounts())
        mate.answered += did["answered"]
        mate.handed_off += did["handed off"]
        _add_histogram(mate.times, did["took"])
        _add_histogram(mate.open_times, did["office hours"])


def _add_histogram(counts: Counter[int], bars: dict[str, int]) -> None:
    """JSON's keys are text."""
    for at, number in bars.items():
        counts[int(at)] += number


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
