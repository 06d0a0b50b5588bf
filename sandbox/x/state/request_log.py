"""A log of requests, and what X would charge for them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

# Thousandths of a dollar: https://docs.x.com/x-api/getting-started/pricing
OWNED_READ, POST_READ, USER_READ, COUNTS_CALL = 1, 5, 10, 5
CREATE, CREATE_WITH_LINK, SUMMONED_REPLY, DELETE = 15, 200, 10, 5


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `status` is None if the client got no response.

    Credentials are not kept; `account` is the handle of their account.
    """

    at: datetime
    endpoint: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int | None
    user_agent: str
    authorization: str
    account: str | None = None


class Journal:
    """All requests in order, their number by endpoint, and the estimated cost."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.counts: Counter[str] = Counter()
        self._mills = 0
        self._read: set[tuple[str, str, date]] = set()

    @property
    def cost(self) -> float:
        """The cost in dollars."""
        return self._mills / 1000

    def note(self, asked: Asked) -> None:
        self.requests.append(asked)
        self.counts[asked.endpoint] += 1

    def read(self, kind: str, ids: Iterable[str], price: int, now: datetime) -> None:
        """Charge for the resources of a response, each once per UTC day."""
        fresh = {(kind, each, now.date()) for each in ids} - self._read
        self._read |= fresh
        self._mills += price * len(fresh)

    def wrote(self, price: int) -> None:
        self._mills += price
