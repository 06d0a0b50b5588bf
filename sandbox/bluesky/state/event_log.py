"""Everything that was written to a repository, and what became of accounts, in order, as a stream shows it.

https://github.com/bluesky-social/jetstream: an event has a time in microseconds, which is also the cursor.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sandbox.bluesky.state.accounts import Account, Record


@dataclass(frozen=True, slots=True)
class Commit:
    """One change of a record: `operation` is create, update or delete."""

    time_us: int
    operation: str
    record: Record

    @property
    def did(self) -> str:
        return self.record.did

    @property
    def collection(self) -> str | None:
        return self.record.collection

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


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A new handle (`identity`), or another state (`account`). It belongs to no collection."""

    time_us: int
    kind: Literal["identity", "account"]
    did: str
    body: dict[str, Any]
    collection: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The event as Jetstream sends it."""
        body = {"did": self.did, "seq": self.time_us, **self.body}
        return {"did": self.did, "time_us": self.time_us, "kind": self.kind, self.kind: body}


Event = Commit | AccountChange


class EventLog:
    """All events. Thread-safe.

    `is_silent` lets streams lie dead without closing: they answer no ping either. `skip(n)` keeps the next
    `n` events from every stream, as a host did that lost some; `cut()` closes what is connected.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.events: list[Event] = []
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
        """Note a change of a record."""
        with self.changed:
            self._append(Commit(self._next_time(now), operation, record))

    def note_account(self, kind: Literal["identity", "account"], account: Account, now: datetime) -> None:
        """Note a new handle or state of an account."""
        body: dict[str, Any] = {"handle": account.handle}
        if kind == "account":
            body = {"active": account.state == "active"}
            body |= {} if account.state == "active" else {"status": account.state}
        with self.changed:
            self._append(AccountChange(self._next_time(now), kind, account.did, body))

    def after(self, cursor: int) -> list[Event]:
        """The events after the cursor, oldest first; none while the streams are silent."""
        if self.is_silent:
            return []
        return [event for event in self.events if event.time_us > cursor]

    @property
    def newest(self) -> int:
        """The time of the newest event; 0 if there is none."""
        return self.events[-1].time_us if self.events else 0

    def _next_time(self, now: datetime) -> int:
        return max(int(now.timestamp() * 1e6), self.newest + 1)

    def _append(self, event: Event) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        self.events.append(event)
        self.changed.notify_all()
