"""A log of requests."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `status` is None if the client got no response.

    Credentials are not kept; `account` is the handle of their account. `query` and `body` hold the last of
    repeated parameters.
    """

    at: datetime
    endpoint: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None
    user_agent: str
    idempotency_key: str | None = None
    account: str | None = None


class Journal:
    """All requests in order, and their number by endpoint."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.counts: Counter[str] = Counter()

    def note(self, asked: Asked) -> None:
        self.requests.append(asked)
        self.counts[asked.endpoint] += 1
