"""Rate limits: https://docs.bsky.app/docs/advanced-guides/rate-limits.

3,000 calls in five minutes for each address, 5,000 points an hour for writes of an account (3 to create, 2 to
update, 1 to delete), 30 log-ins in five minutes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOWS = {
    "calls": (3000, timedelta(minutes=5)),
    "writes": (5000, timedelta(hours=1)),
    "log-ins": (30, timedelta(minutes=5)),
}
POINTS = {
    "POST com.atproto.repo.createRecord": 3,
    "POST com.atproto.repo.putRecord": 2,
    "POST com.atproto.repo.deleteRecord": 1,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of the window that is nearest to its end after a call."""

    limit: int
    remaining: int
    reset: datetime
    window: timedelta
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(int(self.reset.timestamp()) + 1),
            "RateLimit-Policy": f"{self.limit};w={int(self.window.total_seconds())}",
        }


class Limits:
    """The windows. `factor` multiplies Bluesky's limits; `set` fixes one of `WINDOWS`."""

    def __init__(self, factor: int = 100) -> None:
        self.factor = factor
        self._own: dict[str, int] = {}
        self._windows: dict[str, tuple[datetime, int]] = {}

    def set(self, name: str, limit: int) -> None:
        """Allow `limit` in each window called `name`, regardless of `factor`, counted from the next call."""
        if name not in WINDOWS:
            raise ValueError(f"no such window: {name}")
        self._own[name] = limit
        self._windows.pop(name, None)

    def spend(self, endpoint: str, now: datetime) -> Spent:
        """Count one call in every window that it concerns; beyond a limit it is not counted."""
        costs = {"calls": 1}
        if endpoint in POINTS:
            costs["writes"] = POINTS[endpoint]
        if endpoint == "POST com.atproto.server.createSession":
            costs["log-ins"] = 1
        spent = [self._spend(name, cost, now) for name, cost in costs.items()]
        return min(spent, key=lambda one: (not one.exceeded, one.remaining / max(one.limit, 1)))

    def _spend(self, name: str, cost: int, now: datetime) -> Spent:
        usual, length = WINDOWS[name]
        limit = self._own.get(name, usual * self.factor)
        reset, used = self._windows.get(name, (now, 0))
        if now >= reset:
            reset, used = now + length, 0
        exceeded = used + cost > limit
        used += 0 if exceeded else cost
        self._windows[name] = reset, used
        return Spent(limit, max(0, limit - used), reset, length, exceeded)
