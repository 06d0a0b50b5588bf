"""A log of requests."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `status` is None if the client got no response.

    Credentials and passwords are not kept; `account` is the handle of their account, `host` the server asked.
    """

    at: datetime
    endpoint: str
    host: str
    query: dict[str, list[str]]
    body: Any
    content: bytes
    status: int | None
    user_agent: str
    account: str | None = None


class Journal:
    """All requests in order, and their number by endpoint."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.counts: Counter[str] = Counter()

    def note(self, asked: Asked) -> None:
        self.requests.append(asked)
        self.counts[asked.endpoint] += 1

    def of(self, endpoint: str) -> list[Asked]:
        """The requests to one endpoint, in order."""
        return [asked for asked in self.requests if asked.endpoint == endpoint]
