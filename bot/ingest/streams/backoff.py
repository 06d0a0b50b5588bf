"""How long to wait until something that failed is tried again."""

import random
from collections.abc import Callable

FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 120.0
_MAX_DOUBLINGS = 20


class Backoff:
    """Waits that double from one second to two minutes, each shortened by up to a half at random.

    Without that many bots would come back to a server that was down in the same second. `jitter` returns a
    number from 0 to 1.
    """

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter, self._failures = jitter, 0

    def next_seconds(self) -> float:
        """Return how long to wait after one more failure."""
        longest: float = min(
            FIRST_DELAY_SECONDS * 2 ** min(self._failures, _MAX_DOUBLINGS), MAX_DELAY_SECONDS
        )
        self._failures += 1
        return longest * (1 - self._jitter() / 2)

    def reset(self) -> None:
        """Begin with the shortest wait again: it works."""
        self._failures = 0
