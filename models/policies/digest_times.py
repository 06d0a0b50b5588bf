"""Parses when a digest comes: a time of day, and the weekday of the weekly one. Pure."""

import re
from datetime import time

OFF_VALUES = frozenset({"off", "none"})
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_TIME_HINT = "use a time of day, such as 09:00, or off"
_DAY_HINT = "use a day of the week, such as Mon, or off"


def parse_digest_time(text: str) -> time | None:
    """Returns the local time of day that `text` names, such as `09:00`; None for `off`.

    Raises `ValueError` with a sentence that says what to write.
    """
    if text.strip().lower() in OFF_VALUES:
        return None
    found = _TIME_OF_DAY.fullmatch(text.strip())
    if found is None:
        raise ValueError(_TIME_HINT)
    return time(int(found[1]), int(found[2]))


def parse_digest_day(text: str) -> int | None:
    """Returns the weekday that `text` names, such as `Mon`, Monday being 0; None for `off`.

    Raises `ValueError` with a sentence that says what to write.
    """
    day = text.strip().lower()
    if day in OFF_VALUES:
        return None
    if day[:3] not in WEEKDAYS:
        raise ValueError(_DAY_HINT)
    return WEEKDAYS.index(day[:3])
