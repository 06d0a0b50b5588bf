"""Switches for faults between a client and the server.

faults.add("POST /api/v1/statuses", "answer_lost_after", times=1)
faults.add("GET *", "rate_limited", seconds=60)
faults.add("*", "down")
faults.clear()
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal[
    # The call has no effect:
    "down",  # the port refuses connections; with an endpoint or `times`: closes them without a response
    "answer_lost_before",  # the connection closes without a response
    "reset_before",  # the connection is reset (RST)
    "server_error_before",  # 500 with JSON
    "maintenance",  # 503 with an HTML page
    "rate_limited",  # 429; x-ratelimit-reset is `seconds` ahead (in the past if negative)
    "unauthorized",  # 401
    "forbidden",  # 403
    "redirect_301",  # to the same path on another host, as of a server that moved
    "redirect_302",
    "redirect_308",
    "html_before",  # 200 with a page of HTML, as from a captive portal
    # The call takes effect, but its response is damaged:
    "answer_lost_after",
    "reset",
    "server_error_after",
    "html_after",
    "truncated",  # full Content-Length, half the body, then the connection closes
    "garbled",  # half the JSON, with a matching Content-Length
    "repeated",  # the rows of a list, each twice
    # Streams alone:
    "stream_ended",  # it ends after its first line
    "stream_silent",  # it stays open, and nothing comes any more; holds for open WebSockets too
    # Delays, which combine with any of the above:
    "slow_before",  # the effect comes after `seconds`; the client may be gone by then
    "slow",  # the effect is immediate, the response comes after `seconds`
]


@dataclass(slots=True, eq=False)
class Fault:
    """One fault at the endpoints that match `endpoint`, `times` more times (None: always)."""

    endpoint: str
    kind: Kind
    times: int | None
    seconds: float
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let every call continue that this fault delays."""
        self.released.set()


class Faults:
    """The active faults. Thread-safe; all that match a call apply to it, oldest first."""

    def __init__(self, endpoints: tuple[str, ...]) -> None:
        self._endpoints = endpoints
        self._given: list[Fault] = []
        self._lock = threading.RLock()
        self._observers: list[Callable[[], None]] = []

    def add(self, endpoint: str, kind: Kind, *, times: int | None = None, seconds: float = 60) -> Fault:
        """Switch a fault on.

        `endpoint` is a name such as "POST /api/v1/statuses" or "GET /api/v1/statuses/:id", or a pattern such
        as "*" or "GET *". Raises ValueError for an endpoint or a kind that does not exist.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"no such fault: {kind}")
        if not any(fnmatchcase(known, endpoint) for known in self._endpoints):
            raise ValueError(f"no endpoint matches {endpoint}; there are {', '.join(self._endpoints)}")
        fault = Fault(endpoint, kind, times, seconds)
        with self._lock:
            self._given.append(fault)
        self._tell()
        return fault

    def clear(self, endpoint: str | None = None, kind: Kind | None = None) -> None:
        """Switch off the faults with this endpoint and kind; without either, all of them.

        Calls that they delay continue.
        """
        with self._lock:
            for fault in tuple(self._given):
                if endpoint in {None, fault.endpoint} and kind in {None, fault.kind}:
                    self._given.remove(fault)
                    fault.release()
        self._tell()

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that are on and not used up, oldest first."""
        with self._lock:
            return tuple(fault for fault in self._given if fault.times != 0)

    @property
    def refusing(self) -> bool:
        """Whether the port refuses connections."""
        return any(f.kind == "down" and f.endpoint == "*" and f.times is None for f in self.active)

    def take(self, endpoint: str) -> tuple[Fault, ...]:
        """Return the faults of one call to `endpoint`, and count each down."""
        with self._lock:
            taken = tuple(fault for fault in self.active if fnmatchcase(endpoint, fault.endpoint))
            for fault in taken:
                fault.times = None if fault.times is None else fault.times - 1
        return taken

    def is_on(self, endpoint: str, kind: Kind) -> bool:
        """Return whether such a fault is on there now; it is not counted down."""
        return any(fault.kind == kind and fnmatchcase(endpoint, fault.endpoint) for fault in self.active)

    def on_change(self, observer: Callable[[], None]) -> None:
        """Call `observer` whenever a fault is switched on or off."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()
