"""Parses days and times of day as people type them: `9am tomorrow`, `tomorrow at 9`, `3pm on friday`. Pure.

This reads a day and a time of day, in either order; lengths are in `models.core.time_lengths`. Which moment
that is, and in which zone, is computed in `models.core.natural_time`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import Enum

import regex  # the Unicode properties that `re` lacks

from models.core.command_words import collapse_spaces
from models.core.time_lengths import is_hour_of_day, is_time_of_day

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_PREFIXES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MOMENT_MAX_CHARS = 100  # characters: nobody needs more for a moment
DEFAULT_TIME_OF_DAY = time(9)

_FULL_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS_AHEAD = dict.fromkeys(("tomorrow", "tmrw", "tmr", "tomorow", "tommorow", "tommorrow"), 1) | {
    "today": 0,
    "overmorrow": 2,
}
_NAMED_TIMES = {"noon": time(12), "midday": time(12), "eod": time(17), "midnight": time(0)}
# The hour that is meant where none is named, and the hours that may be.
_DAY_PARTS = {
    "morning": (9, range(12)),
    "afternoon": (14, range(12, 19)),
    "evening": (18, range(15, 24)),
    "night": (20, range(17, 24)),
}
_HALF_DAY_HOURS = 12
_DAY_HOURS = 24

# --- made plain ---------------------------------------------------------------------------------------------

_FULL_WIDTH: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DASHES: dict[int, int | str] = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_EMOJI = regex.compile(r"(?: :(?=[^: ]*[a-z+])[a-z0-9_+'-]+:(?::skin-tone-[2-6]:)?)+$")
_MARKS = regex.compile(r"[*_~`\"“”«»()\[\]{}\p{So}\p{Sk}\p{Default_Ignorable_Code_Point}]")
_BEFORE = regex.compile(r"^[^\p{L}\p{N}@.+-]+")
_BEHIND = regex.compile(r"[^\p{L}\p{N}]+$")
_MAY_BE_A_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.")  # 1.12. to some; without its last point a time to all
_LEADING_WORDS = frozenset(
    {"for", "in", "until", "untill", "till", "til", "'til", "\u2019til", "on", "by", "to"}
)
_OBJECT_WORDS = frozenset({"it", "this", "that", "one"})
_POLITE_WORDS = frozenset({"please", "pls", "plz", "thanks", "thx", "cheers"})

# Ways to say one thing, each as the one that is read below; in this order.
_REPLACEMENTS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\b([ap])\.m\.?", r"\1m"),
        (r"(?<=[a-z])\.(?= |$)", ""),  # fri. 1 dec.
        (r"(\d{1,2}) ?o['\u2019]?clock", r"\1:00"),
        (r"(\d) (am|pm)\b", r"\1\2"),
        (r"(\d{4}-\d{1,2}-\d{1,2})t(?=\d)", r"\1 "),
        (r"@", " at "),
        (r"[,;]| - ", " "),
        (r"\b(?:the )?day after tomorrow\b", "overmorrow"),
        (r"\b(?:end of (?:the )?week|eow)\b", "friday eod"),
        (r"\b(?:(?:the )?end of (?:the )?day|close of business|cob)\b", "eod"),
        (r"\bfirst thing(?: in the morning)?\b", "morning"),
        (r"\b(?:in )?the (morning|afternoon|evening)\b", r"\1"),
        (r"\bthis (morning|afternoon|evening)\b", r"today \1"),
        (r"\btonight\b", "today night"),
        (r"\bat night\b", "night"),
        (r"\b12 (noon|midnight)\b", r"\1"),
        (r"\bnext week\b", "next-week"),
    )
)


def normalize_moment(text: str) -> str:
    """Returns `text` in lower case with single blanks, without the words and signs around the time itself."""
    typed = collapse_spaces(text.translate(_FULL_WIDTH | _DASHES)).lower()
    typed = _MARKS.sub("", _EMOJI.sub("", typed))
    words = _BEFORE.sub("", typed).split()
    while len(words) > 1 and (
        words[0] in _LEADING_WORDS or (words[0] in _OBJECT_WORDS and words[1] in _LEADING_WORDS)
    ):
        words.pop(0)
    while words and words[-1].strip(",;.!") in _POLITE_WORDS:
        words.pop()
    typed = " ".join(words)
    return typed if _MAY_BE_A_DATE.fullmatch(typed) else str(_BEHIND.sub("", typed))


# --- read ---------------------------------------------------------------------------------------------------

_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(am|pm)?")
_HOUR_H_MINUTES = re.compile(r"\d{1,2}h\d{2}")  # 17h30, also typed with blanks
_HOURS = re.compile(r"(\d{1,2})h")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_DAY_MONTH = re.compile(rf"{_NTH} (?:of )?([a-z]+)(?: (\d{{4}}))?")
_MONTH_DAY = re.compile(rf"([a-z]+) (?:the )?{_NTH}(?: (\d{{4}}))?")
_NTH_ALONE = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_COUNT = re.compile(r"(\d{1,2}) ?(d|days?|w|wks?|weeks?)")


@dataclass(frozen=True, slots=True)
class DayTime:
    """A time of day on `day`, or (None) at its next occurrence. `is_weekday`: `day` stands for a weekday."""

    day: date | None
    at: time
    is_weekday: bool = False


@dataclass(frozen=True, slots=True)
class _Day:
    """A day. `takes_bare`: a number alone beside it is an hour. `is_enough`: it needs no time of day."""

    on: date
    takes_bare: bool = True
    is_enough: bool = True
    is_weekday: bool = False


class _ClockStyle(Enum):
    """How a time of day was written."""

    CLOCK = "9:30, 9am"
    BARE = "9"
    BARE_AT = "at 9"
    HOURS = "17h, 3h30"
    NAMED = "noon"
    MIDNIGHT = "midnight"


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time of day. `is_open`: it may mean either half of the day."""

    at: time
    kind: _ClockStyle
    is_open: bool = False


