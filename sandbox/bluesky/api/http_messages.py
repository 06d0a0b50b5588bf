"""Requests and responses, apart from HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sandbox.bluesky.api.errors import XrpcError


class Wire(Enum):
    """How much of a response reaches the client."""

    WHOLE = "whole"
    HALF = "half"  # the head and half the body, then the connection closes
    NOTHING = "nothing"  # the connection is closed
    RESET = "reset"  # the connection is reset


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Names of `headers` are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def bearer(self) -> str | None:
        """The bearer token; empty if the credentials are of another kind, None if there are none."""
        header = self.headers.get("authorization")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        return token if scheme == "Bearer" else ""

    @property
    def json(self) -> Any:  # noqa: ANN401 - it is the client's
        """The body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE

    @property
    def seen_status(self) -> int | None:
        """The status, or None if the client does not get it."""
        return self.status if self.wire in {Wire.WHOLE, Wire.HALF} else None


def as_json(status: int, body: Any) -> Answer:  # noqa: ANN401 - anything that JSON can say
    """Return a JSON response."""
    content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return Answer(status, content, {"content-type": "application/json; charset=utf-8"})


def as_error(error: XrpcError) -> Answer:
    return as_json(error.status, error.body)
