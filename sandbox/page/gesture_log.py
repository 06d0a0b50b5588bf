"""What teammates did on the page, for the machine room: Slack's own log has only the events."""

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gesture:
    """One press, command or submit on its way to the bot, and what came back."""

    at: float
    who: str
    what: str
    status: int | None
    seconds: float


class Gestures:
    """The last few, oldest first."""

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
