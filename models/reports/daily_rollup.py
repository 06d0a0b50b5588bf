"""Maintains daily histograms: a day is counted again when something happened to its tickets."""

import math
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from models.core.account_filter import AccountFilter
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

BUCKET_GROWTH = 1.1  # each bucket is that much longer than the last: times are exact to a tenth
FINE_MAX_SECONDS = 60  # below that, each second is a bucket
LATE_COMMIT_MAX_EVENTS = 500  # events that may be committed after one with a higher id
BRIEF_DURATIONS = (FIRST_REPLY, FIRST_REPLY_OFFICE)
DAY_SECONDS = 86_400

Json = dict[str, Any]


def bucket_start(took: int) -> int:
    """Returns the smallest whole number of seconds in the bucket of `took` seconds."""
    if took < FINE_MAX_SECONDS:
        return took
    step = int(math.log(took / FINE_MAX_SECONDS, BUCKET_GROWTH) + 1e-9)
    low = math.ceil(FINE_MAX_SECONDS * BUCKET_GROWTH**step - 1e-9)
    return low if low <= took else math.ceil(FINE_MAX_SECONDS * BUCKET_GROWTH ** (step - 1) - 1e-9)


# --- counting -----------------------------------------------------------------------------------------------


def first_uncounted_day(session: Session, today: date) -> date | None:
    """Returns the first day (UTC), up to `today`, that was never counted; None if all were."""
    progress = session.get(RollupProgress, 1)
    if progress is None or progress.next_day is None:
        first = session.scalar(select(func.min(Mention.posted_at)))
        return min(first.date(), today) if first is not None else None
    return progress.next_day if progress.next_day <= today else None


def last_event_id(session: Session) -> int:
    """Returns the id of the newest event; 0 if there is none."""
    return session.scalar(select(func.max(Event.id))) or 0


