"""Rate limit windows by endpoint, for a user's token.

https://docs.x.com/x-api/fundamentals/rate-limits
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
PER_WINDOW = {
    "GET /2/users/me": 75,
    "GET /2/users/by/username/:username": 900,
    "GET /2/users": 900,
    "GET /2/users/:id": 900,
    "GET /2/users/:id/mentions": 300,
    "GET /2/users/:id/tweets": 900,
    "GET /2/tweets/search/recent": 300,
    "GET /2/tweets/counts/recent": 300,
    "GET /2/tweets": 5000,
    "GET /2/tweets/:id": 900,
    "POST /2/tweets": 100,
    "DELETE /2/tweets/:id": 50,
    "POST /2/media/upload": 500,
    "POST /2/media/metadata": 500,
    "POST /2/oauth2/token": 300,  # our guess: X does not say
    "GET /i/oauth2/authorize": 300,
    "POST /i/oauth2/authorize": 300,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of a window after a call."""

    limit: int
    remaining: int
    reset: datetime
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        return {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(int(self.reset.timestamp()) + 1),
        }


class Limits:
    """The windows of all endpoints. `factor` multiplies X's limits; `set` fixes one endpoint's limit."""

    def __init__(self, factor: int = 100) -> None:
        self.factor = factor
        self._own: dict[str, int] = {}
        self._windows: dict[str, tuple[datetime, int]] = {}

    def set(self, endpoint: str, limit: int) -> None:
        """Allow `limit` calls per window, regardless of `factor`, counted from the next call."""
        if endpoint not in PER_WINDOW:
            raise ValueError(f"no such endpoint: {endpoint}")
        self._own[endpoint] = limit
        self._windows.pop(endpoint, None)

    def spend(self, endpoint: str, now: datetime) -> Spent:
        """Count one call. A window opens with its first call; a call beyond the limit is not counted."""
        limit = self._own.get(endpoint, PER_WINDOW[endpoint] * self.factor)
        reset, used = self._windows.get(endpoint, (now, 0))
        if now >= reset:
            reset, used = now + WINDOW, 0
        exceeded = used >= limit
        self._windows[endpoint] = reset, used + (not exceeded)
        return Spent(limit, max(0, limit - used - 1), reset, exceeded)