def parse_day_time(typed: str, today: date) -> DayTime | None:
    """Parse a day and a time of day in either order, or one of them. Returns None for anything else.

    A part of the day may stand anywhere (`9 tomorrow morning`). What can be read in two ways is refused.
    """
    for pattern, plain in _REPLACEMENTS:
        typed = pattern.sub(plain, typed)
    words = typed.split()
    parts = [word for word in words if word in _DAY_PARTS]
    if len(parts) > 1:
        return None
    words = [word for word in words if word not in _DAY_PARTS]
    found = set(_readings(words, parts[0] if parts else None, today))
    return found.pop() if len(found) == 1 else None


def _readings(words: list[str], part: str | None, today: date) -> Iterator[DayTime]:
    """Each way to take the first words for the day and the others for the time, or the reverse."""
    for end in range(len(words) + 1):
        for day_words, clock_words in ((words[:end], words[end:]), (words[end:], words[:end])):
            day, clock = _parse_day(day_words, today), _parse_clock(clock_words)
            if (day is None and day_words) or (clock is None and clock_words):
                continue
            at = _time_of(day, clock, part)
            if at is not None:
                yield DayTime(day.on if day else None, at, is_weekday=day is not None and day.is_weekday)


def _time_of(day: _Day | None, clock: _Clock | None, part: str | None) -> time | None:
    """The time of day that these mean together; None if they do not fit, or are not enough."""
    if clock is None:
        if part is not None:
            return time(_DAY_PARTS[part][0])
        return DEFAULT_TIME_OF_DAY if day is not None and day.is_enough else None
    if part is not None:
        return _time_in_part(clock, part)
    if day is None:
        kinds = {_ClockStyle.CLOCK, _ClockStyle.NAMED, _ClockStyle.MIDNIGHT}
        kinds |= {_ClockStyle.BARE_AT} if clock.at.hour > _HALF_DAY_HOURS else set()
    else:
        kinds = {_ClockStyle.CLOCK, _ClockStyle.NAMED, _ClockStyle.HOURS, _ClockStyle.BARE_AT}
        kinds |= {_ClockStyle.BARE} if day.takes_bare else set()
    return clock.at if clock.kind in kinds else None


def _time_in_part(clock: _Clock, part: str) -> time | None:
    """The time in that part of the day: `7` in the evening is 19:00."""
    if clock.kind not in {_ClockStyle.CLOCK, _ClockStyle.BARE, _ClockStyle.BARE_AT}:
        return None
    hours = [clock.at.hour, *([clock.at.hour + _HALF_DAY_HOURS] if clock.is_open else [])]
    fitting = [hour for hour in hours if hour in _DAY_PARTS[part][1]]
    return clock.at.replace(hour=fitting[0]) if len(fitting) == 1 else None


def _parse_clock(words: list[str]) -> _Clock | None:
    """`9`, `at 9`, `9am`, `14:30`, `17h30`, `17h`, `noon`, `eod`."""
    has_at = words[:1] == ["at"]
    words = words[1:] if words[:1] in (["at"], ["by"]) else words
    typed = "".join(words)
    if len(words) != 1 and not _HOUR_H_MINUTES.fullmatch(typed):
        return None
    hours = _HOURS.fullmatch(typed)
    if typed in _NAMED_TIMES:
        return _Clock(_NAMED_TIMES[typed], _ClockStyle.MIDNIGHT if typed == "midnight" else _ClockStyle.NAMED)
    if hours is not None:
        return _Clock(time(int(hours[1])), _ClockStyle.HOURS) if is_hour_of_day(hours[1]) else None
    return _parse_digits(typed, has_at=has_at)


def _parse_digits(typed: str, *, has_at: bool) -> _Clock | None:
    """`9`, `9am`, `9:30`, `17h30`: as a clock shows it."""
    found = _CLOCK.fullmatch(typed)
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
    if half:
        hour = (
            hour % _HALF_DAY_HOURS + (_HALF_DAY_HOURS if half == "pm" else 0)
            if 1 <= hour <= _HALF_DAY_HOURS
            else _DAY_HOURS
        )
    bare = _ClockStyle.BARE_AT if has_at else _ClockStyle.BARE
    kind = _ClockStyle.CLOCK if found[2] or half else bare
    if "h" in typed and not is_time_of_day(typed):
        kind = _ClockStyle.HOURS
    try:
        return _Clock(time(hour, minute), kind, is_open=half is None and 1 <= hour < _HALF_DAY_HOURS)
    except ValueError:
        return None


