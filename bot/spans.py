"""A stretch of time as people type it: `2026-10`, `2026-10-01..2026-10-15`, `2026-10-03`, `today`, `30d`."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

LONGEST = 3660  # days


class SpanError(Exception):
    """It cannot be understood. The message says what may be typed instead."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` until before `until`."""

    since: datetime
    until: datetime


def span(typed: str, at: datetime, zone: tzinfo) -> Span:
    """What `typed` means for somebody in `zone` at `at`: days begin and end at their midnight."""
    today, word = at.astimezone(zone).date(), typed.strip().lower()
    if re.fullmatch(r"[1-9]\d{0,3}d", word):
        return Span(at - timedelta(days=min(int(word[:-1]), LONGEST)), at)
    first, last = _days(word, typed, today)
    if first > last:
        raise SpanError(f"“{typed}” ends before it begins. Turn it round: {last}..{first}.")
    if first > today:
        raise SpanError(f"“{typed}” has not begun yet: today is {today}.")
    return Span(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def _days(word: str, typed: str, today: date) -> tuple[date, date]:
    """The first and the last day of it."""
    try:
        if word == "today":
            return today, today
        if re.fullmatch(r"\d{4}-\d{2}", word):
            first = date.fromisoformat(f"{word}-01")
            return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        first_day, _, last_day = word.partition("..")
        return date.fromisoformat(first_day), date.fromisoformat(last_day or first_day)
    except (ValueError, OverflowError):
        raise SpanError(
            f"I do not know the period “{typed[:40]}”. Try 2026-10, 2026-10-01..2026-10-15, today or 30d."
        ) from None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
