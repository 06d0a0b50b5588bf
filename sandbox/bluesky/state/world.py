"""Everybody on the local Bluesky, and what a test does there on their behalf."""

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sandbox.bluesky.faults import Faults
from sandbox.bluesky.state import repositories, richtext
from sandbox.bluesky.state.accounts import BLOCK, GATE, POST, Account, Record
from sandbox.bluesky.state.appview import AppView, Notification
from sandbox.bluesky.state.blobs import Blobs
from sandbox.bluesky.state.event_log import EventLog
from sandbox.bluesky.state.ids import AT_URI, Tids, make_cid, make_did
from sandbox.bluesky.state.rate_limits import Limits
from sandbox.bluesky.state.request_log import Journal
from sandbox.bluesky.state.sessions import Sessions

STREAM_ENDPOINT = "GET /subscribe"
ENDPOINT_NAMES = (
    "POST com.atproto.server.createSession",
    "POST com.atproto.server.refreshSession",
    "GET com.atproto.server.getSession",
    "GET com.atproto.identity.resolveHandle",
    "GET com.atproto.repo.getRecord",
    "GET com.atproto.repo.listRecords",
    "POST com.atproto.repo.putRecord",
    "POST com.atproto.repo.createRecord",
    "POST com.atproto.repo.deleteRecord",
    "POST com.atproto.repo.uploadBlob",
    "GET app.bsky.notification.listNotifications",
    "GET app.bsky.feed.getPosts",
    "GET app.bsky.feed.getPostThread",
    "GET app.bsky.feed.getAuthorFeed",
    "GET app.bsky.feed.searchPosts",
    "GET app.bsky.actor.getProfile",
    "GET app.bsky.actor.getProfiles",
    STREAM_ENDPOINT,
)


@dataclass(slots=True)
class Spoilt:
    """What a test has broken: rows to send instead, by address of the post; embeds to show instead."""

    rows: dict[str, Any] = field(default_factory=dict)
    embeds: dict[str, dict[str, Any]] = field(default_factory=dict)


