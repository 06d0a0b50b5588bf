"""Response urls: five answers within thirty minutes, to the place where somebody acted."""

import itertools
import secrets
from dataclasses import dataclass, field

from sandbox.slack.workspace.message import Message


@dataclass(eq=False)
class ResponseUrl:
    """One url that a gesture gave out, what it leads back to, and the answers it brought."""

    path: str
    user: str
    channel: str
    issued: float
    origin: Message | None = None
    uses: int = 0
    answers: list[Message] = field(default_factory=list)


class ResponseUrls:
    """All response urls given out."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1_000_000_001)
        self._known: dict[str, ResponseUrl] = {}

    def issue(self, url: ResponseUrl) -> ResponseUrl:
        """Give one out, its path made unguessable."""
        url.path += f"/{next(self._numbers)}/{secrets.token_urlsafe(18)}"
        self._known[url.path] = url
        return url

    def get(self, path: str) -> ResponseUrl | None:
        return self._known.get(path)
