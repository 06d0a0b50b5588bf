"""Accounts and the records in their repositories."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.bluesky.state.ids import record_uri

POST = "app.bsky.feed.post"
GATE = "app.bsky.feed.threadgate"
BLOCK = "app.bsky.graph.block"

AccountState = Literal["active", "deactivated", "takendown"]


@dataclass(slots=True)
class Record:
    """One record as it is now.

    `written_at` is when this version was written; `first_at` when the record first appeared. A record that
    was written without validation is never shown.
    """

    did: str
    collection: str
    rkey: str
    value: dict[str, Any]
    cid: str
    first_at: datetime
    written_at: datetime
    is_valid: bool = True
    labels: set[str] = field(default_factory=set)

    @property
    def uri(self) -> str:
        return record_uri(self.did, self.collection, self.rkey)


@dataclass(slots=True)
class Account:
    """Somebody on Bluesky, with passwords, repository and whatever the AppView says of them.

    `app_passwords` are by name. `view_extra` is put over every view of this author, to break it.
    """

    did: str
    handle: str
    name: str
    password: str
    followers: int = 0
    avatar: str | None = None
    state: AccountState = "active"
    app_passwords: dict[str, str] = field(default_factory=dict)
    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    view_extra: dict[str, Any] = field(default_factory=dict)

    def of(self, collection: str) -> list[Record]:
        """The records of a collection by key, newest first."""
        found = [record for (kind, _), record in self.records.items() if kind == collection]
        return sorted(found, key=lambda record: record.rkey, reverse=True)

    @property
    def blocks(self) -> set[str]:
        """The DIDs that this account blocks."""
        return {record.value.get("subject", "") for record in self.of(BLOCK)}
