"""One request a host at a time, in the order in which they were wanted, no more often than the host likes."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BUSY_RETRY = timedelta(seconds=5)  # when to try again a host that another request is being made to

SHARED_HOSTS: Mapping[str, str] = {
    "reddit.com": "reddit.com",
    "www.reddit.com": "reddit.com",
    "old.reddit.com": "reddit.com",
    "new.reddit.com": "reddit.com",
    "np.reddit.com": "reddit.com",
}
"""Hosts that count requests together, by the name that stands for them all."""

MIN_INTERVALS: Mapping[str, timedelta] = {
    # Since June 2026 about one request a minute per IP: https://github.com/FreshRSS/FreshRSS/issues/8928
    "reddit.com": timedelta(seconds=65),
    # Six a minute: https://github.com/hnrss/hnrss/issues/71
    "hnrss.org": timedelta(seconds=11),
}
"""How far apart requests must be, where a host answers no more often."""


class TurnRefusedError(Exception):
    """The host is not asked now; `at` (UTC) is when it may be."""

    def __init__(self, at: datetime, *, is_in_use: bool) -> None:
        super().__init__()
        self.at = at
        self.is_in_use = is_in_use  # else it wants to be left alone until then


@dataclass(slots=True)
class _Host:
    queue: deque[object] = field(default_factory=deque)  # the first has the turn
    not_before: datetime | None = None


def host_key(host: str) -> str:
    """Return the name under which requests to `host` are counted."""
    return SHARED_HOSTS.get(host, host)


class HostTurns:
    """Gives turns to any number of threads. It is about this process alone: others have their own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, host: str, wait_seconds: float = 0, *, is_patient: bool = False) -> Generator[None]:
        """Hold the host's turn, after at most `wait_seconds` in the queue.

        `is_patient` is for what a person waits for: it may come sooner than the host's usual interval.
        Raises `TurnRefusedError`.
        """
        key, ticket = host_key(host), object()
        with self._changed:
            one = self._hosts.setdefault(key, _Host())
            one.queue.append(ticket)
            came = self._changed.wait_for(lambda: one.queue[0] is ticket, wait_seconds)
            refused = None if came else TurnRefusedError(self._now() + BUSY_RETRY, is_in_use=True)
            if came and not is_patient and (at := self._waits_until(one)) is not None:
                refused = TurnRefusedError(at, is_in_use=False)
            if refused is not None:
                self._leave(key, one, ticket)
                raise refused
            if interval := MIN_INTERVALS.get(key):
                one.not_before = max(one.not_before or self._now(), self._now() + interval)
        try:
            yield
        finally:
            with self._changed:
                self._leave(key, one, ticket)

    def pause(self, host: str, until: datetime) -> None:
        """Leave the host alone until then (UTC): it said so."""
        with self._changed:
            one = self._hosts.setdefault(host_key(host), _Host())
            one.not_before = max(one.not_before or until, until)

    def ready_at(self, host: str) -> datetime | None:
        """Return when the host may be asked again (UTC); None: now."""
        with self._changed:
            one = self._hosts.get(host_key(host))
            if one is None:
                return None
            return self._waits_until(one) or (self._now() + BUSY_RETRY if one.queue else None)

    def _waits_until(self, one: _Host) -> datetime | None:
        return one.not_before if one.not_before is not None and one.not_before > self._now() else None

    def _leave(self, key: str, one: _Host, ticket: object) -> None:
        one.queue.remove(ticket)
        if not one.queue and self._waits_until(one) is None:
            self._hosts.pop(key, None)
        self._changed.notify_all()
