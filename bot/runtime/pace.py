"""How fast a network is read and written: as its answers say, within bounds that we set.

What a rate limit leaves is spread over the rest of its window, so that no burst leaves Heard deaf until the
window ends. And no header stops anything for longer than a window: whatever time a network names, it is tried
again after a quarter of an hour at the latest.
"""

from datetime import datetime, timedelta

from bot.networks.errors import Later
from bot.networks.values import RateLimitStatus

RATE_WINDOW = timedelta(minutes=15)  # X's: https://docs.x.com/x-api/fundamentals/rate-limits
TENTH_DIVISOR, HALF_DIVISOR = 10, 2  # one call in so many, kept back for what is more urgent


def retry_at(later: Later, *, at: datetime, otherwise: timedelta) -> datetime:
    """When to try again after `later` came at `at`: when it says so, else after `otherwise`.

    A time that has passed says nothing, and one that is more than a window away is not waited for.
    """
    if later.at is None or later.at <= at:
        return at + min(otherwise, RATE_WINDOW)
    return min(later.at, at + RATE_WINDOW)


def min_interval(allowance: RateLimitStatus | None, *, at: datetime, calls: int = 1) -> timedelta:
    """How far apart readings of so many `calls` must be to come out even with `allowance`, told at `at`.

    A tenth is kept back for what comes unplanned. Zero where nothing is known, a window at most.
    """
    if allowance is None:
        return timedelta()
    left = min(max(allowance.resets_at - (allowance.reported_at or at), timedelta()), RATE_WINDOW)
    spare = allowance.remaining - allowance.limit // TENTH_DIVISOR
    return min(left * calls / spare, left) if spare > 0 else left


def is_spent(allowance: RateLimitStatus | None, *, at: datetime, keep: int | None = None) -> bool:
    """Whether `allowance`, told some time ago, has nothing left at `at`, or only the part to `keep` back."""
    if not _is_current(allowance, at):
        return False
    assert allowance is not None
    return allowance.remaining <= (allowance.limit // keep if keep is not None else 0)


def affordable_calls(allowance: RateLimitStatus | None, *, at: datetime, every: timedelta, most: int) -> int:
    """How many looks, at `most`, a round that comes `every` so often may take out of `allowance`.

    They share the half of it that is not kept back evenly among the rounds until it is renewed.
    """
    if is_spent(allowance, at=at, keep=HALF_DIVISOR):
        return 0
    if not _is_current(allowance, at):
        return most
    assert allowance is not None
    rounds = max((allowance.resets_at - at) / every, 1)
    return min(max(int((allowance.remaining - allowance.limit // HALF_DIVISOR) / rounds), 1), most)


def _is_current(allowance: RateLimitStatus | None, at: datetime) -> bool:
    """Whether its window is still open; one that ends too far ahead is nonsense, or told by a wrong clock."""
    return allowance is not None and timedelta() < allowance.resets_at - at <= RATE_WINDOW
