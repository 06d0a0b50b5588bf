"""Errors of the local Slack."""

from typing import Any


class SlackError(Exception):
    """An `ok: false` response: Slack's name of the error, and further fields of the body."""

    def __init__(self, name: str, **extra: Any) -> None:  # noqa: ANN401 - the body of an answer is free-form
        super().__init__(name)
        self.name = name
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.name, **self.extra}


class NotOnScreenError(LookupError):
    """A person tried to use something that they cannot see or that is not there."""
