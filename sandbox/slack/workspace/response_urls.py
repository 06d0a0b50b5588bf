"""Response URLs: five messages within thirty minutes, to the place where a person acted."""

import itertools
import secrets
from dataclasses import dataclass, field

from sandbox.slack.workspace.message import Message


@dataclass(eq=False)
class ResponseUrl:
    """One response URL: who acted where, and the messages that were posted with it."""

    path: str
    user: str
    channel: str
    issued: float
    origin: Message | None = None
    uses: int = 0
    answers: list[Message] = field(default_factory=list)


class ResponseUrls:
    """All response URLs issued so far."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1_000_000_001)
        self._known: dict[str, ResponseUrl] = {}

    def issue(self, url: ResponseUrl) -> ResponseUrl:
        """Issue one, with a path that cannot be guessed."""
        url.path += f"/{next(self._numbers)}/{secrets.token_urlsafe(18)}"
        self._known[url.path] = url
        return url

    def get(self, path: str) -> ResponseUrl | None:
        return self._known.get(path)
