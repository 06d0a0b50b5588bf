"""Parses times in the future as people type them: `2h`, `9am tomorrow`, `fri 14:30`, `2026-12-01 10:00`.

Pure. The caller shows the result with its zone (`format_local`), because people mean different days by "next
Friday". What is not understood is refused; nothing is guessed.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.core.base import RuleBrokenError
from models.core.command_words import collapse_spaces
from models.core.mrkdwn import escape_mrkdwn
from models.core.time_lengths import parse_length
from models.core.time_words import (
    MOMENT_MAX_CHARS,
    MONTH_PREFIXES,
    WEEKDAY_NAMES,
    normalize_moment,
    parse_day_time,
)

AHEAD_MAX = timedelta(days=366)
EXAMPLES = "`2h`, `90 min`, `tomorrow 9am`, `fri 14:30` or `2026-12-01 10:00`"


class UnreadableTimeError(RuleBrokenError):
    """What was typed is not a time in the next year. The message says what to type instead."""


def parse_time(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Returns the time in UTC that a person in `zone` means by `text` at `now`.

    A day without a time is 9:00, a time without a day the next one to come. Raises `UnreadableTimeError`,
    whose message says what was understood and what to type, if it cannot be read, is past or is over a year
    away.
    """
    here, typed = now.astimezone(zone), normalize_moment(text) if len(text) <= MOMENT_MAX_CHARS else ""
    try:
        moment = _parse_length_from_now(typed, here) or _parse_on_a_day(typed, here)
        meant = None if moment is None else moment.astimezone(UTC)
    except OverflowError:  # at either end of the calendar
        meant = None
    if meant is None:
        shown = escape_mrkdwn(collapse_spaces(text)[:60])
        what = f"I don't understand the time “{shown}”." if shown else "Enter a time."
        raise UnreadableTimeError(f"{what} Try {EXAMPLES}.")
    if meant <= now:
        raise UnreadableTimeError(f"That time has passed: {format_local(meant, now, zone)}. Try {EXAMPLES}.")
    if meant - now > AHEAD_MAX:
        raise UnreadableTimeError(
            f"That is too far ahead: {format_local(meant, now, zone)}. The limit is one year. Try {EXAMPLES}."
        )
    return meant


def format_local(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Returns `at` in local time: `Fri 27 Nov, 09:00 Europe/Lisbon`, with the year if it is another one."""
    local = at.astimezone(zone)
    day = (
        f"{WEEKDAY_NAMES[local.weekday()][:3].title()} {local.day} {MONTH_PREFIXES[local.month - 1].title()}"
    )
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{day}{year}, {local:%H:%M} {zone.key}"


# --- which moment that is -----------------------------------------------------------------------------------


def _parse_length_from_now(typed: str, here: datetime) -> datetime | None:
    """Returns the time that length from now.

    In a day it is the same local time; in 24 hours it may not be.
    """
    found = parse_length(typed)
    if found is None:
        return None
    start = _resolve_wall_time((here + found.calendar).replace(tzinfo=None), here) if found.calendar else here
    return start.astimezone(UTC) + found.ticking


def _parse_on_a_day(typed: str, here: datetime) -> datetime | None:
    found = parse_day_time(typed, here.date())
    if found is None:
        return None
    if found.day is None:
        return _next_time(found.at, here)
    return _day_at(found.day, found.at, here, is_weekday=found.is_weekday)


def _day_at(day: date, at: time, here: datetime, *, is_weekday: bool) -> datetime:
    """Returns that time of that day; for a weekday whose time has passed today, a week later."""
    moment = _resolve_wall_time(datetime.combine(day, at), here)
    if is_weekday and moment.astimezone(UTC) <= here.astimezone(UTC):
        return _resolve_wall_time(datetime.combine(day + timedelta(days=7), at), here)
    return moment


def _next_time(at: time, here: datetime) -> datetime:
    """Returns the next time at which clocks show `at`."""
    moment = _resolve_wall_time(datetime.combine(here.date(), at), here)
    is_ahead = moment.astimezone(UTC) > here.astimezone(UTC)
    return (
        moment
        if is_ahead
        else _resolve_wall_time(datetime.combine(here.date() + timedelta(days=1), at), here)
    )


def _resolve_wall_time(wall: datetime, here: datetime) -> datetime:
    """Returns when clocks show `wall`. If they skip it: what they show instead.

    If twice: the next to come.
    """
    first, second = (wall.replace(tzinfo=here.tzinfo, fold=fold) for fold in (0, 1))
    is_twice = first.astimezone(UTC) < second.astimezone(UTC)
    return second if is_twice and first.astimezone(UTC) <= here.astimezone(UTC) else first
