"""A conversation: a channel, a private channel, or a direct message."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.workspace.message import Message

Json = dict[str, Any]


@dataclass(eq=False)
class Channel:
    """A conversation with its members and its messages, oldest first."""

    id: str
    name: str
    created: int
    is_private: bool = False
    is_im: bool = False
    is_mpim: bool = False
    is_archived: bool = False
    is_pending_ext_shared: bool = False  # another organisation is invited
    connected: list[str] = field(default_factory=list)  # team IDs of other organisations in it
    members: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    ephemerals: list[Message] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The `channel_type` of events."""
        if self.is_im:
            return "im"
        if self.is_mpim:
            return "mpim"
        return "group" if self.is_private else "channel"

    @property
    def scope_prefix(self) -> str:
        """The first half of the scopes that it needs, as in `channels:history`."""
        return {"channel": "channels", "group": "groups"}.get(self.kind, self.kind)

    def find(self, ts: str) -> Message | None:
        return next((message for message in self.messages if message.ts == ts), None)

    def top_level(self) -> list[Message]:
        """Return the messages in the channel itself, outside threads."""
        return [message for message in self.messages if not message.is_reply or message.broadcast]

    def replies(self, thread_ts: str) -> list[Message]:
        return [message for message in self.messages if message.is_reply and message.thread_ts == thread_ts]

    def seen_by(self, user: str, thread_ts: str | None = None) -> list[Message]:
        """Return what `user` sees here, ordered by time, with their own ephemeral messages."""
        if user not in self.members and (self.is_private or self.is_im):
            return []
        shown = self.top_level() if thread_ts is None else self.thread(thread_ts)
        own = [e for e in self.ephemerals if e.ephemeral_to == user and e.thread_ts == thread_ts]
        return sorted([*shown, *own], key=lambda message: message.ts)

    def thread(self, thread_ts: str) -> list[Message]:
        parent = self.find(thread_ts)
        return ([parent] if parent else []) + self.replies(thread_ts)

    def json_of(self, message: Message, *, metadata: bool = False) -> Json:
        """Return a message's JSON with the facts of its thread, and its metadata on request."""
        shape = message.json()
        if message.metadata and metadata:
            shape["metadata"] = message.metadata
        replies = [] if message.is_reply else self.replies(message.ts)
        if replies:
            shape |= _thread_facts(message, replies)
        elif message.is_reply and (parent := self.find(message.thread_ts or "")):
            shape["parent_user_id"] = parent.user
        return shape

    def json(self, viewer: str) -> Json:
        """Return the conversation object as `viewer` gets it."""
        shape = {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": self.created,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_im": self.is_im,
            "is_mpim": self.is_mpim,
            "is_private": self.is_private or self.is_im,
            "is_archived": self.is_archived,
            "is_general": False,
            "is_shared": bool(self.connected),
            "is_ext_shared": bool(self.connected),
            "is_org_shared": False,
            "is_pending_ext_shared": self.is_pending_ext_shared,
            "is_member": viewer in self.members,
            "num_members": len(self.members),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
        if self.is_im:
            shape["user"] = next(iter(self.members - {viewer}), viewer)
            del shape["name"], shape["name_normalized"]
        return shape


def _thread_facts(parent: Message, replies: list[Message]) -> Json:
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": parent.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }
