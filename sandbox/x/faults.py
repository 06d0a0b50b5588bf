"""Switches for faults between a client and X.

faults.add("POST /2/tweets", "answer_lost_after", times=1)
faults.add("GET *", "rate_limited", seconds=60)
faults.add("*", "down")
faults.vocabulary = "post-only"
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
    "server_error_before",  # 503 with an HTML page
    "rate_limited",  # 429; x-rate-limit-reset is `seconds` ahead (in the past if negative)
    "unauthorized",  # 401
    "credits",  # 402 CreditsDepleted
    "forbidden_blanket",  # 403 "You are not permitted to perform this action."
    "usage_capped",  # 429 UsageCapExceeded: the monthly cap on posts read
    "usage_capped_403",  # the same with status 403, which X has sent as well
    "errors_alone",  # 200 with `errors` only
    "hollow",  # 200 with an empty object: neither rows nor a count of 0
    # The call takes effect, but its response is damaged:
    "answer_lost_after",
    "reset",
    "server_error_after",
    "truncated",  # full Content-Length, half the body, then the connection closes
    "garbled",  # half the JSON, with a matching Content-Length
    "shuffled",  # the rows of a page in another order
    "repeated",  # the rows of a page, each twice
    # Existing posts are not shown:
    "lagging_replica",  # rows are "not found", as from a server that lags behind
    "left_out",  # rows are missing without an error
    # Delays, which combine with any of the above:
    "slow_before",  # the effect comes after `seconds`; the client may be gone by then
    "slow",  # the effect is immediate, the response comes after `seconds`
    # Late indexing:
    "late_index",  # mentions and search show a post `seconds` after it was created
    "stale_reads",  # a user's own timeline lags by `seconds`
]
Vocabulary = Literal["tweet", "post", "post-only"]

INDEXED = ("GET /2/users/:id/mentions", "GET /2/tweets/search/recent")
OWN_TIMELINE = "GET /2/users/:id/tweets"


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

    def concerns(self, endpoint: str) -> bool:
        if self.kind == "late_index" and endpoint not in INDEXED:
            return False
        if self.kind == "stale_reads" and endpoint != OWN_TIMELINE:
            return False
        return fnmatchcase(endpoint, self.endpoint)


class Faults:
    """The active faults. Thread-safe; all that match a call apply to it, oldest first.

    `vocabulary` selects the names in responses: `tweet`, `post`, or `post-only`, which also refuses the old
    parameter names.
    """

    def __init__(self, endpoints: tuple[str, ...]) -> None:
        self._endpoints = endpoints
        self._given: list[Fault] = []
        self._lock = threading.RLock()
        self._observers: list[Callable[[], None]] = []
        self.vocabulary: Vocabulary = "tweet"

    def add(self, endpoint: str, kind: Kind, *, times: int | None = None, seconds: float = 60) -> Fault:
        """Switch a fault on.

        `endpoint` is a name such as "POST /2/tweets" or "GET /2/users/:id/mentions", or a pattern such as
        "*" or "GET *". Raises ValueError for an endpoint or a kind that does not exist.
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
            taken = tuple(fault for fault in self.active if fault.concerns(endpoint))
            for fault in taken:
                fault.times = None if fault.times is None else fault.times - 1
        return taken

    def on_change(self, observer: Callable[[], None]) -> None:
        """Call `observer` whenever a fault is switched on or off."""
        self._observers.append(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()
