"""Everything that was written to a repository, in order, as a stream shows it.

https://github.com/bluesky-social/jetstream: a commit has a time in microseconds, which is also the cursor.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.bluesky.state.accounts import Record


@dataclass(frozen=True, slots=True)
class Commit:
    """One change of a record: `operation` is create, update or delete."""

    time_us: int
    operation: str
    record: Record

    def as_json(self) -> dict[str, Any]:
        """The event as Jetstream sends it."""
        record = self.record
        commit: dict[str, Any] = {
            "rev": record.rkey,
            "operation": self.operation,
            "collection": record.collection,
            "rkey": record.rkey,
        }
        if self.operation != "delete":
            commit |= {"record": record.value, "cid": record.cid}
        return {"did": record.did, "time_us": self.time_us, "kind": "commit", "commit": commit}


class EventLog:
    """All commits. Thread-safe.

    `is_silent` lets streams lie dead without closing; `skip(n)` keeps the next `n` commits from every
    stream, as a host did that lost some; `cut()` closes what is connected.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.commits: list[Commit] = []
        self.is_silent = False
        self.cuts = 0
        self._skipped = 0

    def skip(self, number: int) -> None:
        with self.changed:
            self._skipped = number

    def cut(self) -> None:
        with self.changed:
            self.cuts += 1
            self.changed.notify_all()

    def add(self, operation: str, record: Record, now: datetime) -> None:
        with self.changed:
            if self._skipped:
                self._skipped -= 1
                return
            last = self.commits[-1].time_us if self.commits else 0
            self.commits.append(Commit(max(int(now.timestamp() * 1e6), last + 1), operation, record))
            self.changed.notify_all()

    def after(self, cursor: int) -> list[Commit]:
        """The commits after the cursor, oldest first; none while the streams are silent."""
        if self.is_silent:
            return []
        return [commit for commit in self.commits if commit.time_us > cursor]
