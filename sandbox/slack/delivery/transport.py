"""What is sent to the bot and what it answers, over HTTP or Socket Mode."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl, urlencode

Json = dict[str, Any]
Kind = Literal["events_api", "interactive", "slash_commands"]
TIMEOUT, NOBODY = "http_timeout", "connection_failed"


@dataclass(frozen=True)
class Parcel:
    """A payload with the bytes and headers that were sent, so that it can be sent again unchanged."""

    kind: Kind
    payload: Json
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    envelope_id: str = ""


@dataclass(frozen=True)
class Answer:
    """The bot's response: its status and body, or None and Slack's name of the failure."""

    status: int | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    failure: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body as JSON; None if it is not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None


class Transport(Protocol):
    """A way to send payloads to the bot."""

    @property
    def ready(self) -> bool: ...

    def pack(self, kind: Kind, payload: Json) -> Parcel: ...

    def send(self, parcel: Parcel, seconds: float, retry: tuple[int, str] | None = None) -> Answer: ...


def encode(kind: Kind, payload: Json) -> tuple[str, bytes]:
    """Return the content type and body that Slack uses over HTTP for each kind."""
    if kind == "events_api":
        return "application/json", json.dumps(payload, separators=(",", ":")).encode()
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload, separators=(",", ":"))}
    return "application/x-www-form-urlencoded", urlencode(fields).encode()


def decode(body: bytes) -> tuple[Kind, Json]:
    """Reverse `encode`."""
    if body.startswith(b"{"):
        return "events_api", json.loads(body)
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    if "payload" in fields:
        return "interactive", json.loads(fields["payload"])
    return "slash_commands", fields
