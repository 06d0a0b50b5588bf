"""What a server says about time: when to ask again, and for how long its answer holds."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)  # nobody is left alone for longer because of one header
_SECONDS = re.compile(r"\s*(\d+)\s*")
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
_DIGITS_THAT_COUNT = 9  # seconds beyond 31 years need not be told apart


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when Retry-After asks to be tried again, between `now` (UTC) and a day later; None: it does not.

    It is a number of seconds or a date: RFC 9110, section 10.2.3.
    """
    text = headers.get("retry-after", "")
    if match := _SECONDS.fullmatch(text):
        return now + _clamp(_seconds(match[1]))
    moment = _date(text)
    return None if moment is None else now + _clamp(moment - now)


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return for how long the answer says that it holds, from 0 to a day; None: it does not say.

    `max-age` goes before Expires, and the age that a cache on the way has given it is taken off: RFC 9111,
    section 4.2.
    """
    control = headers.get("cache-control", "")
    age = _SECONDS.fullmatch(headers.get("age", ""))
    spent = _seconds(age[1]) if age else timedelta(0)
    if match := _MAX_AGE.search(control):
        return _clamp(_seconds(match[1]) - spent)
    expires = _date(headers.get("expires", ""))
    if expires is None:
        return None
    return _clamp(expires - (_date(headers.get("date", "")) or now) - spent)


def _seconds(digits: str) -> timedelta:
    return timedelta(seconds=int(digits[-_DIGITS_THAT_COUNT:])) if _fits(digits) else LONGEST


def _fits(digits: str) -> bool:
    return len(digits.lstrip("0")) <= _DIGITS_THAT_COUNT


def _date(text: str) -> datetime | None:
    """Read a date of HTTP, whose zone is GMT even where it is not written; None if it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _clamp(span: timedelta) -> timedelta:
    return min(max(span, timedelta(0)), LONGEST)
