"""The arguments of one Web API call, from a query, a form or JSON."""

import json
from typing import Any, cast
from urllib.parse import parse_qsl

from sandbox.slack.errors import SlackError
from sandbox.slack.http_server import Request

Json = dict[str, Any]


class Args:
    """Arguments by name: strings from a form, any value from JSON. Readers accept both.

    `need` raises SlackError `invalid_arguments` for a missing argument, `number` for one that is no integer,
    and `json` raises the SlackError that it is given for one that is not JSON.
    """

    def __init__(self, values: Json) -> None:
        self.values = values

    @classmethod
    def of(cls, request: Request) -> "Args":
        """Read the query and a form or JSON body; any other body counts as empty.

        Raises SlackError `invalid_json` or `json_not_object`.
        """
        values: Json = dict(parse_qsl(request.query, keep_blank_values=True))
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/json"):
            values |= cast("Json", _sound(_object(request.body)))
        elif kind.startswith("application/x-www-form-urlencoded"):
            values |= dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        return cls(values)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else str(value)

    def need(self, name: str) -> str:
        if not self.text(name):
            raise missing(name)
        return self.text(name)

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return value if isinstance(value, bool) else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def json(self, name: str, error: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a structure that was sent as such or as a JSON string; None if it was not sent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return _sound(json.loads(value))
        except ValueError:
            raise SlackError(error) from None


def missing(name: str) -> SlackError:
    """Return the error for a missing required argument."""
    return SlackError(
        "invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]}
    )


def _object(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(parsed, dict):
        raise SlackError("json_not_object")
    return parsed


def _sound(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Replace lone surrogates, which JSON can express and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_sound(item) for item in value]
    if isinstance(value, dict):
        return {_sound(key): _sound(item) for key, item in value.items()}
    return value
