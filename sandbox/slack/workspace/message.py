"""A message: for everyone in a channel, or ephemeral, for one person."""

import copy
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.block_kit.interactive_elements import labels
from sandbox.slack.workspace.file import File

Json = dict[str, Any]


@dataclass(eq=False)
class Message:
    """A message as Slack stores it. Edits change this object; `snapshot` returns a copy."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    thread_ts: str | None = None
    team: str = ""
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    unfurl: Json = field(default_factory=dict)
    mrkdwn: bool = True
    ephemeral_to: str | None = None
    broadcast: bool = False
    deleted: bool = False

    @property
    def is_reply(self) -> bool:
        """Say whether it is a reply in a thread; a parent's `thread_ts` is its own `ts`."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def buttons(self) -> list[str]:
        """The labels of buttons and overflow entries."""
        return labels(self.blocks)

    def snapshot(self) -> "Message":
        """Return a copy of the message as it is now, which later edits do not change."""
        return copy.deepcopy(self)

    def json(self) -> Json:
        """Return the message object, without the facts of its thread (see `Channel.json_of`)."""
        shape: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        shape |= {
            "subtype": self.subtype or ("thread_broadcast" if self.broadcast else None),
            "client_msg_id": self.client_msg_id,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "team": self.team or None,
            "thread_ts": self.thread_ts,
            "blocks": copy.deepcopy(self.blocks) or None,
            "attachments": copy.deepcopy(self.attachments) or None,
            "files": [file.json() for file in self.files] or None,
            "edited": self.edited,
            "reactions": [
                {"name": name, "users": list(users), "count": len(users)}
                for name, users in self.reactions.items()
            ]
            or None,
        }
        return {key: value for key, value in shape.items() if value is not None}
