"""Work done beside a request, in order for each key and without a thread that waits for another."""

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], object]


class KeyedQueue:
    """Queues of work by key. Each queue is worked off one by one; different keys do not wait for each other.

    `start` runs what it is given elsewhere, such as in a pool.
    """

    def __init__(self, start: Callable[[Work], object]) -> None:
        self._start = start
        self._queues: dict[str, deque[Work]] = {}
        self._lock = threading.Lock()

    def add(self, key: str, work: Work) -> None:
        """Have `work` done after all that was added under `key` before."""
        with self._lock:
            queue = self._queues.get(key)
            if queue is not None:
                queue.append(work)
                return
            self._queues[key] = deque([work])
        self._start(lambda: self._next(key))

    def _next(self, key: str) -> None:
        """Do the first of a queue; the rest is started again, so that others get their turn in between."""
        with self._lock:
            work = self._queues[key].popleft()
        try:
            work()
        finally:
            with self._lock:
                is_over = not self._queues[key]
                if is_over:
                    del self._queues[key]
            if not is_over:
                self._start(lambda: self._next(key))
