"""One Web API call in the log, and one event on its way to the bot."""

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """A call as it came in, the token left out, and what it got: `status` 0 is a cut connection."""

    method: str
    args: dict[str, Any]
    at: float
    status: int = 0
    error: str = ""
    done: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status == 200 and not self.error


@dataclass
class Attempt:
    """One try at a delivery: the bot's HTTP status, or None and why there was none."""

    at: float
    status: int | None
    failure: str = ""
    retry: int = 0


@dataclass(eq=False)
class Delivery:
    """One event for the bot, with each try to hand it over."""

    event_id: str
    payload: dict[str, Any]
    attempts: list[Attempt] = field(default_factory=list)
    dropped: bool = False
    tried: threading.Event = field(default_factory=threading.Event)

    @property
    def type(self) -> str:
        return str(self.payload["event"]["type"])

    @property
    def accepted(self) -> bool:
        return any(attempt.status is not None and 200 <= attempt.status < 300 for attempt in self.attempts)
