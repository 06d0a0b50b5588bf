"""Snowflake IDs, t.co links and page tokens."""

import base64
import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta

EPOCH_MS = 1288834974657  # https://docs.x.com/fundamentals/x-ids
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SLUG_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def snowflake(at: datetime, seq: int = 0) -> int:
    """Return the `seq`-th ID of the millisecond of `at`."""
    return ((at - UNIX_EPOCH) // MILLISECOND - EPOCH_MS << 22) | seq


def moment(post_id: str | int) -> datetime:
    """Return when an ID was created, in UTC, to the millisecond."""
    return UNIX_EPOCH + ((int(post_id) >> 22) + EPOCH_MS) * MILLISECOND


class Snowflakes:
    """A source of unique IDs, which rise within each millisecond."""

    def __init__(self) -> None:
        self._used: Counter[int] = Counter()

    def next(self, at: datetime) -> str:
        first = snowflake(at)
        self._used[first] += 1
        return str(first + self._used[first])


def short_link(seed: str) -> str:
    """Return the t.co address for `seed`. It has 23 characters, so a link always weighs 23."""
    digest = hashlib.sha256(seed.encode()).digest()
    slug = "".join(SLUG_LETTERS[byte % len(SLUG_LETTERS)] for byte in digest[:10])
    return f"https://t.co/{slug}"


def page_token(last_id: str) -> str:
    """Return a token for the page after `last_id`. It names a post, so new posts do not shift pages."""
    return base64.b32encode(int(last_id).to_bytes(8, "big")).decode().rstrip("=").lower()


def read_token(token: str) -> int:
    """Return the ID in a page token. Raises ValueError if `page_token` did not create it."""
    raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    if len(raw) != 8:
        raise ValueError(token)
    return int.from_bytes(raw, "big")
