"""The time that leases and windows are counted in: the database's, so that all machines agree."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.core.database import BusyError, Database

log = logging.getLogger(__name__)

SYNC_INTERVAL_SECONDS = 60.0  # seconds
SYNC_MAX_SECONDS = 1.0  # seconds; an answer that took longer says too little about now
SKEW_LOG_THRESHOLD = timedelta(seconds=5)  # from when on a difference to this machine's clock is worth a line


SET_BACK_THRESHOLD = timedelta(seconds=1)  # from when on a step back is more than a correction


class WatchedClock:
    """A clock that notices when it was set back: by as much as it gives less than it gave before."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._latest: datetime | None = None
        self._step = timedelta()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Now."""
        with self._lock:
            at = self._now()
            if self._latest is not None and self._latest - at > SET_BACK_THRESHOLD:
                self._step += self._latest - at
                self._latest = at
            elif self._latest is None or at > self._latest:
                self._latest = at
            return at

    def take_step(self) -> timedelta:
        """How far it was set back since this was last asked; zero if it was not."""
        with self._lock:
            step, self._step = self._step, timedelta()
            return step

    def restore_step(self, step: timedelta) -> None:
        """Have `step` taken again: nothing could be done about it."""
        with self._lock:
            self._step += step


class DatabaseClock:
    """PostgreSQL's time, carried on between two readings by a counter that nobody can set.

    Two machines whose clocks differ would otherwise see each other's leases end too early or too late.
    """

    def __init__(self, database: Database) -> None:
        """Read it once; raises what the database raises."""
        self._database = database
        self._time, self._ticks = datetime.now(UTC), monotonic_seconds()
        self.set()

    def __call__(self) -> datetime:
        """Now."""
        return self._time + timedelta(seconds=monotonic_seconds() - self._ticks)

    def keep_in_sync(self, stop: threading.Event) -> None:
        """Read it every minute until `stop` is set."""
        while not stop.wait(SYNC_INTERVAL_SECONDS):
            try:
                self.set()
            except (SQLAlchemyError, BusyError) as error:
                log.warning("could not read the time from the database: %s", type(error).__name__)

    def set(self) -> None:
        """Read it again, as counters drift."""
        before = monotonic_seconds()
        with self._database.read(SYNC_MAX_SECONDS) as session:
            theirs = session.scalars(select(func.clock_timestamp())).one()
        after = monotonic_seconds()
        if after - before > SYNC_MAX_SECONDS:
            log.warning(
                "the database took %.1f s to return the time; using this machine's clock", after - before
            )
            return
        self._time, self._ticks = theirs.astimezone(UTC), (before + after) / 2
        apart = self._time - datetime.now(UTC)
        if abs(apart) > SKEW_LOG_THRESHOLD:
            log.warning("this machine's clock differs from the database's by %s; using the database's", apart)


def monotonic_seconds() -> float:
    """Seconds since some moment, also while the machine was asleep, where the system counts those."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
