"""Requests and responses, apart from HTTP."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import unquote

from sandbox.x.api.problems import ProblemError


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
    def scheme(self) -> str:
        """The kind of credentials: OAuth (1.0a), Bearer or none."""
        return self.headers.get("authorization", "").partition(" ")[0]

    @property
    def bearer(self) -> str | None:
        """The bearer token."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    @property
    def oauth_token(self) -> str | None:
        """The access token of an OAuth 1.0a signature."""
        header = self.headers.get("authorization", "")
        found = re.search(r'oauth_token="([^"]*)"', header) if header.startswith("OAuth ") else None
        return unquote(found[1]) if found else None

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
    """Return a JSON response; lone surrogates are escaped."""
    return Answer(status, json.dumps(body).encode(), {"content-type": "application/json; charset=utf-8"})


def as_problem(problem: ProblemError) -> Answer:
    return as_json(problem.status, problem.body)
