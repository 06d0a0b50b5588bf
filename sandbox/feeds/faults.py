"""Switches for faults of the forum's feeds and pages.

faults.add("/posts.atom", "gone")
faults.add("*.rss", "rate_limited", seconds=120)
faults.add("*", "down")
faults.clear()
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal[
    "down",  # the port refuses connections; with a path or `times`: closes them without a response
    "gone",  # 410
    "missing",  # 404
    "moved",  # 301 to the same path below /moved, which answers
    "elsewhere",  # 302 to the same path below /moved
    "server_error",  # 500
    "rate_limited",  # 429 with Retry-After: `seconds`
    "sign_in",  # 401
    "html",  # 200 with a page instead of the document
    "empty",  # 200 without a body
    "shrunk",  # the feed lists nothing any more
    "wrong_encoding",  # bytes of windows-1252 in a document that says UTF-8
    "not_xml",  # the document ends in the middle
    "drip",  # a byte now and then, until the client goes or the fault is cleared
    "endless",  # a body without an end
    "slow",  # the response comes after `seconds`; combines with any of the above
]


@dataclass(slots=True, eq=False)
class Fault:
    """One fault at the paths that match `endpoint`, `times` more times (None: always)."""

    endpoint: str
    kind: Kind
    times: int | None
    seconds: float
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let every response continue that this fault holds."""
        self.released.set()


class Faults:
    """The active faults. Thread-safe; all that match a request apply to it, oldest first."""

    def __init__(self) -> None:
        self._given: list[Fault] = []
        self._lock = threading.RLock()
        self._observers: list[Callable[[], None]] = []

    def add(self, endpoint: str, kind: Kind, *, times: int | None = None, seconds: float = 60) -> Fault:
        """Switch a fault on at a path such as `/posts.atom`, or a pattern such as `*.rss`.

        Raises ValueError for a kind that does not exist.
        """
        if kind not in get_args(Kind):
            raise ValueError(f"no such fault: {kind}")
        fault = Fault(endpoint, kind, times, seconds)
        with self._lock:
            self._given.append(fault)
        self._tell()
        return fault

    def clear(self, endpoint: str | None = None, kind: Kind | None = None) -> None:
        """Switch off the faults with this path and kind; without either, all of them."""
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

    def take(self, path: str) -> tuple[Fault, ...]:
        """Return the faults of one request for `path`, and count each down."""
        with self._lock:
            taken = tuple(fault for fault in self.active if fnmatchcase(path, fault.endpoint))
            for fault in taken:
                fault.times = None if fault.times is None else fault.times - 1
        return taken

    def on_change(self, observer: Callable[[], None]) -> None:
        """Call `observer` whenever a fault is switched on or off."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()
