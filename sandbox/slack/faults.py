"""Switches for faults between the app and Slack, in both directions."""

import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal["lost_before", "lost_after", "error", "http_500", "rate_limited", "slow", "down"]
EVERY = "*"


@dataclass
class Fault:
    """One active fault: the calls that it affects, and how many more of them."""

    kind: Kind
    method: str
    times: int | None = None
    name: str = ""
    seconds: float = 0.0
    after: bool = False

    def meets(self, method: str) -> bool:
        return self.method in {EVERY, method} and self.times != 0


class Faults:
    """All faults. `method` is a Web API method, `response_url`, `upload` or `*`; `times=None` is forever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._deliveries = {"duplicate": 0, "reorder": 0, "drop": 0}
        self.no_charts = False
        self.no_pictures = False

    def lost_before(self, method: str = EVERY, times: int | None = 1) -> None:
        """Cut the connection before the call has any effect."""
        self._add(Fault("lost_before", method, times))

    def lost_after(self, method: str = EVERY, times: int | None = 1) -> None:
        """Let the call take effect, then cut the connection without an answer."""
        self._add(Fault("lost_after", method, times))

    def error(self, method: str, name: str, times: int | None = 1) -> None:
        """Answer `ok: false` with the error `name`."""
        self._add(Fault("error", method, times, name=name))

    def http_500(self, method: str = EVERY, times: int | None = 1, *, after: bool = False) -> None:
        """Answer 500 without effect, or, with `after`, once the call has taken effect."""
        self._add(Fault("http_500", method, times, after=after))

    def rate_limited(self, method: str = EVERY, retry_after: int = 1, times: int | None = 1) -> None:
        """Answer 429 with Retry-After."""
        self._add(Fault("rate_limited", method, times, seconds=retry_after))

    def slow(self, method: str = EVERY, seconds: float = 1.0, times: int | None = 1) -> None:
        """Let the call take effect at once, and answer after `seconds`."""
        self._add(Fault("slow", method, times, seconds=seconds))

    def down(self, method: str = EVERY, times: int | None = None) -> None:
        """Cut every connection until `up`."""
        self._add(Fault("down", method, times))

    def up(self) -> None:
        """End `down`."""
        with self._lock:
            self._faults = [fault for fault in self._faults if fault.kind != "down"]

    def refuse_charts(self) -> None:
        """Answer `invalid_blocks` to messages with a chart, as workspaces without charts do."""
        self.no_charts = True

    def accept_charts(self) -> None:
        """End `refuse_charts`."""
        self.no_charts = False

    def refuse_pictures(self) -> None:
        """Answer `invalid_blocks` to messages with a picture by URL, as if Slack could not fetch it."""
        self.no_pictures = True

    def accept_pictures(self) -> None:
        """End `refuse_pictures`."""
        self.no_pictures = False

    def duplicate_events(self, times: int = 1) -> None:
        """Deliver the next events twice."""
        self._deliveries["duplicate"] += times

    def reorder_events(self, times: int = 1) -> None:
        """Hold the next events back until a later one has been delivered."""
        self._deliveries["reorder"] += times

    def drop(self, times: int = 1) -> None:
        """Never deliver the next events."""
        self._deliveries["drop"] += times

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._faults.clear()
            self.no_charts = self.no_pictures = False
            self._deliveries = dict.fromkeys(self._deliveries, 0)

    def take(self, method: str) -> Fault | None:
        """Return the fault that affects this call, if any, and count it down."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.meets(method)), None)
            if fault and fault.times is not None:
                fault.times -= 1
            return fault

    def take_delivery(self, kind: Literal["duplicate", "reorder", "drop"]) -> bool:
        """Say whether this fault affects the next event, and count it down."""
        with self._lock:
            met = self._deliveries[kind] > 0
            self._deliveries[kind] -= met
            return met

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
