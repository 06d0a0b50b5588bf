"""New customers who speak up now and then, by themselves, until all have."""

import threading

from sandbox.demo.talk import COMING
from sandbox.x import XWorld

FIRST, EVERY = 40.0, 55.0  # seconds


class ScriptedDrip:
    """One thread that lets one customer after the other speak; can be paused."""

    def __init__(self, x: XWorld, *, running: bool = True) -> None:
        self.running = running
        self._x = x
        self._said = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drip", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()

    @property
    def left(self) -> int:
        """How many have not spoken yet."""
        return len(COMING) - self._said

    def next(self) -> bool:
        """Let the next one speak at once."""
        with self._lock:
            if self._said == len(COMING):
                return False
            who, text = COMING[self._said]
            self._said += 1
        if self._x.find_user(who.handle) is None:
            self._x.add_user(who.handle, who.name, followers=who.followers, verified=who.verified)
        self._x.post(who.handle, text)
        return True

    def _run(self) -> None:
        wait = FIRST
        while not self._over.wait(wait):
            wait = EVERY
            if self.running and not self.next():
                return
