"""Rate limit windows of a token.

300 requests in 5 minutes, and of those with min_id, max_id or since_id 300 in 15 minutes:
https://github.com/mastodon/mastodon/blob/main/config/initializers/rack_attack.rb
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Window = Literal["all", "paged"]
LENGTHS: dict[Window, timedelta] = {"all": timedelta(minutes=5), "paged": timedelta(minutes=15)}
PER_WINDOW = 300


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of a window after a call."""

    limit: int
    remaining: int
    reset: datetime
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """Mastodon's headers: the reset is a time in ISO 8601, and a 429 has no Retry-After."""
        reset = self.reset.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": reset,
        }


class Limits:
    """The windows of each token. `factor` multiplies Mastodon's limits; `set` fixes the limit of a window."""

    def __init__(self, factor: int = 100) -> None:
        self.factor = factor
        self._own: dict[Window, int] = {}
        self._windows: dict[tuple[str, Window], tuple[datetime, int]] = {}

    def set(self, window: Window, limit: int) -> None:
        """Allow `limit` calls per window, regardless of `factor`, counted from the next call."""
        self._own[window] = limit
        self._windows = {key: value for key, value in self._windows.items() if key[1] != window}

    def spend(self, token: str, *, paged: bool, now: datetime) -> Spent:
        """Count one call, and return the window that has less left."""
        windows: list[Window] = ["all", "paged"] if paged else ["all"]
        return min((self._spend(token, one, now) for one in windows), key=lambda spent: spent.remaining)

    def _spend(self, token: str, window: Window, now: datetime) -> Spent:
        limit = self._own.get(window, PER_WINDOW * self.factor)
        reset, used = self._windows.get((token, window), (now, 0))
        if now >= reset:
            reset, used = now + LENGTHS[window], 0
        exceeded = used >= limit
        self._windows[token, window] = reset, used + (not exceeded)
        return Spent(limit, max(0, limit - used - 1), reset, exceeded)
