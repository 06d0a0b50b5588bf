"""Builds the statistics of a period: exact up to three months, from daily counts for longer. Reads only."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, chain
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.core.period import Period, StatsQuery
from models.core.query_pipeline import QueryPipeline, open_pipeline
from models.core.sql_time import HOUR_SECONDS
from models.reports import daily_rollup
from models.reports.counts import (
    DURATION_NAMES,
    OUTCOMES,
    QUARTER_SECONDS,
    PeriodCounts,
    StatsFilter,
    TeammateCounts,
    query_counts,
)

EXACT_MAX_DAYS = 92
HOURS_PER_WEEK = 168


@dataclass(frozen=True, slots=True)
class DurationStats:
    """How long something took, in `number` cases; `within` is how many of them met the target."""

    number: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None
    within: int = 0

    @property
    def share(self) -> float | None:
        """The share within the target, 0 to 1; None without cases."""
        return self.within / self.number if self.number else None


@dataclass(frozen=True, slots=True)
class TeammateStats:
    """What one teammate (Slack id) did."""

    user: str
    answered: int
    handed_off: int
    durations: DurationStats
    office_durations: DurationStats


@dataclass(frozen=True, slots=True)
class DayStats:
    """One day: the outcomes of the tickets that began on it, and the median time to their first reply."""

    day: date
    outcomes: tuple[int, ...]  # in the order of OUTCOMES
    first_reply: timedelta | None


@dataclass(frozen=True, slots=True)
class PeriodStats:
    """The statistics of a period. `outcomes` add up to all tickets; `unanswered` are among those waiting."""

    period: Period
    is_exact: bool
    heard: int
    outcomes: dict[str, int]
    unanswered: int
    times: dict[str, DurationStats]
    hours: tuple[int, ...]  # mentions by hour of the week, Monday midnight first
    days: tuple[DayStats, ...]
    people: tuple[TeammateStats, ...]

    @property
    def tickets(self) -> int:
        """How many conversations began."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class StatsReport:
    """The statistics of a period and, in brief, of the one before."""

    current: PeriodStats
    previous: PeriodStats


@dataclass(frozen=True, slots=True)
class OtherTarget:
    """What was counted in the channels that have another target than the rest, and that target."""

    counts: PeriodCounts
    target: timedelta


StatsBuilder = Callable[[timedelta], PeriodStats]
"""Returns the statistics, given the target."""

NO_OTHER_TARGETS: Mapping[str, timedelta] = MappingProxyType({})


def build_report(
    session: Session,
    question: StatsQuery,
    *,
    target: timedelta,
    other_targets: Mapping[str, timedelta] = NO_OTHER_TARGETS,
) -> StatsReport:
    """Returns the answer to `question`; `target` is the time within which a first reply is due.

    `other_targets` are those of the Slack channels where it is another one. For a question about one channel,
    `target` is that of the channel.
    """
    whose = StatsFilter(question.person, question.channel, question.network, question.account, question.track)
    with open_pipeline(session) as ask:
        others = other_targets if question.channel is None else NO_OTHER_TARGETS
        now = query_stats(ask, question.period, whose, other_targets=others)
        before = query_stats(ask, question.period.before, whose, brief=True)
        return StatsReport(current=now(target), previous=before(target))


def query_stats(
    ask: QueryPipeline,
    period: Period,
    whose: StatsFilter,
    *,
    brief: bool = False,
    other_targets: Mapping[str, timedelta] = NO_OTHER_TARGETS,
) -> StatsBuilder:
    """Query the statistics of `period`: exact up to 92 days, or for a person or track, else by daily counts.

    If some of its days are not counted yet, all are counted now, however long that takes. `brief` is for
    comparisons. `other_targets` are those of `build_report`; each different one costs two more queries.
    Returns a function that waits for the rows and counts them.
    """
    groups: dict[timedelta, list[str]] = defaultdict(list)
    for channel, target in sorted(other_targets.items()):
        groups[target].append(channel)
    days = period.days
    if len(days) > EXACT_MAX_DAYS and not whose.is_exact:
        last = min(days[-1], period.now.astimezone(UTC).date())
        counts = daily_rollup.read_days(ask, days[0], last, whose, brief=brief)
        if counts is not None:
            of_groups = [
                (daily_rollup.read_days(ask, days[0], last, replace(whose, channels=tuple(here))), target)
                for target, here in groups.items()
            ]
            known = [OtherTarget(one, target) for one, target in of_groups if one is not None]
            return lambda target: _build_stats(counts, period, ZoneInfo("UTC"), target, known, is_exact=False)
    step = HOUR_SECONDS if _has_whole_hours(period) else QUARTER_SECONDS
    count = query_counts(ask, period.since, period.until, whose, step=step, brief=brief)
    in_groups = [
        (
            query_counts(
                ask,
                period.since,
                period.until,
                replace(whose, channels=tuple(here)),
                step=step,
                times_only=True,
            ),
            target,
        )
        for target, here in groups.items()
    ]

    def build(target: timedelta) -> PeriodStats:
        whole = count()
        others = [OtherTarget(collect(), their) for collect, their in in_groups]
        return _build_stats(whole, period, period.zone, target, others, is_exact=True)

    return build


