"""Observers of a world's changes, and waiting until a change has made something true."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
RECHECK_SECONDS = 0.05


@dataclass(frozen=True)
class Change:
    """One change: its kind ("message", "user", "call" …) and the IDs of what changed."""

    kind: str
    channel: str = ""
    ts: str = ""
    user: str = ""


class Changes:
    """Base of the world: its lock, and the observers that learn of each change."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._news = threading.Condition(self.lock)
        self._watchers: list[Callable[[Change], None]] = []
        self._version = 0

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call `callback` after each change. Returns a function that stops it.

        The lock is held during the call, so `callback` must be quick.
        """
        with self.lock:
            self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def changed(self, kind: str, channel: str = "", ts: str = "", user: str = "") -> None:
        """Tell every observer, and wake everyone who waits."""
        with self.lock:
            for watcher in list(self._watchers):
                watcher(Change(kind, channel, ts, user))
            self._version += 1
            self._news.notify_all()

    def until(self, condition: Callable[[], T], seconds: float = 60.0) -> T:
        """Wait until `condition` returns something true, and return that. Raises TimeoutError."""
        value = self.wait(condition, seconds)
        if not value:
            raise TimeoutError(f"not within {seconds} s: {condition}")
        return value

    def wait(self, condition: Callable[[], T], seconds: float) -> T:
        """Wait as `until` does, but return the last value even if it is false.

        The condition may call Slack itself.
        """
        deadline = time.monotonic() + seconds
        while True:
            seen = self._version
            value = condition()
            left = deadline - time.monotonic()
            if value or left <= 0:
                return value
            with self._news:  # check again soon: the condition may depend on more than this world
                self._news.wait_for(lambda: self._version != seen, min(left, RECHECK_SECONDS))  # noqa: B023 - called here
