"""Reads the settings of a channel as people type them. Pure.

Each function takes one text, returns None if it is blank (the default then holds), and raises `ValueError`
with a sentence that says what to type instead.
"""

import re

from models.core.office_hours import OfficeHours
from models.core.time_lengths import parse_length
from models.policies.digest_times import parse_digest_time

TEXT_MAX_CHARS = 500  # of office hours and of holidays: the channel is told of both in one message
FIRST_REPLY_MAX_MINUTES = 60 * 24 * 30
SPIKE_MAX_PER_MINUTE = 10_000
PERCENT_MAX = 100
GROUPS_MAX = 20
ALWAYS, NO_HOLIDAYS = "always", "none"  # what people type to have it so although the default is otherwise

ROUND_THE_CLOCK = "Mon-Sun 00:00-24:00"
_NUMBER = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,3})?")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,7}")
_GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")
_DASH = re.compile("[\u2010-\u2015\u2212]")  # phones and word processors make them of hyphens
_UTC = "UTC"


def read_minutes(text: str) -> float | None:
    """Minutes, at least one, typed as `30`, or as a length such as `2h` or `1h 30m`. Raises `ValueError`."""
    typed = text.strip().lower()
    if not typed:
        return None
    minutes: float | None = float(typed) if _NUMBER.fullmatch(typed) else None
    length = parse_length(typed) if minutes is None else None
    if length is not None and not length.calendar:  # days are not told in office hours: is one 8 or 24 hours?
        minutes = length.ticking.total_seconds() / 60
    if minutes is None or not 1 <= minutes <= FIRST_REPLY_MAX_MINUTES:
        raise ValueError(f"Type minutes, from 1 to {FIRST_REPLY_MAX_MINUTES:,}, or hours such as 2h.")
    return minutes


def read_office_hours(text: str) -> str | None:
    """Days and times, such as `Mon-Fri 09:00-17:00`, or `always`. Raises `ValueError`."""
    typed = _short(text, "Office hours")
    if not typed:
        return None
    if typed.lower() == ALWAYS:
        return ROUND_THE_CLOCK
    _parse(typed, _UTC, "")
    return typed


def read_time_zone(text: str) -> str | None:
    """An IANA time zone, such as `Europe/Berlin`. Raises `ValueError`."""
    typed = text.strip()
    if not typed:
        return None
    _parse("", typed, "")
    return typed


def read_holidays(text: str) -> str | None:
    """Dates and ranges, such as `2026-10-03, 2026-12-24..2027-01-01`; `none` returns the empty text.

    Raises `ValueError`.
    """
    typed = _short(text, "Holidays")
    if not typed:
        return None
    if typed.lower() == NO_HOLIDAYS:
        return ""
    _parse("", _UTC, typed)
    return typed


def read_digest_time(text: str) -> str | None:
    """A time of day, such as `09:00`, or `off`. Raises `ValueError`."""
    typed = text.strip().lower()
    if not typed:
        return None
    try:
        at = parse_digest_time(typed)
    except ValueError as error:
        raise ValueError(_sentence(error)) from None
    return f"{at:%H:%M}" if at is not None else "off"


def read_percent(text: str) -> int | None:
    """A whole number of percent, with or without the sign. Raises `ValueError`."""
    typed = text.replace("%", "").strip()
    if not typed and not text.strip():
        return None
    if not _WHOLE_NUMBER.fullmatch(typed) or int(typed) > PERCENT_MAX:
        raise ValueError("Type a whole number from 0 to 100. 0 means no warnings.")
    return int(typed)


def read_spike(text: str) -> int | None:
    """How many mentions a minute, a whole number. Raises `ValueError`."""
    typed = text.strip()
    if not typed:
        return None
    if not _WHOLE_NUMBER.fullmatch(typed) or int(typed) > SPIKE_MAX_PER_MINUTE:
        raise ValueError(f"Type a whole number from 0 to {SPIKE_MAX_PER_MINUTE:,}. 0 means no limit.")
    return int(typed)


def read_groups(text: str) -> tuple[str, ...]:
    """Ids of Slack user groups, separated by commas or blanks; empty if there are none.

    Raises `ValueError`.
    """
    typed = tuple(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    if any(not _GROUP_ID.fullmatch(one) for one in typed):
        raise ValueError("Type IDs of user groups, such as S0123ABCD, separated by commas.")
    if len(typed) > GROUPS_MAX:
        raise ValueError(f"Type at most {GROUPS_MAX} user groups.")
    return typed


def _short(text: str, what: str) -> str:
    typed = " ".join(_DASH.sub("-", text).split())
    if len(typed) > TEXT_MAX_CHARS:
        raise ValueError(f"{what} take at most {TEXT_MAX_CHARS} characters; this has {len(typed):,}.")
    return typed


def _parse(hours: str, zone: str, holidays: str) -> None:
    try:
        OfficeHours.parse(hours, zone, holidays)
    except ValueError as error:
        raise ValueError(_sentence(error)) from None


def _sentence(error: ValueError) -> str:
    """What an error of a setting says after its name, as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
