"""A log of requests."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `status` is None if the client got no whole response."""

    at: datetime
    method: str
    path: str
    status: int | None
    user_agent: str
    if_none_match: str
    if_modified_since: str

    @property
    def endpoint(self) -> str:
        """Method and path in one."""
        return f"{self.method} {self.path}"


class Journal:
    """All requests in order, and their number by method and path."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.counts: Counter[str] = Counter()

    def note(self, asked: Asked) -> None:
        self.requests.append(asked)
        self.counts[asked.endpoint] += 1
