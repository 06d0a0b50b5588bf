"""What the AppView makes of all repositories: who sees which post, who is notified, what is in a thread.

Every rule as seen on AppView 0.0.280. Nothing here is stored: all of it follows from the records.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.state.accounts import GATE, POST, Account, Record
from sandbox.bluesky.state.ids import AT_URI
from sandbox.bluesky.state.record_rules import parse_time

HIDING_LABELS = {"!takedown", "!suspend", "needs-review"}  # spam and !hide hide nothing from notifications
ANCESTORS_NOTIFIED = 4  # levels up
_MENTION = "app.bsky.richtext.facet#mention"


@dataclass(frozen=True, slots=True)
class Notification:
    """One row of somebody's notifications; a post has only one, whatever it does."""

    record: Record
    reason: str
    subject: str | None
    at: datetime


class _Index:
    """All posts at one moment: the newest first, and by what they answer."""

    def __init__(self, key: tuple[datetime, timedelta, int], posts: list[Record]) -> None:
        self.key, self.posts = key, posts
        self.by_parent: dict[str, list[Record]] = {}
        for record in posts:
            if "reply" in record.value:
                self.by_parent.setdefault(record.value["reply"]["parent"]["uri"], []).append(record)


class AppView:
    """The accounts by DID, seen as the AppView sees them `lag` late."""

    def __init__(self, accounts: dict[str, Account], likes: list["Notification"]) -> None:
        self._accounts = accounts
        self._likes = likes
        self._newest: _Index | None = None

    def find(self, uri: str, now: datetime, lag: timedelta = timedelta(0)) -> Record | None:
        """The indexed post with that address, whoever may see it."""
        parts = AT_URI.fullmatch(uri)
        account = self._accounts.get(parts[1]) if parts else None
        record = account.records.get((parts[2], parts[3])) if parts and account else None
        if record is None or record.collection != POST or not self._is_indexed(record, now, lag):
            return None
        return record

    def sees(self, viewer: str, record: Record) -> bool:
        """Whether `viewer` is shown a post: neither blocks the other, and its author is active."""
        author = self._accounts[record.did]
        if author.state != "active" or record.labels & HIDING_LABELS:
            return False
        return viewer == record.did or not self.is_blocked(viewer, record.did)

    def is_blocked(self, one: str, other: str) -> bool:
        """Whether either of two accounts blocks the other."""
        first, second = self._accounts.get(one), self._accounts.get(other)
        return first is not None and second is not None and (other in first.blocks or one in second.blocks)

    def posts(self, now: datetime, lag: timedelta) -> list[Record]:
        """Every indexed post, the newest by its own date first."""
        return self._index(now, lag).posts

    def _index(self, now: datetime, lag: timedelta) -> "_Index":
        """All posts as they are at `now`, put in order once for each request."""
        size = sum(len(account.records) for account in self._accounts.values())
        if self._newest is None or self._newest.key != (now, lag, size):
            records = [
                record
                for account in self._accounts.values()
                for (kind, _), record in account.records.items()
                if kind == POST and self._is_indexed(record, now, lag)
            ]
            records.sort(key=lambda record: (sort_time(record), record.rkey), reverse=True)
            self._newest = _Index((now, lag, size), records)
        return self._newest

    def root_of(self, record: Record) -> str:
        """The address of the first post of the thread, as the post claims it."""
        return str(record.value.get("reply", {}).get("root", {}).get("uri") or record.uri)

    def gate_of(self, root_uri: str) -> Record | None:
        """The gate of a thread."""
        parts = AT_URI.fullmatch(root_uri)
        account = self._accounts.get(parts[1]) if parts else None
        return account.records.get((GATE, parts[3])) if parts and account else None

    def may_reply(self, did: str, record: Record) -> bool:
        """Whether the thread of a post is open to `did`: https://docs.bsky.app/docs/tutorials/thread-gates."""
        root_uri = self.root_of(record)
        gate = self.gate_of(root_uri)
        parts = AT_URI.fullmatch(root_uri)
        if gate is None or gate.value.get("allow") is None or (parts and parts[1] == did):
            return True
        kinds = {rule.get("$type", "").partition("#")[2] for rule in gate.value["allow"]}
        root = self._accounts[parts[1]].records.get((POST, parts[3])) if parts else None
        return "mentionRule" in kinds and root is not None and did in mentioned(root.value)

    def parent_of(self, record: Record, now: datetime) -> Record | None:
        """The post that a reply hangs under: it must exist, and name the same root."""
        reply = record.value.get("reply")
        if not reply:
            return None
        parent = self.find(reply["parent"]["uri"], now)
        if parent is None or self.root_of(parent) != reply["root"]["uri"]:
            return None
        return parent

    def hangs_in_thread(self, record: Record, now: datetime) -> bool:
        """Whether a reply is shown under its parent: not if it breaks a gate or was hidden."""
        if self.parent_of(record, now) is None or not self.may_reply(record.did, record):
            return False
        gate = self.gate_of(self.root_of(record))
        return gate is None or record.uri not in gate.value.get("hiddenReplies", [])

    def replies(self, record: Record, now: datetime, lag: timedelta) -> list[Record]:
        """What hangs under a post, oldest first."""
        below = self._index(now, lag).by_parent.get(record.uri, [])
        found = [other for other in below if self.hangs_in_thread(other, now)]
        return found[::-1]

    def notifications(self, viewer: str, now: datetime, lag: timedelta) -> list[Notification]:
        """All of `viewer`'s notifications, the newest by their posts' own dates first."""
        found = [one for one in self._likes if one.subject and one.subject.startswith(f"at://{viewer}/")]
        for record in self.posts(now, lag):
            if record.did == viewer or not self.sees(viewer, record):
                continue
            reason, subject = self._reason(viewer, record, now)
            if reason:
                found.append(Notification(record, reason, subject, sort_time(record)))
        return sorted(found, key=lambda one: (one.at, one.record.rkey), reverse=True)

    def _reason(self, viewer: str, record: Record, now: datetime) -> tuple[str | None, str | None]:
        if viewer in mentioned(record.value):
            return "mention", None
        parent, level = self.parent_of(record, now), 1
        if parent is not None and self.hangs_in_thread(record, now):
            while parent is not None and level <= ANCESTORS_NOTIFIED:
                if parent.did == viewer:
                    return "reply", parent.uri
                parent, level = self.parent_of(parent, now), level + 1
        quoted = quoted_uri(record.value)
        if quoted and quoted.startswith(f"at://{viewer}/") and self.find(quoted, now) is not None:
            return "quote", quoted
        return None, None

    def _is_indexed(self, record: Record, now: datetime, lag: timedelta) -> bool:
        """A post that was written without validation, or holds a NUL, is never indexed."""
        return (
            record.is_valid and "\0" not in record.value.get("text", "\0") and record.written_at + lag <= now
        )


def sort_time(record: Record) -> datetime:
    """Where a post stands in every list: at its own date, but not after the version was seen."""
    claimed = parse_time(record.value.get("createdAt"))
    return record.written_at if claimed is None else min(claimed, record.written_at)


def mentioned(value: dict[str, Any]) -> set[str]:
    """The DIDs that the facets of a post name; what the text says does not matter."""
    return {
        feature.get("did", "")
        for facet in value.get("facets", [])
        for feature in facet.get("features", [])
        if feature.get("$type") == _MENTION
    }


def quoted_uri(value: dict[str, Any]) -> str | None:
    """The address of the post that a post quotes."""
    embed = value.get("embed") or {}
    record = embed.get("record") or {}
    if embed.get("$type") == "app.bsky.embed.recordWithMedia":
        record = record.get("record") or {}
    return record.get("uri")
