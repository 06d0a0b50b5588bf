"""What X's ids hold: the order and, since 2010, the time in which they were given out."""

import re
from datetime import UTC, datetime, timedelta

_ID_MAX_DIGITS = 19
_ID = re.compile(rf"[0-9]{{1,{_ID_MAX_DIGITS}}}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")

# https://docs.x.com/fundamentals/x-ids: the milliseconds since this one, times 2^22. Older ids, and those of
# a server that counts 1, 2, 3, hold no time.
_EPOCH_MILLISECONDS = 1_288_834_974_657
_TIMESTAMP_SHIFT_BITS = 22
_FIRST_SNOWFLAKE = 1 << 50
LATE_INDEX_OVERLAP = timedelta(minutes=15)  # X indexes some mentions late: valory-xyz/IEKit#307
CLOCK_SKEW = timedelta(minutes=2)  # between our clock and X's
_SEQUENTIAL_ID_OVERLAP = 100  # the same for ids that only count


def parse_id(value: object) -> str | None:
    """`value` as an id, if it is one."""
    text = str(value) if type(value) in {str, int} else ""
    return text if _ID.fullmatch(text) else None


def order_key(post_id: str) -> str:
    """`post_id` as text that sorts as the number does."""
    return post_id.zfill(_ID_MAX_DIGITS)


def time_of_id(post_id: str) -> datetime | None:
    """When `post_id` was given out, if it says so (UTC)."""
    number = int(parse_id(post_id) or 0)
    if number < _FIRST_SNOWFLAKE:
        return None
    return datetime.fromtimestamp(((number >> _TIMESTAMP_SHIFT_BITS) + _EPOCH_MILLISECONDS) / 1000, UTC)


def id_with_overlap(post_id: str) -> str | None:
    """The id to ask from, so that what X indexed late since `post_id` is read too; None: from the start."""
    number = int(parse_id(post_id) or 0)
    if number >= _FIRST_SNOWFLAKE:
        back = number - (int(LATE_INDEX_OVERLAP / timedelta(milliseconds=1)) << _TIMESTAMP_SHIFT_BITS)
    else:
        back = number - _SEQUENTIAL_ID_OVERLAP
    return str(back) if back > 0 else None


def since_id_for(post_id: str, since: datetime) -> str:
    """The later one of `post_id` and `since`, as an id to ask from; clocks may differ by two minutes."""
    number = int(parse_id(post_id) or 0)
    if number < _FIRST_SNOWFLAKE:
        return str(number)
    milliseconds = int((since - CLOCK_SKEW).timestamp() * 1000) - _EPOCH_MILLISECONDS
    return str(max(number, milliseconds << _TIMESTAMP_SHIFT_BITS))


def post_url(post_id: str, handle: str | None) -> str:
    """The public address of a post; X finds the handle itself if it is not known or not one."""
    who = handle if handle and _HANDLE.fullmatch(handle) else "i"
    return f"https://x.com/{who}/status/{parse_id(post_id) or 0}"


def profile_url(handle: str) -> str:
    """The public address of a profile; X's own front page if `handle` is none."""
    return f"https://x.com/{handle}" if _HANDLE.fullmatch(handle) else "https://x.com/"
