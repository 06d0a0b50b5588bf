"""Office hours: when the team is at work, and how much of that time lies between two moments. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

Span = tuple[timedelta, timedelta]  # from the midnight with which its day begins; may end on the day after

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ONE_DAY = timedelta(days=1)
_ROUND_THE_CLOCK = (((timedelta(), _ONE_DAY),),) * len(_WEEKDAYS)
_HOLIDAY_MAX_DAYS = 366  # days: anything longer is a slip of the pen in a year
_HORIZON_DAYS = 36_525  # days, a century: one open minute a week adds up to a day in 28 years

_HOURS_HINT = "use days and times, such as Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00"
_ZONE_HINT = "use an IANA time zone, such as Europe/Berlin"
_HOLIDAYS_HINT = "use dates and ranges of at most a year, such as 2026-10-03, 2026-12-24..2027-01-01"

_GROUP = re.compile(r"([a-z,-]+)((?: [0-9:]+-[0-9:]+)+)")
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The open spans of each weekday, Monday first, in the local time of `zone`, except on `holidays`.

    A span belongs to the day on which it begins, even if it passes midnight. When clocks change, elapsed time
    counts: a local time that is skipped is the first moment after the gap, and of one that occurs twice the
    first begins a span and the second ends it.

    All arguments are aware datetimes; those returned are in UTC.
    """

    week: tuple[tuple[Span, ...], ...]
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()

    @classmethod
    def parse(cls, text: str, zone: str, holidays: str) -> "OfficeHours":
        """Parse office hours as a person writes them.

        `text` is like `Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00`; blank means always open. `zone` is
        an IANA name. `holidays` are dates and ranges like `2026-10-03, 2026-12-24..2027-01-01`, or blank.
        Each argument is checked by itself.

        Raises `ValueError` with a sentence that says what to write.
        """
        return cls(_parse_week(text), _parse_zone(zone), frozenset(_parse_holidays(holidays)))

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in a span. The end of a span is not part of it."""
        moment = at.astimezone(UTC)
        begin, _ = next(self._spans(moment), (None, None))
        return begin == moment

    def add_open_time(self, start: datetime, worked: timedelta) -> datetime:
        """Returns the first moment by which `worked` of open time has passed since `start`.

        Raises `ValueError` if that is more than a century away.
        """
        moment = start.astimezone(UTC)
        if worked <= timedelta():
            return moment
        if self._never_closes:
            return moment + worked
        left = worked
        for begin, end in self._spans(moment):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise ValueError(f"There are not {worked} of office hours within a century.")

    def open_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Returns the open time from `start` to `end`, of a century at most; zero if `end` is earlier."""
        until = end.astimezone(UTC)
        if self._never_closes:
            return max(until - start.astimezone(UTC), timedelta())
        spans = takewhile(lambda span: span[0] < until, self._spans(start.astimezone(UTC)))
        return sum((min(close, until) - begin for begin, close in spans), timedelta())

    @property
    def open_time_per_week(self) -> timedelta:
        """How long it is open in a week without holidays, by the wall clock."""
        return sum((closes - opens for spans in self.week for opens, closes in spans), timedelta())

    @property
    def _never_closes(self) -> bool:
        """Whether it is always open: then no calendar is needed. A page of posts asks hundreds of times."""
        return self.week == _ROUND_THE_CLOCK and not self.holidays

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open spans from `moment` on, in order and without overlap."""
        done = moment
        # From two days before: a span may pass midnight, and so may clocks that are put back just after it.
        first = moment.astimezone(self.zone).toordinal() - 2
        for day in map(date.fromordinal, range(first, min(first + _HORIZON_DAYS, date.max.toordinal()))):
            if day in self.holidays:
                continue
            midnight = datetime.combine(day, time())
            for opens, closes in self.week[day.weekday()]:
                begin = max(done, self._instants(midnight + opens)[0])
                end = self._instants(midnight + closes)[1]
                if begin < end:
                    yield begin, end
                    done = end

    def _instants(self, wall: datetime) -> tuple[datetime, datetime]:
        """The first and the last moment at which clocks show `wall`; if they skip it, when they do so."""
        first = wall.replace(tzinfo=self.zone).astimezone(UTC)
        last = wall.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        if first > last:  # so a skipped time is told: https://peps.python.org/pep-0495/#the-fold-attribute
            first = last = self._skipped_second(wall, last, first)
        return first, last

    def _skipped_second(self, wall: datetime, before: datetime, after: datetime) -> datetime:
        """The second between two moments at which clocks jump over `wall`."""

        def shown(second: int) -> datetime:
            return (before + timedelta(seconds=second)).astimezone(self.zone).replace(tzinfo=None)

        seconds = range(int((after - before).total_seconds()))
        return before + timedelta(seconds=bisect_left(seconds, wall, key=shown))


def _parse_week(text: str) -> tuple[tuple[Span, ...], ...]:
    week: list[set[Span]] = [set() for _ in _WEEKDAYS]
    groups = text.lower().split(";") if text.strip() else ["mon-sun 00:00-24:00"]
    for group in groups:
        tidy = re.sub(r" ?([,-]) ?", r"\1", " ".join(group.split()))
        parts = _GROUP.fullmatch(tidy)
        if not parts:
            raise ValueError(_HOURS_HINT)
        spans = [_parse_span(span) for span in parts[2].split()]
        for weekday in _parse_weekdays(parts[1]):
            week[weekday].update(spans)
    return tuple(tuple(_merge_spans(spans)) for spans in week)


def _parse_weekdays(text: str) -> Iterator[int]:
    """Parse `mon,wed` or `fri-mon`, which passes the end of the week."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS or part.endswith("-"):
            raise ValueError(_HOURS_HINT)
        begin, end = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
        yield from (weekday % 7 for weekday in range(begin, begin + (end - begin) % 7 + 1))


def _parse_span(text: str) -> Span:
    """Parse `22:00-06:00`.

    A span whose begin and end are equal could mean nothing or a day, so it is refused.
    """
    begin, end = map(_parse_time, text.split("-", 1))
    if begin == end or begin >= _ONE_DAY:
        raise ValueError(f"a span begins before 24:00 and does not end when it begins; {_HOURS_HINT}")
    return begin, end if begin < end else end + _ONE_DAY


def _parse_time(text: str) -> timedelta:
    parts = _TIME.fullmatch(text)
    at = timedelta(hours=int(parts[1]), minutes=int(parts[2])) if parts else None
    if at is None or at > _ONE_DAY:
        raise ValueError(f"a time is from 00:00 to 24:00; {_HOURS_HINT}")
    return at


def _merge_spans(spans: set[Span]) -> list[Span]:
    """The spans of one day, in order, with touching and overlapping ones merged."""
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _parse_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name.strip())
    except (LookupError, ValueError, OSError):  # unknown; no path; a folder such as Europe
        raise ValueError(_ZONE_HINT) from None


def _parse_holidays(text: str) -> Iterator[date]:
    for part in text.split(",") if text.strip() else ():
        first, dots, last = part.partition("..")
        begin = _parse_date(first)
        end = _parse_date(last) if dots else begin
        if not 0 <= (end - begin).days < _HOLIDAY_MAX_DAYS:
            raise ValueError(_HOLIDAYS_HINT)
        yield from map(date.fromordinal, range(begin.toordinal(), end.toordinal() + 1))


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_HOLIDAYS_HINT) from None


ALWAYS_OPEN = OfficeHours.parse("", "UTC", "")
