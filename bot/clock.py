"""The time that leases and windows are counted in: the database's, so that all machines agree."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.database import BusyError, Database

log = logging.getLogger(__name__)

EVERY = 60.0  # seconds
CERTAIN = 1.0  # seconds; an answer that took longer says too little about now
APART = timedelta(seconds=5)  # from when on a difference to this machine's clock is worth a line


class DatabaseClock:
    """PostgreSQL's time, carried on between two readings by a counter that nobody can set.

    Two machines whose clocks differ would otherwise see each other's leases end too early or too late.
    """

    def __init__(self, database: Database) -> None:
        """Read it once; raises what the database raises."""
        self._database = database
        self._time, self._ticks = datetime.now(UTC), ticks()
        self.set()

    def __call__(self) -> datetime:
        """Now."""
        return self._time + timedelta(seconds=ticks() - self._ticks)

    def keep(self, stop: threading.Event) -> None:
        """Read it every minute until `stop` is set."""
        while not stop.wait(EVERY):
            try:
                self.set()
            except (SQLAlchemyError, BusyError) as error:
                log.warning("the database does not say what time it is: %s", type(error).__name__)

    def set(self) -> None:
        """Read it anew, for counters drift."""
        before = ticks()
        with self._database.read(CERTAIN) as session:
            theirs = session.scalars(select(func.clock_timestamp())).one()
        after = ticks()
        if after - before > CERTAIN:
            log.warning("the database took %.1f s to say what time it is; keeping ours", after - before)
            return
        self._time, self._ticks = theirs.astimezone(UTC), (before + after) / 2
        apart = self._time - datetime.now(UTC)
        if abs(apart) > APART:
            log.warning("this machine's clock and the database's differ by %s; the database's counts", apart)


def ticks() -> float:
    """Seconds since some moment, also while the machine was asleep, where the system counts those."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
