"""Whose turn a recurring job is, when many workers share one ledger."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from models import Lease
from models.core.database import Database

JOB_LEASE = timedelta(seconds=12)  # a dead worker's job is taken up after that
LEASE_RENEW_INTERVAL_SECONDS = 4.0  # seconds between two signs of life
MAX_CHECK_INTERVAL_SECONDS = 5.0  # seconds, at most, between two looks at whether a job is due


class JobLeases:
    """Gives each job to one worker at a time, and no more often than it is due.

    On SQLite there is one worker only, by the lock on the ledger: every turn is its own.
    """

    def __init__(self, database: Database, worker: str, now: Callable[[], datetime]) -> None:
        self._database, self._worker, self._now = database, worker, now
        self._mine: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_shared(self) -> bool:
        """Whether others may be working at the same ledger."""
        return not self._database.is_sqlite

    def check_interval(self, every: float) -> float:
        """How often to ask for a job that is due `every` so many seconds: a whole part of it, in seconds.

        More often than it is due, so that it does not wait a whole round when the one who did it dies.
        """
        parts = max(1, -int(-every // MAX_CHECK_INTERVAL_SECONDS)) if self.is_shared else 1
        return every / parts

    @contextmanager
    def acquire(self, name: str, every: float) -> Iterator[bool]:
        """Say whether the job called `name` is ours now; if so, it stays ours until the end of the block.

        `every` in seconds; 0 asks for it although it was done a moment ago.
        """
        if not self._claim_locally(name):
            yield False
            return
        try:
            if self.is_shared:
                with self._leased(name, every) as lent:
                    yield lent
            else:
                yield True
        finally:
            with self._lock:
                self._mine.discard(name)

    def is_held(self, name: str) -> bool:
        """Whether the lease on a job that is running here is still ours. Raises what the database raises."""
        if not self.is_shared:
            return True
        with self._database.read() as session:
            return Lease.active_holders(session, self._now()).get(name) == self._worker

    def renew_all(self) -> None:
        """Extend the leases on all jobs that are running here."""
        with self._lock:
            names = list(self._mine)
        if names:
            with self._database.write() as session:
                Lease.extend(session, names, holder=self._worker, until=self._now() + JOB_LEASE)

    @contextmanager
    def _leased(self, name: str, every: float) -> Iterator[bool]:
        if not self._take(name, every):
            yield False
            return
        try:
            yield True
        finally:
            self._release(name)

    def _take(self, name: str, every: float) -> bool:
        at = self._now()
        # Ticks of one worker are not exact to the millisecond.
        due = timedelta(seconds=max(every - self.check_interval(every) / 2, 0.0))
        with self._database.write() as session:
            return Lease.take(session, name, holder=self._worker, at=at, until=at + JOB_LEASE, every=due)

    def _claim_locally(self, name: str) -> bool:
        """Whether nobody in this process is at it."""
        with self._lock:
            free = name not in self._mine
            self._mine.add(name)
        return free

    def _release(self, name: str) -> None:
        with self._database.write() as session:
            Lease.release(session, name, holder=self._worker)
