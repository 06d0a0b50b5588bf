"""Switches for faults between a client and the search of Hacker News.

faults.add("GET /api/v1/search_by_date", "server_error", times=1)
faults.add("*", "rate_limited", seconds=30)
faults.add("*", "down")
faults.clear()
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal[
    "down",  # the port refuses connections; with an endpoint or `times`: closes them without a response
    "answer_lost",  # the connection closes without a response
    "server_error",  # 500, as when the index does not answer
    "rate_limited",  # 429 with `Retry-After`: `seconds`
    "unauthorized",  # 403, as for an address that was blocked
    "truncated",  # full Content-Length, half the body, then the connection closes
    "html",  # 200 with somebody's page
]


@dataclass(slots=True, eq=False)
class Fault:
    """One fault at the endpoints that match `endpoint`, `times` more times (None: always)."""

    endpoint: str
    kind: Kind
    times: int | None
    seconds: int


class Faults:
    """The active faults. Thread-safe; the oldest that matches a call applies to it."""

    def __init__(self) -> None:
        self._given: list[Fault] = []
        self._lock = threading.RLock()
        self._observers: list[Callable[[], None]] = []

    def add(self, endpoint: str, kind: Kind, *, times: int | None = None, seconds: float = 60) -> Fault:
        """Switch a fault on.

        `endpoint` is such as "GET /api/v1/items/*". Raises ValueError for a kind that does not exist.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(endpoint, kind, times, int(seconds))
        with self._lock:
            self._given.append(fault)
        self._tell()
        return fault

    def clear(self, endpoint: str | None = None, kind: Kind | None = None) -> None:
        """Switch off the faults with this endpoint and kind; without either, all of them."""
        with self._lock:
            for fault in tuple(self._given):
                if endpoint in {None, fault.endpoint} and kind in {None, fault.kind}:
                    self._given.remove(fault)
        self._tell()

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on and not used up, oldest first."""
        with self._lock:
            return tuple(fault for fault in self._given if fault.times != 0)

    @property
    def refusing(self) -> bool:
        """Whether the port refuses connections."""
        with self._lock:
            return any(
                one.kind == "down" and one.endpoint == "*" and one.times is None for one in self._given
            )

    def take(self, endpoint: str) -> Fault | None:
        """Return the fault of one call to `endpoint`, and count it down; None if there is none."""
        with self._lock:
            for fault in self._given:
                if fault.times != 0 and fnmatchcase(endpoint, fault.endpoint):
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None

    def on_change(self, observer: Callable[[], None]) -> None:
        """Call `observer` whenever a fault is switched on or off."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()
