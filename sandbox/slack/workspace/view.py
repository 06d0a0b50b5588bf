"""A modal or Home tab as Slack stores it."""

import copy
import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.block_kit.interactive_elements import labels, state, with_ids
from sandbox.slack.text.emoji import named
from sandbox.slack.text.plain_text_input import as_input
from sandbox.slack.workspace.app import SlackApp

Json = dict[str, Any]

OPTIONAL = ("title", "submit", "close")
TEXTS = ("callback_id", "private_metadata", "external_id")
FLAGS = ("clear_on_close", "notify_on_close", "submit_disabled")


@dataclass(eq=False)
class View:
    """One view, and what its viewer has entered so far."""

    id: str
    user: str
    given: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    entered: dict[tuple[str, str], Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    is_open: bool = True

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.given["blocks"]
        return blocks

    @property
    def type(self) -> str:
        return str(self.given["type"])

    @property
    def callback_id(self) -> str:
        return str(self.given.get("callback_id") or "")

    @property
    def private_metadata(self) -> str:
        return str(self.given.get("private_metadata") or "")

    @property
    def buttons(self) -> list[str]:
        return labels(self.blocks)

    def values(self) -> Json:
        """Return `state.values` as Slack sends it, with emoji in text fields by name.

        Initial values of the app are escaped as typed text is.
        """
        values = state(self.blocks, self.entered)
        for block_id, action_id in ((block, action) for block in values for action in values[block]):
            entry = values[block_id][action_id]
            if entry["type"] == "plain_text_input" and entry["value"]:
                is_entered = self.entered.get((block_id, action_id)) is not None
                entry["value"] = named(entry["value"]) if is_entered else as_input(entry["value"])
        return values

    def show(self, given: Json, at: float) -> None:
        """Replace the content. Entered values stay if their block and action IDs do."""
        self.given = prepared(given)
        self.hash = new_hash(at)
        self.errors = {}

    def json(self, app: SlackApp) -> Json:
        """Return the view object of https://docs.slack.dev/reference/views."""
        shape: Json = {
            "id": self.id,
            "team_id": app.team_id,
            "type": self.type,
            "blocks": copy.deepcopy(self.blocks),
            "state": {"values": self.values()},
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "app_id": app.app_id,
            "app_installed_team_id": app.team_id,
            "bot_id": app.bot_id,
        }
        shape |= {key: self.given.get(key) for key in OPTIONAL}
        shape |= {key: self.given.get(key) or "" for key in TEXTS}
        return shape | {key: bool(self.given.get(key)) for key in FLAGS}


def prepared(given: Json) -> Json:
    return {**copy.deepcopy(given), "blocks": with_ids(given["blocks"])}


def new_hash(at: float) -> str:
    return f"{int(at)}.{secrets.token_hex(4)}"
