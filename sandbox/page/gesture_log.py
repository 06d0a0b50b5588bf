"""A log of what teammates did on the page. The local Slack logs events, but not these."""

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gesture:
    """One press, command or submission: the bot's HTTP status (None: no answer) and how long it took."""

    at: float
    who: str
    what: str
    status: int | None
    seconds: float


class GestureLog:
    """The last 60 gestures, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Gesture] = deque(maxlen=60)
        self.count = 0

    def note(self, gesture: Gesture) -> None:
        with self._lock:
            self._kept.append(gesture)
            self.count += 1

    @property
    def kept(self) -> list[Gesture]:
        with self._lock:
            return list(self._kept)
