"""One request at its endpoint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.api.errors import XrpcError, invalid
from sandbox.bluesky.state.accounts import Account
from sandbox.bluesky.state.ids import AT_URI
from sandbox.bluesky.state.world import BlueskyWorld


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its parsed parameters.

    `method` is its NSID, `me` the account of its token (None where none is needed), `url` the server that was
    asked, `bearer` the token itself, `lag` how old the state is that the AppView reads,
    `content` the body as it came.
    """

    world: BlueskyWorld
    method: str
    me: Account | None
    params: dict[str, list[str]]
    body: Any
    bearer: str | None
    url: str
    lag: timedelta
    now: datetime
    content: bytes = b""
    content_type: str = ""

    @property
    def account(self) -> Account:
        """Whose token it is."""
        assert self.me is not None
        return self.me

    def text(self, name: str) -> str:
        """A required parameter. Raises XrpcError."""
        values = self.params.get(name, [])
        if not values or not values[0]:
            raise self._bad(f'Missing required key "{name}"')
        return values[0]

    def optional(self, name: str) -> str | None:
        values = self.params.get(name, [])
        return values[0] if values else None

    def texts(self, name: str, most: int) -> list[str]:
        """A required list of at most that many values. Raises XrpcError."""
        values = self.params.get(name, [])
        if not values:
            raise self._bad(f'Missing required key "{name}"')
        if len(values) > most:
            raise self._bad(f"array too big (maximum {most}, got {len(values)})")
        return values

    def limit(self, usual: int = 50, most: int = 100) -> int:
        """Parameter `limit`. Raises XrpcError."""
        asked = self.optional("limit")
        if asked is None:
            return usual
        if not asked.isdigit() or int(asked) < 1:
            raise self._bad(f"integer too small (minimum 1, got {asked})")
        if int(asked) > most:
            raise self._bad(f"integer too big (maximum {most}, got {asked})")
        return int(asked)

    def field(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        """A required field of the body. Raises XrpcError."""
        if not isinstance(self.body, dict):
            raise XrpcError(400, "SyntaxError", "Unexpected token in JSON")
        if self.body.get(name) is None:
            raise invalid(f'Missing required key "{name}" at $')
        return self.body[name]

    def check_uri(self, uri: str) -> None:
        """Raise XrpcError if `uri` is no at-URI."""
        if not AT_URI.fullmatch(uri):
            raise self._bad(f'Invalid at-uri (got "{uri}")')

    def _bad(self, message: str) -> XrpcError:
        return invalid(f"Invalid {self.method} params: {message}")
