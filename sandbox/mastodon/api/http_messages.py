"""Requests and responses, apart from HTTP."""

import json
import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl


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
        """The bearer token: in the header, or in the query, as browsers send it to a stream."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token:
            return token
        return self.params.get("access_token") or None

    @property
    def params(self) -> "Params":
        """The parameters of the query."""
        return Params(parse_qsl(self.query, keep_blank_values=True))

    @property
    def multipart(self) -> tuple[dict[str, str], dict[str, bytes]]:
        """The fields and the files of a multipart form, by name."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            return {}, {}
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        whole = message_from_bytes(head + self.content, policy=HTTP)
        fields, files = dict[str, str](), dict[str, bytes]()
        for part in whole.iter_parts():
            name = str(part.get_param("name", header="content-disposition") or "")
            content = part.get_payload(decode=True)
            data = content if isinstance(content, bytes) else b""
            if part.get_filename() is not None:
                files[name] = data
            else:
                fields[name] = data.decode("utf-8", "replace")
        return fields, files

    @property
    def form(self) -> "Params":
        """The parameters of the body, a form or JSON."""
        if self.headers.get("content-type", "").startswith("multipart/form-data"):
            return Params(list(self.multipart[0].items()))
        text = self.content.decode("utf-8", "replace")
        if not self.headers.get("content-type", "").startswith("application/json"):
            return Params(parse_qsl(text, keep_blank_values=True))
        try:
            body = json.loads(text)
        except ValueError:
            body = None
        pairs: list[tuple[str, Any]] = []
        for name, value in (body if isinstance(body, dict) else {}).items():
            if isinstance(value, list):
                pairs += [(f"{name}[]", one) for one in value] or [(f"{name}[]", None)]
            elif value is not None:
                pairs.append((name, value))
        return Params(pairs)


class Params:
    """Parameters, of which some may repeat."""

    def __init__(self, pairs: "list[tuple[str, Any]]") -> None:
        self._pairs = pairs

    def get(self, name: str) -> str | None:
        found = [str(value) for key, value in self._pairs if key == name]
        return found[-1] if found else None

    def all(self, name: str) -> list[str]:
        return [str(value) for key, value in self._pairs if key == f"{name}[]" and value is not None]

    def has(self, name: str) -> bool:
        return any(key in {name, f"{name}[]"} for key, _ in self._pairs)

    def is_true(self, name: str) -> bool:
        return (self.get(name) or "").lower() in {"true", "1", "on"}

    def as_dict(self) -> dict[str, str]:
        return {key: str(value) for key, value in self._pairs}


@dataclass(slots=True, eq=False)
class Conversation:
    """What goes over a WebSocket: `messages` to the client; `receive` is called with each of its own.

    A silent one stays open, and is dead: not even a ping is answered.
    """

    receive: Callable[[str], None]
    messages: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    is_ended: bool = False
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. One with a `stream` goes on with what is put there; `ended` is called when it is over.

    One with a `conversation` goes on as a WebSocket.
    """

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    stream: "queue.SimpleQueue[bytes] | None" = None
    conversation: Conversation | None = None
    ended: Callable[[], None] | None = None

    @property
    def seen_status(self) -> int | None:
        """The status, or None if the client does not get it."""
        return self.status if self.wire in {Wire.WHOLE, Wire.HALF} else None


@dataclass(eq=False)
class ApiError(Exception):
    """An error response, which ends the call."""

    status: int
    words: str
    more: Mapping[str, object] = field(default_factory=dict)


def as_json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:  # noqa: ANN401
    """Return a JSON response; lone surrogates are escaped."""
    kind = {"content-type": "application/json; charset=utf-8"}
    return Answer(status, json.dumps(body).encode(), {**kind, **(headers or {})})


def as_html(status: int, page: str, headers: Mapping[str, str] | None = None) -> Answer:
    kind = {"content-type": "text/html; charset=utf-8"}
    return Answer(status, page.encode(), {**kind, **(headers or {})})


def as_error(status: int, words: str, more: Mapping[str, object] | None = None) -> Answer:
    return as_json(status, {"error": words, **(more or {})})