def list_changed_days(session: Session, until: int, today: date) -> list[date]:
    """Returns the days (UTC) that events up to the id `until` concern and that were not counted since."""
    progress = session.get(RollupProgress, 1)
    if progress is None or progress.event_id >= until:
        return []
    fresh = (
        select(Event.ticket_id)
        .where(
            Event.id > progress.event_id - LATE_COMMIT_MAX_EVENTS,
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
    # That a card was posted is no event; it hardly ever takes longer than a day.
    days |= {today, today - timedelta(days=1)}
    return sorted(days)


def mark_events_counted(session: Session, until: int) -> None:
    """Record that all days concerned by events up to the id `until` are counted."""
    _lock_progress(session).event_id = until


def count_day(session: Session, day: date, *, is_next: bool = False) -> None:
    """Count `day` (UTC) again. `is_next` if neither it nor any later day was ever counted."""
    progress = _lock_progress(session)
    since, until = _midnight(day), _midnight(day + timedelta(days=1))
    session.execute(delete(DailyStats).where(DailyStats.day == day))
    for network, account_id, channel in _places(session, since, until):
        counts = query_counts(
            QueryPipeline(session),
            since,
            until,
            StatsFilter(channel=channel, account=AccountFilter("", ((network, account_id),))),
            step=HOUR_SECONDS,
        )()
        place = {"day": day, "network": network, "account_id": account_id, "channel": channel}
        session.execute(
            insert(DailyStats).values(**place, brief=_brief_json(counts), rest=_rest_json(counts))
        )
    if is_next:
        progress.next_day = day + timedelta(days=1)


def _lock_progress(session: Session) -> RollupProgress:
    """The one row, locked, so that two workers do not count at once."""
    query = select(RollupProgress).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        add_if_absent(session, RollupProgress, id=1, event_id=last_event_id(session))
        found = session.scalars(query).one()
    return found


def _places(session: Session, since: datetime, until: datetime) -> list[tuple[str, str, str]]:
    """The networks, accounts and channels that have tickets concerned by that time."""
    columns = (Ticket.network, Ticket.account_id, Ticket.channel)
    place = select(*columns).where(Ticket.network != CANARY_NETWORK).distinct()
    heard = select(Mention.ticket_id).where(Mention.posted_at >= since, Mention.posted_at < until)
    asked = select(Turn.ticket_id).where(Turn.asked_at >= since, Turn.asked_at < until)
    found = {
        (network, account_id, channel)
        for tickets in (heard, asked)
        for network, account_id, channel in session.execute(
            place.where(Ticket.id.in_(tickets.scalar_subquery()))
        )
    }
    twins = select(Mention.network, Mention.account_id, Ticket.channel).distinct()
    twins = twins.join(Ticket, Ticket.id == Mention.ticket_id).where(
        Mention.posted_at >= since, Mention.posted_at < until, Mention.network != Ticket.network
    )
    found |= {(network, account_id, channel) for network, account_id, channel in session.execute(twins)}
    opened = place.where(Ticket.opened_at >= since, Ticket.opened_at < until)
    return sorted(
        found | {(network, account_id, channel) for network, account_id, channel in session.execute(opened)}
    )


def _brief_json(counts: PeriodCounts) -> Json:
    heard = Counter[int]()
    for slot, number in counts.heard.items():
        heard[slot % DAY_SECONDS // HOUR_SECONDS] += number
    return {
        "heard": heard,
        "outcomes": {outcome: slots.total() for outcome, slots in counts.outcomes.items() if slots},
        "unanswered": counts.unanswered,
        **{name: _histogram(counts.times[name]) for name in BRIEF_DURATIONS},
    }


def _rest_json(counts: PeriodCounts) -> Json:
    mates = {
        user: {
            "answered": mate.answered,
            "handed off": mate.handed_off,
            "took": _histogram(mate.times),
            "office hours": _histogram(mate.open_times),
        }
        for user, mate in counts.mates.items()
    }
    times = {name: _histogram(times) for name, times in counts.times.items() if name not in BRIEF_DURATIONS}
    return times | {"teammates": mates}


def _histogram(counts: Counter[int]) -> Counter[int]:
    """Returns `counts` of seconds, summed by bucket."""
    bars = Counter[int]()
    for took, number in counts.items():
        bars[bucket_start(took)] += number
    return bars


# --- reading ------------------------------------------------------------------------------------------------


def read_days(
    ask: QueryPipeline, first: date, last: date, whose: StatsFilter, *, brief: bool = False
) -> PeriodCounts | None:
    """Returns the counts of the UTC days from `first` to `last`; None if some of them are not counted yet.

    Not for one person: ownership changes, and so few tickets are counted fast. For `brief` see
    `query_counts`.
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
    if whose.channels:
        query = query.where(DailyStats.channel.in_(whose.channels))
    if whose.account is not None:
        query = query.where(whose.account.condition(DailyStats.network, DailyStats.account_id))
    counts = PeriodCounts()
    for day, *parts in ask(query)():
        _add_day(counts, int(_midnight(day).timestamp()), parts[0])
        for rest in parts[1:]:
            _add_rest(counts, rest)
    return counts


def _add_day(counts: PeriodCounts, midnight: int, brief: Json) -> None:
    counts.unanswered += brief["unanswered"]
    for hour, number in brief["heard"].items():
        counts.heard[midnight + int(hour) * HOUR_SECONDS] += number
    for outcome, number in brief["outcomes"].items():
        counts.outcomes[outcome][midnight] += number
    first = counts.first[midnight]
    assert isinstance(first, Counter)
    _add_histogram(first, brief[FIRST_REPLY])
    for name in BRIEF_DURATIONS:
        _add_histogram(counts.times[name], brief[name])


def _add_rest(counts: PeriodCounts, rest: Json) -> None:
    for name in DURATION_NAMES:
        if name not in BRIEF_DURATIONS:
            _add_histogram(counts.times[name], rest[name])
    for user, did in rest["teammates"].items():
        mate = counts.mates.setdefault(user, TeammateCounts())
        mate.answered += did["answered"]
        mate.handed_off += did["handed off"]
        _add_histogram(mate.times, did["took"])
        _add_histogram(mate.open_times, did["office hours"])


def _add_histogram(counts: Counter[int], bars: dict[str, int]) -> None:
    """Add the histogram `bars`, whose keys are text in JSON, to `counts`."""
    for at, number in bars.items():
        counts[int(at)] += number


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
