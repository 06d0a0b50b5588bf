"""What people write for a moment to come: `2h`, `tomorrow 9am`, `fri 14:30`, `2026-12-01 10:00`. Pure.

Whoever reads it says back which moment it made of it, with the zone (`spelled`): no two people mean the same
by "next Friday". What is not understood is refused; nothing is guessed.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.base import RuleBrokenError, escaped

FARTHEST = timedelta(days=366)
MORNING = time(9)
HOW = "`2h`, `90 min`, `tomorrow 9am`, `fri 14:30` or `2026-12-01 10:00`"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_TOMORROW = {"tomorrow", "tmrw", "tmr", "tomorow", "tommorow", "tommorrow"}
_TIMES = {
    "morning": MORNING,
    "noon": time(12),
    "midday": time(12),
    "afternoon": time(14),
    "eod": time(17),
    "evening": time(18),
    "tonight": time(20),
}
# By the clock that ticks, and by the calendar: a day later it is the same time, whatever clocks do meanwhile.
_TICKING = {"m": "minutes", "h": "hours"}
_CALENDAR = {"d": "days", "w": "weeks"}

_UNIT = r"(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)"
_PART = re.compile(
    rf"(\d{{1,5}}(?:[.,]\d{{1,2}})?|an?|half an?) ?{_UNIT}(?![a-z])(?: and|,)? ?(?:(\d{{1,2}})$)?"
)
_CLOCK = re.compile(r"(?:at )?(\d{1,2})(?:[:.h](\d{2}))?(?: ?(am|pm|a\.m\.|p\.m\.))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ,]+(.+))?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.? ([a-z]+)\.?,?(?: (\d{4}))?(?:,? (.+))?")
_MONTH_DAY = re.compile(r"([a-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?(?:,? (.+))?")


class NotAMomentError(RuleBrokenError):
    """What was typed is no moment that one could come back at."""


def read(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, that somebody with the clocks of `zone` means by `text` at `now`.

    A day without a time is nine in the morning, a time without a day the next one that comes. Raises
    `NotAMomentError` with a sentence that says what was understood and what to type.
    """
    said = re.sub(r"^(?:for|in|until|till|on) ", "", " ".join(text.lower().split()))
    here = now.astimezone(zone)
    try:
        moment = _lasting(said, here) or _on_a_day(said, here)
        meant = None if moment is None else moment.astimezone(UTC)
    except OverflowError:  # at either end of the calendar
        meant = None
    if meant is None:
        shown = escaped(" ".join(text.split())[:60])
        what = f"I do not know when “{shown}” is." if shown else "Say until when."
        raise NotAMomentError(f"{what} Try {HOW}.")
    if meant <= now:
        raise NotAMomentError(f"That is past: {spelled(meant, now, zone)}. Try {HOW}.")
    if meant - now > FARTHEST:
        raise NotAMomentError(f"That is too far: {spelled(meant, now, zone)}. A year is the most. Try {HOW}.")
    return meant


