"""What Heard found behind an address that somebody typed, kept while their modal is open.

A look takes longer than Slack waits for a submit, so *Try it* and the first submit begin it, and the next
press finds it here. Lost if the process ends: then it is looked for again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.networks.feed_reader import FeedChoice, FeedReading

KEPT_MAX = 500


@dataclass(slots=True)
class FeedLook:
    """The feeds that were found, or why nobody could look; `is_told`: the person knows that already.

    `reading` is what was read there, if the address is itself a feed's.
    """

    choices: tuple[FeedChoice, ...] = ()
    reading: FeedReading | None = None
    failure: str | None = None
    is_told: bool = False


class FeedLooks:
    """Looks by modal and address. Any number of threads may ask."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], FeedLook] = {}
        self._lock = threading.Lock()

    def find(self, modal: str, address: str) -> FeedLook | None:
        """Return what was found; None if nobody looked yet."""
        with self._lock:
            return self._kept.get((modal, address))

    def look(self, modal: str, address: str, do: Callable[[], FeedLook]) -> FeedLook:
        """Return what was found, else what `do` finds; a failure is not kept for the next *Try it*."""
        found = self.find(modal, address)
        if found is not None and found.failure is None:
            return found
        made = do()
        with self._lock:
            self._kept[modal, address] = made
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return made


looks = FeedLooks()
