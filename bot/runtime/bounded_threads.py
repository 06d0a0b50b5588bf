"""Threads for work that may hang: so many at a time, none of which keeps the process from ending."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class BoundedThreads:
    """Runs each task in a daemon thread of its own, at most `most` at a time."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self.most = name, most
        self._running = 0
        self._changed = threading.Condition()

    @property
    def room(self) -> int:
        """How many more tasks may be started now."""
        with self._changed:
            return self.most - self._running

    def start(self, task: Callable[[], object]) -> None:
        """Run `task`; an exception is logged. The caller has made sure that there is room."""
        with self._changed:
            self._running += 1
        threading.Thread(target=self._run, args=(task,), name=self._name, daemon=True).start()

    def wait_until_idle(self, *, within: float) -> bool:
        """Wait until nothing runs, for `within` seconds at most; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: self._running == 0, timeout=within)

    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        except Exception:
            log.exception("a task of %s failed", self._name)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