def spelled(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`at` as the clocks of `zone` show it: `Fri 27 Nov, 09:00 Europe/Lisbon`, and another year."""
    local = at.astimezone(zone)
    day = f"{_DAYS[local.weekday()][:3].title()} {local.day} {_MONTHS[local.month - 1].title()}"
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{day}{year}, {local:%H:%M} {zone.key}"


# --- so long from now ---------------------------------------------------------------------------------------


def _lasting(said: str, here: datetime) -> datetime | None:
    """`2h`, `1h30m`, `1h 30`, `an hour and 5 min`, `2 days`."""
    ticking, calendar, rest = timedelta(), timedelta(), said
    while rest:
        part = _PART.match(rest)
        if part is None:
            return None
        number, unit = _number(part[1]), part[2][0]
        if unit in _TICKING:
            ticking += timedelta(**{_TICKING[unit]: number})
        elif number == int(number):
            calendar += timedelta(**{_CALENDAR[unit]: number})
        else:
            ticking += timedelta(**{_CALENDAR[unit]: number})
        if part[3] is not None:  # minutes need no word behind hours
            if unit != "h":
                return None
            ticking += timedelta(minutes=int(part[3]))
        rest = rest[part.end() :].strip()
    if not said:
        return None
    start = _at((here + calendar).replace(tzinfo=None), here) if calendar else here
    return start.astimezone(UTC) + ticking


def _number(said: str) -> float:
    if said.startswith("half"):
        return 0.5
    return 1.0 if said.startswith("a") else float(said.replace(",", "."))


# --- on a day, at a time ------------------------------------------------------------------------------------


def _on_a_day(said: str, here: datetime) -> datetime | None:
    today = here.date()
    for words in (_iso, _named_day, _day_of_a_month, _month_and_day):
        found = words(said, today)
        if found is not None:
            day, rest = found
            at = _time(rest, is_alone=False) if rest else MORNING
            is_weekday = words is _named_day and _weekday(said.replace(",", " ").split()[0]) is not None
            return None if at is None else _day_at(day, at, here, is_weekday=is_weekday)
    return _next(_time(said, is_alone=True), here)


def _day_at(day: date, at: time, here: datetime, *, is_weekday: bool) -> datetime:
    """That time of that day; a weekday whose time is over today is the one in a week."""
    moment = _at(datetime.combine(day, at), here)
    if is_weekday and moment.astimezone(UTC) <= here.astimezone(UTC):
        return _at(datetime.combine(day + timedelta(days=7), at), here)
    return moment


def _next(at: time | None, here: datetime) -> datetime | None:
    """The next time that clocks show it."""
    if at is None:
        return None
    moment = _at(datetime.combine(here.date(), at), here)
    is_ahead = moment.astimezone(UTC) > here.astimezone(UTC)
    return moment if is_ahead else _at(datetime.combine(here.date() + timedelta(days=1), at), here)


def _at(wall: datetime, here: datetime) -> datetime:
    """When clocks show `wall`; if they skip it, what they show instead; of two times the first to come."""
    first, second = (wall.replace(tzinfo=here.tzinfo, fold=fold) for fold in (0, 1))
    is_twice = first.astimezone(UTC) < second.astimezone(UTC)
    return second if is_twice and first.astimezone(UTC) <= here.astimezone(UTC) else first


def _iso(said: str, _today: date) -> tuple[date, str] | None:
    found = _ISO.fullmatch(said)
    return _dated(int(found[1]), int(found[2]), int(found[3]), found[4]) if found else None


def _named_day(said: str, today: date) -> tuple[date, str] | None:
    """`today`, `tomorrow`, `fri`, `next monday`, `next week`, `this friday`."""
    words = said.replace(",", " ").split()
    if not words:
        return None
    which = words.pop(0) if words[0] in {"next", "this"} and len(words) > 1 else ""
    first, rest = words[0], " ".join(words[1:])
    if first == "week" and which == "next":
        return today + timedelta(days=7 - today.weekday()), rest
    if which == "" and first == "today":
        return (today, rest) if rest else None
    if which == "" and first in _TOMORROW:
        return today + timedelta(days=1), rest
    number = _weekday(first)
    if number is None:
        return None
    ahead = (number - today.weekday()) % 7
    return today + timedelta(days=ahead or (7 if which == "next" else 0)), rest


def _day_of_a_month(said: str, today: date) -> tuple[date, str] | None:
    found = _DAY_MONTH.fullmatch(said)
    month = _month(found[2]) if found else None
    return _in_a_year(found[3], month, int(found[1]), found[4], today) if found and month else None


def _month_and_day(said: str, today: date) -> tuple[date, str] | None:
    found = _MONTH_DAY.fullmatch(said)
    month = _month(found[1]) if found else None
    return _in_a_year(found[3], month, int(found[2]), found[4], today) if found and month else None


def _in_a_year(
    year: str | None, month: int, day: int, rest: str | None, today: date
) -> tuple[date, str] | None:
    """Without a year, the next such day."""
    if year is not None:
        return _dated(int(year), month, day, rest)
    this = _dated(today.year, month, day, rest)
    return this if this is not None and this[0] >= today else _dated(today.year + 1, month, day, rest)


def _dated(year: int, month: int, day: int, rest: str | None) -> tuple[date, str] | None:
    try:
        return date(year, month, day), rest or ""
    except ValueError:
        return None


def _time(said: str, *, is_alone: bool) -> time | None:
    """`9`, `9am`, `14:30`, `noon`; a bare number only behind a day, for alone it might be hours."""
    said = said.removeprefix("at ").removeprefix("in the ").removeprefix("the ")
    if said in _TIMES:
        return _TIMES[said]
    found = _CLOCK.fullmatch(said)
    if found is None or (is_alone and not found[2] and not found[3]):
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
    if half and not 1 <= hour <= 12:  # noqa: PLR2004 - as clocks have it
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _weekday(word: str) -> int | None:
    """Monday is 0; three letters are enough."""
    short = 3
    found = [number for number, day in enumerate(_DAYS) if len(word) >= short and day.startswith(word)]
    return found[0] if found else None


def _month(word: str) -> int | None:
    number = _MONTHS.index(word[:3]) if word[:3] in _MONTHS else None
    if number is None or not _FULL_MONTHS[number].startswith(word):
        return None
    return number + 1