def _build_stats(
    counts: PeriodCounts,
    period: Period,
    zone: ZoneInfo,
    target: timedelta,
    others: Sequence[OtherTarget] = (),
    *,
    is_exact: bool,
) -> PeriodStats:
    local = _local_times(zone, chain(counts.heard, *counts.outcomes.values()))
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    for outcome, slots in counts.outcomes.items():
        for slot, number in slots.items():
            by_day[local[slot].date()][outcome] += number
    first: dict[date, Counter[int]] = defaultdict(Counter)
    for slot, took in counts.first.items():
        first[local[slot].date()].update(took)
    hours = [0] * HOURS_PER_WEEK
    for slot, number in counts.heard.items():
        hours[local[slot].weekday() * 24 + local[slot].hour] += number
    outcomes = {outcome: slots.total() for outcome, slots in counts.outcomes.items()}
    return PeriodStats(
        period=period,
        is_exact=is_exact,
        heard=counts.heard.total(),
        outcomes=outcomes,
        unanswered=counts.unanswered,
        times={
            name: compute_durations(
                counts.times[name], target, [(one.counts.times[name], one.target) for one in others]
            )
            for name in DURATION_NAMES
        },
        hours=tuple(hours),
        days=tuple(
            DayStats(
                day, tuple(by_day[day][one] for one in OUTCOMES), compute_durations(first[day], target).median
            )
            for day in period.days
        ),
        people=tuple(
            _teammate_stats(user, mate, target, others) for user, mate in sorted(counts.mates.items())
        ),
    )


def _has_whole_hours(period: Period) -> bool:
    """Whether local hours begin when UTC's do: not in India, Nepal or Newfoundland.

    On Lord Howe Island they do for half of the year, so the last day's end counts, too.
    """
    midnights = [datetime.combine(day, time()) for day in (*period.days, period.last + timedelta(days=1))]
    offsets = {period.zone.utcoffset(midnight) for midnight in midnights}
    return all(offset is not None and not offset % timedelta(hours=1) for offset in offsets)


def _local_times(zone: ZoneInfo, slots: Iterable[int]) -> dict[int, datetime]:
    """Returns the local time of each slot."""
    return {slot: datetime.fromtimestamp(slot, zone) for slot in set(slots)}


def _teammate_stats(
    user: str, mate: TeammateCounts, target: timedelta, others: Sequence[OtherTarget]
) -> TeammateStats:
    theirs = [(one.counts.mates[user], one.target) for one in others if user in one.counts.mates]
    took = compute_durations(mate.times, target, [(one.times, at) for one, at in theirs])
    took_open = compute_durations(mate.open_times, target, [(one.open_times, at) for one, at in theirs])
    return TeammateStats(user, mate.answered, mate.handed_off, took, took_open)


def compute_durations(
    counts: Counter[int], target: timedelta, others: Sequence[tuple[Counter[int], timedelta]] = ()
) -> DurationStats:
    """Returns the statistics of `counts`: cases by seconds.

    `others` are those cases among them that have another target.
    """
    if not counts:
        return DurationStats()
    seconds = sorted(counts)
    upto = list(accumulate(counts[took] for took in seconds))  # how many took that long or less
    short = bisect_right(seconds, int(target.total_seconds()))
    within = upto[short - 1] if short else 0
    for some, their_target in others:
        within += _count_within(some, their_target) - _count_within(some, target)
    half, most = (_quantile(seconds, upto, share) for share in (0.5, 0.9))
    return DurationStats(number=upto[-1], median=half, p90=most, within=within)


def _count_within(counts: Counter[int], target: timedelta) -> int:
    return sum(number for took, number in counts.items() if took <= int(target.total_seconds()))


def _quantile(seconds: list[int], upto: list[int], share: float) -> timedelta:
    """The seconds below which `share` of all cases lie, interpolated between neighbours."""
    place = share * (upto[-1] - 1)
    low = int(place)
    below, above = (seconds[bisect_right(upto, one)] for one in (low, min(low + 1, upto[-1] - 1)))
    return timedelta(seconds=below + (above - below) * (place - low))
