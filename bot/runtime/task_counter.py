"""A count of what runs at this moment in threads that nobody joins, so that an end can wait for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class TaskCounter:
    """How many tasks are running."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """How many tasks are running."""
        return self._count

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the block as one task for as long as it runs."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """Count one task more, until `end` is called for it."""
        with self._changed:
            self._count += 1

    def end(self) -> None:
        """One task is over, done or not."""
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def wait_until_idle(self, within: float) -> bool:
        """Wait until nothing is under way, `within` seconds at most; tell whether that was reached."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=within)