def _parse_day(words: list[str], today: date) -> _Day | None:
    """`today`, `tomorrow`, `on fri`, `next monday`, `2026-12-01`, `1 dec`, `the 5th`, `in 2 days`."""
    while words and words[0] in {"on", "the", "in", "by"}:
        words = words[1:]
    typed = " ".join(words)
    for read in (
        _parse_named_day,
        _parse_next_week,
        _parse_iso_date,
        _parse_weekday_and_date,
        _parse_date,
        _parse_day_count,
    ):
        found = read(typed, words, today)
        if found is not None:
            return found
    return None


def _parse_named_day(typed: str, words: list[str], today: date) -> _Day | None:
    """`today`, `tomorrow`, `fri`, `this friday`, `next monday`."""
    if typed in _DAYS_AHEAD:
        ahead = _DAYS_AHEAD[typed]
        return _Day(today + timedelta(days=ahead), is_enough=ahead > 0)
    which = words[0] if words and words[0] in {"next", "this", "coming"} else ""
    rest = words[1:] if which else words
    number = weekday_number(rest[0]) if len(rest) == 1 else None
    if number is None:
        return None
    ahead = (number - today.weekday()) % 7 or (7 if which == "next" else 0)
    return _Day(today + timedelta(days=ahead), is_weekday=True)


def _parse_next_week(_typed: str, words: list[str], today: date) -> _Day | None:
    """`next week`, which begins on Monday; with a weekday before or behind it, that day of it."""
    if "next-week" not in words:
        return None
    others = [word for word in words if word != "next-week"]
    number = weekday_number(others[0]) if others else 0
    if number is None or len(words) != len(others) + 1 or len(others) > 1:
        return None
    return _Day(today + timedelta(days=7 - today.weekday() + number))


def _parse_iso_date(typed: str, _words: list[str], _today: date) -> _Day | None:
    found = _ISO.fullmatch(typed)
    on = _valid_date(int(found[1]), int(found[2]), int(found[3])) if found else None
    return _Day(on) if on else None


def _parse_weekday_and_date(_typed: str, words: list[str], today: date) -> _Day | None:
    """`fri 27 nov`; not where that day is another one."""
    number = weekday_number(words[0]) if len(words) > 1 else None
    if number is None:
        return None
    rest = words[1:]
    found = _parse_iso_date(" ".join(rest), rest, today) or _parse_date(" ".join(rest), rest, today)
    return found if found is not None and found.on.weekday() == number else None


def _parse_date(typed: str, _words: list[str], today: date) -> _Day | None:
    """`1 dec`, `1st of december 2026`, `dec 1`, `5th`; without a year or a month the next such day."""
    if (found := _DAY_MONTH.fullmatch(typed)) is not None:
        day, month, year = int(found[1]), _month_number(found[2]), found[3]
    elif (found := _MONTH_DAY.fullmatch(typed)) is not None:
        day, month, year = int(found[2]), _month_number(found[1]), found[3]
    elif (found := _NTH_ALONE.fullmatch(typed)) is not None:
        on = _next_nth(int(found[1]), today)
        return _Day(on) if on else None
    else:
        return None
    on = _in_a_year(year, month, day, today) if month is not None else None
    return _Day(on, takes_bare=False) if on else None


def _parse_day_count(typed: str, _words: list[str], today: date) -> _Day | None:
    """`2 days`, `1w`, for a time on that day; alone it is a length."""
    found = _COUNT.fullmatch(typed)
    if found is None:
        return None
    days = int(found[1]) * (7 if found[2].startswith("w") else 1)
    return _Day(today + timedelta(days=days), takes_bare=False, is_enough=False)


def _next_nth(day: int, today: date) -> date | None:
    """The next day of that number: of this month, or of the first one after it that has so many days."""
    for ahead in range(3):
        year, month = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        on = _valid_date(year, month + 1, day)
        if on is not None and on >= today:
            return on
    return None


def _in_a_year(year: str | None, month: int, day: int, today: date) -> date | None:
    if year is not None:
        return _valid_date(int(year), month, day)
    this = _valid_date(today.year, month, day)
    return this if this is not None and this >= today else _valid_date(today.year + 1, month, day)


def _valid_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def weekday_number(word: str) -> int | None:
    """Returns the number of a weekday (Monday is 0) by at least three letters of its name, else None."""
    short = 3
    word = word.removesuffix("s") if word == "weds" else word
    found = [
        number for number, day in enumerate(WEEKDAY_NAMES) if len(word) >= short and day.startswith(word)
    ]
    return found[0] if found else None


def _month_number(word: str) -> int | None:
    number = MONTH_PREFIXES.index(word[:3]) if word[:3] in MONTH_PREFIXES else None
    if number is None or not _FULL_MONTHS[number].startswith(word):
        return None
    return number + 1
