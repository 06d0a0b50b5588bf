"""Log entries: Web API calls, and events with each attempt to deliver them."""

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """A Web API call without its token, and its result. `status` 0: the connection was cut."""

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
    """One attempt to deliver: the bot's HTTP status, or None and the failure. `retry` counts from 0."""

    at: float
    status: int | None
    failure: str = ""
    retry: int = 0


@dataclass(eq=False)
class Delivery:
    """One event for the bot, with every attempt to deliver it. `tried` is set after the first one."""

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
