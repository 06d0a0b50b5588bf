"""Parses lengths of time as people type them: `2h`, `90 min`, `1h30m`, `2 days from now`. Pure."""

import re
from dataclasses import dataclass
from datetime import timedelta

_DAY_HOURS = 24
_LENGTH_MAX_HOURS = 5  # hours: `1h30` is a length, `9h30` and `17h30` are times of day
# By the clock that ticks, and by the calendar: a day later it is the same time, whatever clocks do meanwhile.
_CLOCK_UNITS = {"m": "minutes", "h": "hours"}
_CALENDAR_UNITS = {"d": "days", "w": "weeks"}
_UNIT = r"(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)"
_PART = re.compile(
    rf"(\d{{1,5}}(?:[.,]\d{{1,2}})?|an?|half an?) ?{_UNIT}(?![a-z])(?: and|,)? ?(?:(\d{{1,2}})$)?"
)
_HOUR_AND_MINUTES = re.compile(r"(\d{1,2}) ?h ?(\d{2})")


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time: `calendar` days first, then `ticking` time.

    They differ when clocks change: one calendar day later it is the same local time.
    """

    calendar: timedelta
    ticking: timedelta


def parse_length(typed: str) -> Length | None:
    """Parse `2h`, `1h30m`, `1h 30`, `an hour and 5 min`, `2 days from now`.

    Returns None for anything else.
    """
    ticking, calendar, rest = timedelta(), timedelta(), typed.removesuffix(" from now")
    if not rest:
        return None
    while rest:
        part = _PART.match(rest)
        if part is None:
            return None
        number, unit = _parse_number(part[1]), part[2][0]
        if unit in _CLOCK_UNITS:
            ticking += timedelta(**{_CLOCK_UNITS[unit]: number})
        elif number == int(number):
            calendar += timedelta(**{_CALENDAR_UNITS[unit]: number})
        else:
            ticking += timedelta(**{_CALENDAR_UNITS[unit]: number})
        if part[3] is not None:  # minutes need no word behind hours
            if unit != "h" or (
                part[2] == "h" and is_hour_of_day(part[1])
            ):  # 2 days 17h30 is a day and a time
                return None
            ticking += timedelta(minutes=int(part[3]))
        rest = rest[part.end() :].strip()
    return Length(calendar, ticking)


def is_time_of_day(typed: str) -> bool:
    """Whether `typed` is a time of day and not a length: `17h30` and `09h30` are, `1h30` is not."""
    found = _HOUR_AND_MINUTES.fullmatch(typed)
    return found is not None and is_hour_of_day(found[1])


def is_hour_of_day(digits: str) -> bool:
    """Whether `digits` before an `h` are an hour of the day rather than a number of hours."""
    return (
        digits.isdecimal()
        and (len(digits) > 1 or int(digits) > _LENGTH_MAX_HOURS)
        and int(digits) < _DAY_HOURS
    )


def _parse_number(typed: str) -> float:
    if typed.startswith("half"):
        return 0.5
    return 1.0 if typed.startswith("a") else float(typed.replace(",", "."))