class BlueskyWorld:
    """The accounts, their posts, and switches. Thread-safe by `lock`.

    `clock` is the servers' time. `pds_url` is the PDS that DID documents name: None, the server that was
    asked; empty, no document is sent, as by a small PDS.
    """

    def __init__(
        self,
        handle: str = "acmebrew.test",
        name: str = "Acme Brew",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or (lambda: datetime.now(UTC))
        self.accounts: dict[str, Account] = {}
        self.likes: list[Notification] = []
        self.appview = AppView(self.accounts, self.likes)
        self.events = EventLog()
        self.sessions = Sessions()
        self.limits = Limits()
        self.journal = Journal()
        self.faults = Faults(ENDPOINT_NAMES)
        self.spoilt = Spoilt()
        self.blobs = Blobs()
        self.pds_url: str | None = None
        self._tids = Tids()
        self._last = datetime.fromtimestamp(0, UTC)
        self.brand = self.add_user(handle, name)

    # --- people ---------------------------------------------------------------------------------------------

    def add_user(self, handle: str, name: str | None = None, *, followers: int = 0) -> Account:
        with self.lock:
            if self.find_user(handle) is not None:
                raise ValueError(f"there is @{handle} already")
            account = Account(
                make_did(handle), handle, name or handle.partition(".")[0].title(), secrets.token_hex(8)
            )
            account.followers = followers
            self.accounts[account.did] = account
            return account

    def find_user(self, handle: str) -> Account | None:
        """Who has the handle or DID `handle`; None if nobody has."""
        if handle in self.accounts:
            return self.accounts[handle]
        return next((one for one in self.accounts.values() if one.handle.lower() == handle.lower()), None)

    def user(self, handle: str) -> Account:
        """The same. Raises KeyError if nobody has it."""
        found = self.find_user(handle)
        if found is None:
            raise KeyError(handle)
        return found

    def app_password(self, handle: str | None = None, name: str = "heard") -> str:
        """Make an app password of the brand's, or of whoever has that handle."""
        with self.lock:
            account = self.brand if handle is None else self.user(handle)
            account.app_passwords[name] = "-".join(secrets.token_hex(2) for _ in range(4))
            return account.app_passwords[name]

    def revoke_app_password(self, handle: str, name: str = "heard") -> None:
        """Access tokens that were made with it live on; no renewal, and no log-in."""
        with self.lock:
            self.user(handle).app_passwords.pop(name, None)

    def rename(self, handle: str, to: str) -> None:
        with self.lock:
            account = self.user(handle)
            account.handle = to
            self.events.note_account("identity", account, self.now())

    def deactivate(self, handle: str) -> None:
        self._set_state(handle, "deactivated")

    def take_down(self, handle: str) -> None:
        self._set_state(handle, "takendown")

    def reactivate(self, handle: str) -> None:
        self._set_state(handle, "active")

    # --- what people do -------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The time of the next act: a millisecond after the last one at least, so that no two are tied."""
        moment = self.clock()
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        self._last = max(moment, self._last + timedelta(milliseconds=1))
        return self._last

    def reading_time(self) -> datetime:
        """The time of a reading: not before the last act."""
        return max(self.clock(), self._last)

    def next_key(self) -> str:
        """A record key for what is written now."""
        return self._tids.next(self.now())

    def write(
        self,
        account: Account,
        collection: str,
        rkey: str,
        value: dict[str, Any],
        moment: datetime,
        *,
        is_valid: bool = True,
    ) -> Record:
        """Create or overwrite a record, and let streams know."""
        before = account.records.get((collection, rkey))
        written = repositories.write(account, collection, rkey, value, moment, is_valid=is_valid)
        if written is not before:
            self.events.add("create" if before is None else "update", written, moment)
        return written

    def remove(self, account: Account, collection: str, rkey: str) -> Record | None:
        """Delete a record, and let streams know; None if there was none."""
        gone = account.records.pop((collection, rkey), None)
        if gone is not None:
            self.events.add("delete", gone, self.clock())
        return gone

    def post(
        self,
        author: str,
        text: str,
        *,
        reply_to: str | None = None,
        quote: str | None = None,
        created_at: datetime | None = None,
        langs: Sequence[str] = (),
        facets: Sequence[dict[str, Any]] | None = None,
        embed: dict[str, Any] | None = None,
        rkey: str | None = None,
    ) -> Record:
        """Let `author` post, with facets as the app makes them unless they are given.

        `created_at` is what the author's clock says; None: the truth.
        """
        with self.lock:
            moment = self.now()
            value: dict[str, Any] = {"$type": POST, "text": text}
            value["createdAt"] = format_time(created_at or moment)
            found = richtext.detect(text, self._resolve) if facets is None else list(facets)
            value |= {"facets": found} if found else {}
            value |= {"langs": list(langs)} if langs else {}
            value |= {"reply": self._reply(reply_to)} if reply_to else {}
            value |= {"embed": embed} if embed else {}
            if quote:
                value["embed"] = {"$type": "app.bsky.embed.record", "record": self._reference(quote)}
            key = rkey or self._tids.next(moment)
            return self.write(self.user(author), POST, key, value, moment)

    def edit(self, uri: str, text: str, *, created_at: datetime | None = None, **more: Any) -> Record:  # noqa: ANN401
        """Overwrite a post; its date stays unless `created_at` is given. `more` are fields of the record."""
        with self.lock:
            record = self.record(uri)
            value = {**record.value, "text": text, **more}
            value["facets"] = more.get("facets", richtext.detect(text, self._resolve))
            if created_at is not None:
                value["createdAt"] = format_time(created_at)
            return self.write(self.accounts[record.did], POST, record.rkey, value, self.now())

    def delete(self, uri: str) -> None:
        with self.lock:
            record = self.record(uri)
            self.remove(self.accounts[record.did], record.collection, record.rkey)

    def repost(self, handle: str, uri: str) -> None:
        """Repost a post: the author is notified, and no reading of mentions shows it."""
        self._react(handle, uri, "app.bsky.feed.repost", "repost")

    def like(self, handle: str, uri: str) -> None:
        """Like a post: the author is notified, which takes room in a page of notifications."""
        self._react(handle, uri, "app.bsky.feed.like", "like")

    def gate(self, uri: str, allow: Sequence[dict[str, Any]] | None = (), hidden: Sequence[str] = ()) -> None:
        """Put a gate on the thread of a root post: nobody may reply unless a rule of `allow` lets them.

        `allow=None` lets everybody reply; `hidden` are addresses of replies that its author hides.
        """
        with self.lock:
            record = self.record(uri)
            value: dict[str, Any] = {"$type": GATE, "post": uri, "hiddenReplies": list(hidden)}
            value |= {"allow": list(allow)} if allow is not None else {}
            self.write(self.accounts[record.did], GATE, record.rkey, value, self.now())

    def block(self, handle: str, other: str) -> None:
        with self.lock:
            value = {"$type": BLOCK, "subject": self.user(other).did}
            moment = self.now()
            self.write(self.user(handle), BLOCK, self._tids.next(moment), value, moment)

    def unblock(self, handle: str, other: str) -> None:
        with self.lock:
            account, did = self.user(handle), self.user(other).did
            for record in account.of(BLOCK):
                if record.value["subject"] == did:
                    self.remove(account, BLOCK, record.rkey)

    def label(self, uri: str, value: str) -> None:
        """Let a moderation service label a post."""
        with self.lock:
            self.record(uri).labels.add(value)

    # --- what a test breaks ---------------------------------------------------------------------------------

    def corrupt(self, uri: str, row: Any) -> None:  # noqa: ANN401 - whatever a test wants
        """Send `row` instead of the row of that post, wherever it is listed."""
        self.spoilt.rows[uri] = row

    def show_embed(self, uri: str, view: dict[str, Any]) -> None:
        """Show that view as the post's embed."""
        self.spoilt.embeds[uri] = view

    def spoil_author(self, handle: str, **fields: Any) -> None:  # noqa: ANN401
        """Put `fields` over every view of that author."""
        self.user(handle).view_extra.update(fields)

    # --- what a test looks at -------------------------------------------------------------------------------

    def record(self, uri: str) -> Record:
        """The record with that address. Raises KeyError."""
        parts = AT_URI.fullmatch(uri)
        account = self.accounts.get(parts[1]) if parts else None
        if parts is None or account is None:
            raise KeyError(uri)
        return account.records[parts[2], parts[3]]

    def posts_by(self, handle: str) -> list[Record]:
        """All that somebody has in their repository, oldest first, whoever may see it."""
        with self.lock:
            return sorted(self.user(handle).of(POST), key=lambda record: record.first_at)

    def replies_to(self, uri: str, by: str | None = None) -> list[Record]:
        """The brand's replies to a post (or those of `by`), oldest first, whoever may see them."""
        handle = self.brand.handle if by is None else by
        return [one for one in self.posts_by(handle) if _parent(one) == uri]

    def thread(self, uri: str, viewer: str) -> list[str]:
        """The texts of the replies to a post that `viewer` is shown."""
        with self.lock:
            record, did = self.record(uri), self.user(viewer).did
            found = self.appview.replies(record, self.reading_time(), timedelta(0))
            return [one.value["text"] for one in found if self.appview.sees(did, one)]

    def segments(self, uri: str) -> list[tuple[str, str]]:
        """The links, handles and tags that readers of a post see. Raises ValueError for a broken facet."""
        return richtext.segments(self.record(uri).value)

    @property
    def counts(self) -> Counter[str]:
        """The number of requests by endpoint, such as "POST com.atproto.repo.putRecord"."""
        return self.journal.counts

    def _set_state(self, handle: str, state: Literal["active", "deactivated", "takendown"]) -> None:
        with self.lock:
            account = self.user(handle)
            account.state = state
            self.events.note_account("account", account, self.now())

    def _resolve(self, handle: str) -> str | None:
        found = self.find_user(handle)
        return found.did if found is not None and found.state == "active" else None

    def _reference(self, uri: str) -> dict[str, str]:
        return {"uri": uri, "cid": self.record(uri).cid}

    def _reply(self, parent: str) -> dict[str, Any]:
        root = self.record(parent).value.get("reply", {}).get("root")
        return {"root": root or self._reference(parent), "parent": self._reference(parent)}

    def _react(self, handle: str, uri: str, collection: str, reason: str) -> None:
        with self.lock:
            moment = self.now()
            value = {"$type": collection, "subject": {"uri": uri}, "createdAt": format_time(moment)}
            key = self._tids.next(moment)
            did = self.user(handle).did
            record = Record(did, collection, key, value, make_cid(value), moment, moment)
            self.likes.append(Notification(record, reason, uri, moment))


def _parent(record: Record) -> str | None:
    uri = record.value.get("reply", {}).get("parent", {}).get("uri")
    return uri if isinstance(uri, str) else None


def format_time(moment: datetime) -> str:
    """A time as the servers write it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
