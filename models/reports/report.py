"""A period in figures, for whoever asks: exact up to three months, from daily counts for longer."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, chain
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.core.period import Period, Question
from models.core.query_pipeline import Ask, ahead
from models.core.sql_time import HOUR
from models.reports import daily_rollup
from models.reports.counts import OUTCOMES, QUARTER, TIMES, Mate, Tallies, Whose, counting

EXACT_DAYS = 92
HOURS_A_WEEK = 168


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, over `number` cases; `within` says in how many it took at most the target."""

    number: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    within: int = 0

    @property
    def share(self) -> float | None:
        """The share within the target; None of nothing."""
        return self.within / self.number if self.number else None


@dataclass(frozen=True, slots=True)
class Person:
    """What one teammate did."""

    user: str
    answered: int
    handed_off: int
    took: Times
    took_open: Times


@dataclass(frozen=True, slots=True)
class Day:
    """One day: what became of the tickets that began on it, and the median first reply to them."""

    day: date
    outcomes: tuple[int, ...]  # in the order of OUTCOMES
    first: timedelta | None


@dataclass(frozen=True, slots=True)
class Figures:
    """A period in figures. `outcomes` add up to all tickets; `unanswered` are among those waiting."""

    period: Period
    is_exact: bool
    heard: int
    outcomes: dict[str, int]
    unanswered: int
    times: dict[str, Times]
    hours: tuple[int, ...]  # mentions by hour of the week, Monday midnight first
    days: tuple[Day, ...]
    people: tuple[Person, ...]

    @property
    def tickets(self) -> int:
        """How many conversations began."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a question: the period and, in brief, the one before."""

    now: Figures
    before: Figures


Told = Callable[[timedelta], Figures]
"""Figures, given the target."""


def report(session: Session, question: Question, *, target: timedelta) -> Report:
    """Answer `question`; `target` is within how long a first reply is owed."""
    whose = Whose(question.person, question.channel, question.network)
    with ahead(session) as ask:
        now = figures(ask, question.period, whose)
        before = figures(ask, question.period.before, whose, brief=True)
        return Report(now=now(target), before=before(target))


def figures(ask: Ask, period: Period, whose: Whose, *, brief: bool = False) -> Told:
    """Those of `period`: second by second up to 92 days, or of one person; else from what each day came to.

    What was not counted by day yet is counted now, however long that takes. `brief`: for a comparison. It is
    asked for now, and counted when it is told.
    """
    days = period.days
    if len(days) > EXACT_DAYS and whose.person is None:
        last = min(days[-1], period.now.astimezone(UTC).date())
        told = daily_rollup.read(ask, days[0], last, whose, brief=brief)
        if told is not None:
            return lambda target: _figures(told, period, ZoneInfo("UTC"), target, is_exact=False)
    step = HOUR if _has_whole_hours(period) else QUARTER
    count = counting(ask, period.since, period.until, whose, step=step, brief=brief)
    return lambda target: _figures(count(), period, period.zone, target, is_exact=True)


def _figures(told: Tallies, period: Period, zone: ZoneInfo, target: timedelta, *, is_exact: bool) -> Figures:
    local = _local(zone, chain(told.heard, *told.outcomes.values()))
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    for outcome, slots in told.outcomes.items():
        for slot, number in slots.items():
            by_day[local[slot].date()][outcome] += number
    first: dict[date, Counter[int]] = defaultdict(Counter)
    for slot, took in told.first.items():
        first[local[slot].date()].update(took)
    hours = [0] * HOURS_A_WEEK
    for slot, number in told.heard.items():
        hours[local[slot].weekday() * 24 + local[slot].hour] += number
    outcomes = {outcome: slots.total() for outcome, slots in told.outcomes.items()}
    return Figures(
        period=period,
        is_exact=is_exact,
        heard=told.heard.total(),
        outcomes=outcomes,
        unanswered=told.unanswered,
        times={name: times(told.times[name], target) for name in TIMES},
        hours=tuple(hours),
        days=tuple(
            Day(day, tuple(by_day[day][one] for one in OUTCOMES), times(first[day], target).median)
            for day in period.days
        ),
        people=tuple(_person(user, mate, target) for user, mate in sorted(told.mates.items())),
    )


def _has_whole_hours(period: Period) -> bool:
    """Whether hours there begin when they begin in UTC: not in India, Nepal or Newfoundland.

    On Lord Howe Island they do for half of the year; so the last day counts with where it ends.
    """
    midnights = [datetime.combine(day, time()) for day in (*period.days, period.last + timedelta(days=1))]
    offsets = {period.zone.utcoffset(midnight) for midnight in midnights}
    return all(offset is not None and not offset % timedelta(hours=1) for offset in offsets)


def _local(zone: ZoneInfo, slots: Iterable[int]) -> dict[int, datetime]:
    """Each slot by the clocks of `zone`; a slot lies in one hour of one day."""
    return {slot: datetime.fromtimestamp(slot, zone) for slot in set(slots)}


def _person(user: str, mate: Mate, target: timedelta) -> Person:
    took, took_open = times(mate.times, target), times(mate.open_times, target)
    return Person(user, mate.answered, mate.handed_off, took, took_open)


def times(counts: Counter[int], target: timedelta) -> Times:
    """What `counts` of seconds come to."""
    if not counts:
        return Times()
    rising = sorted(counts)
    upto = list(accumulate(counts[took] for took in rising))  # how many took so long or less
    short = bisect_right(rising, int(target.total_seconds()))
    half, most = (_quantile(rising, upto, share) for share in (0.5, 0.9))
    return Times(number=upto[-1], median=half, p90=most, within=upto[short - 1] if short else 0)


def _quantile(rising: list[int], upto: list[int], share: float) -> timedelta:
    """The seconds below which `share` of all lie, between neighbours in proportion."""
    place = share * (upto[-1] - 1)
    low = int(place)
    below, above = (rising[bisect_right(upto, one)] for one in (low, min(low + 1, upto[-1] - 1)))
    return timedelta(seconds=below + (above - below) * (place - low))
