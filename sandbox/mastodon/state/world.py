"""A small server: its accounts, its posts, and everything that changes them. No HTTP."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sandbox.mastodon.faults import Faults
from sandbox.mastodon.state.endpoint_names import ENDPOINTS
from sandbox.mastodon.state.flavours import MASTODON, Flavour
from sandbox.mastodon.state.ids import Ids
from sandbox.mastodon.state.media import MediaLibrary, UploadedMedia
from sandbox.mastodon.state.notifications import Notifications
from sandbox.mastodon.state.oauth_grants import Grants
from sandbox.mastodon.state.people import People
from sandbox.mastodon.state.publishing_rules import RejectedError, check_mentions, check_words
from sandbox.mastodon.state.rate_limits import Limits
from sandbox.mastodon.state.request_log import Asked, Journal
from sandbox.mastodon.state.status_index import StatusIndex
from sandbox.mastodon.state.statuses import Account, Media, Status, Visibility
from sandbox.mastodon.state.text import MENTION, TAG, render

KEY_LIVES = timedelta(hours=1)
NOT_FOUND = "Record not found"


@dataclass(frozen=True, slots=True)
class Change:
    """A change; `id` is that of the account or post."""

    kind: Literal["account", "post", "edit", "delete", "repost"]
    id: str


class MastodonWorld:
    """One server. People post with `post`; API clients with `publish`, which applies the server's rules.

    Handles are `ana` for this server's accounts, `ana@books.example` for those of others. A client acts as
    the account of its token; without any granted token, as `brand`.

    Every method is thread-safe; hold `lock` to combine several calls. `clock` may be replaced at any time.
    `flavour` is the software. `link_headers` may be switched off. `elsewhere` has posts of other servers that
    this one has not seen, by address: a search with `resolve` finds them.
    """

    def __init__(
        self,
        *,
        handle: str = "acmebrew",
        name: str = "Acme Brew",
        domain: str = "brews.example",
        flavour: Flavour = MASTODON,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or (lambda: datetime.now(UTC))
        self.domain, self.flavour = domain, flavour
        self.faults = Faults(ENDPOINTS)
        self.limits, self.journal, self.grants = Limits(), Journal(), Grants()
        self.link_headers = True
        self.media = MediaLibrary()
        self.elsewhere: dict[str, Status] = {}
        self.elsewhere_authors: dict[str, str] = {}  # address of such a post → handle of its author
        self.raw_rows: dict[str, Any] = {}
        self._ids = Ids(flavour.ids)
        self.people = People(domain)
        self.index = StatusIndex()
        self.notifications = Notifications(self._ids)
        self._keys: dict[tuple[str, str], tuple[str, datetime]] = {}
        self._follows: set[tuple[str, str]] = set()
        self._observers: list[Callable[[Change], None]] = []
        self._brand_id = self._signed_in_id = self.add_user(handle, name).id

    # People

    @property
    def brand(self) -> Account:
        """The account behind credentials that belong to no other one."""
        return self.people[self._brand_id]

    @property
    def signed_in(self) -> Account:
        """The account that is signed in where apps are authorized."""
        return self.people[self._signed_in_id]

    def sign_in(self, handle: str) -> None:
        """Sign in there as another account of this server. Raises LookupError."""
        self._signed_in_id = self.user(handle).id

    def add_user(self, handle: str, name: str, **more: Any) -> Account:  # noqa: ANN401 - the fields of Account
        """Create an account. Raises ValueError if the handle is taken."""
        with self.lock:
            self.people.add(self._ids.account(), handle, name, self.clock())
            return self.change_user(handle, **more)

    def change_user(self, handle: str, /, **changes: Any) -> Account:  # noqa: ANN401 - the fields of Account
        """Change an account: `change_user("ana", note="<p>#nobot</p>")`. Raises LookupError."""
        with self.lock:
            account = self.people.change(handle, **changes)
        self._tell(Change("account", account.id))
        return account

    def user(self, handle: str) -> Account:
        """Return the account with this handle. Raises LookupError."""
        with self.lock:
            return self.people.named(handle)

    def find_user(self, handle: str) -> Account | None:
        with self.lock:
            return self.people.find(handle)

    def follow(self, follower: str, followed: str) -> None:
        """Let one account follow another, and so see its followers-only posts."""
        with self.lock:
            self._follows.add((self.user(follower).id, self.user(followed).id))

    def full_handle(self, account: Account) -> str:
        return f"{account.username}@{account.domain or self.domain}"

    # Posting

    def post(
        self,
        author_handle: str,
        text: str,
        *,
        visibility: Visibility = "public",
        spoiler: str = "",
        reply_to: str | None = None,
        quotes: str | None = None,
        lang: str | None = "en",
        at: datetime | None = None,
        html: str | None = None,
        media: Sequence[Media] = (),
        poll: Sequence[str] = (),
        emojis: Sequence[str] = (),
    ) -> Status:
        """Post as a person does in an app, without the rules for API clients.

        `reply_to` and `quotes` are ids or addresses. `html` replaces what the server would make of `text`.
        Whom the text names is mentioned; nobody is by answering alone. Raises LookupError.
        """
        with self.lock:
            author = self.people.named(author_handle)
            made = self._make(author, text, at or self.clock(), html)
            made = replace(
                made,
                visibility=visibility,
                spoiler=spoiler,
                language=lang,
                reply_to=self.status(reply_to).id if reply_to else None,
                quotes=self.status(quotes).id if quotes else None,
                media=tuple(media),
                poll=tuple(poll),
                emojis=tuple(emojis),
            )
            self._keep(made)
        self._tell(Change("post", made.id))
        return made

    def publish(
        self,
        by: Account,
        text: str,
        *,
        reply_to: str | None = None,
        visibility: Visibility | None = None,
        spoiler: str = "",
        language: str | None = None,
        allowed_mentions: Sequence[str] | None = None,
        key: str | None = None,
        media_ids: Sequence[str] = (),
    ) -> Status:
        """Publish through the API. Raises RejectedError."""
        with self.lock:
            if key is not None and (known := self._repeated(by, key)) is not None:
                return known
            if reply_to is not None and not self._is_visible(self.index.find(reply_to), by):
                raise RejectedError(404, NOT_FOUND)
            check_words(self.flavour, text, spoiler, has_media=bool(media_ids))
            uploads = self.media.take(list(media_ids), by.id, at=self.clock())
            made = self._make(by, text, self.clock(), None)
            check_mentions(self.flavour, made.mentions, allowed_mentions)
            seen_by: Any = visibility or self.flavour.default_visibility or by.default_visibility
            made = replace(
                made,
                visibility=seen_by,
                spoiler=spoiler,
                language=language or by.default_language,
                reply_to=reply_to,
                media=tuple(self._shown(one) for one in uploads),
            )
            for one in uploads:
                one.status_id = made.id
            self._keep(made)
            if key is not None:
                self._keys[by.id, key] = made.id, self.clock()
        self._tell(Change("post", made.id))
        return made

    def upload(self, by: Account, data: bytes, alt: str) -> UploadedMedia:
        """Keep a file of an account, which no post shows yet. Raises RejectedError."""
        with self.lock:
            at = self.clock()
            return self.media.add(by.id, data, alt, media_id=self._ids.post(at), at=at)

    def _shown(self, one: UploadedMedia) -> Media:
        address = f"https://{self.domain}/media/{one.id}"
        return Media(address, one.kind, one.alt or None, upload=one.id)

    def edit(self, status_id: str, text: str, *, spoiler: str | None = None) -> Status:
        """Edit a post: same id, no new notification. Raises LookupError."""
        with self.lock:
            old = self.status(status_id)
            fresh = self._make(self.people[old.account_id], text, old.created_at, None)
            made = replace(
                old,
                text=text,
                content=fresh.content,
                mentions=fresh.mentions,
                tags=fresh.tags,
                edited_at=self.clock(),
                spoiler=old.spoiler if spoiler is None else spoiler,
            )
            self.index.put(made)
        self._tell(Change("edit", made.id))
        return made

    def delete(self, status_id: str) -> None:
        """Delete a post, and the notifications of it. Raises LookupError."""
        with self.lock:
            gone = self.status(status_id)
            self.index.remove(gone.id)
            self.notifications.remove(gone.id)
        self._tell(Change("delete", gone.id))

    def repost(self, handle: str, status_id: str) -> Status:
        """Boost a post. Raises LookupError."""
        with self.lock:
            original, author = self.status(status_id), self.people.named(handle)
            made = replace(
                self._make(author, "", self.clock(), original.content), reblog_of=original.id, mentions=()
            )
            self.index.put(made)
            if self.people[original.account_id].domain is None:
                self.notifications.add("reblog", original.account_id, author.id, made.id, self.clock())
        self._tell(Change("repost", made.id))
        return made

    def accept(self, handle: str) -> None:
        """Let a person accept what an account says: its notifications are no longer filtered."""
        self.change_user(handle, filtered=False)

    def corrupt(self, status_id: str, row: Any) -> None:  # noqa: ANN401 - any JSON value, or a function to one
        """Send this post as `row` from now on: a JSON value, or a function of the correct row."""
        with self.lock:
            self.raw_rows[status_id] = row

    def let_find(self, status: Status, handle: str) -> None:
        """Let a search with `resolve` find a post of another server, by `handle`, that was not seen here."""
        with self.lock:
            self.elsewhere[status.uri] = status
            self.elsewhere_authors[status.uri] = handle

    def resolve(self, address: str) -> Status | None:
        """Fetch a post by its address, from another server if need be, as a search with `resolve` does."""
        with self.lock:
            known = self.index.find(address)
            if known is not None or address not in self.elsewhere:
                return known
            far, handle = self.elsewhere[address], self.elsewhere_authors[address]
            author = self.people.find(handle) or self.add_user(handle, handle)
            made = replace(
                self._make(author, far.text, far.created_at, far.content),
                uri=far.uri,
                url=far.url,
                visibility=far.visibility,
                spoiler=far.spoiler,
                language=far.language,
                edited_at=far.edited_at,
            )
            self.index.put(made)
            return made

    # Reading

    def status(self, status_id: str) -> Status:
        """Return a post by its id or address. Raises LookupError."""
        found = self.index.find(status_id)
        if found is None:
            raise LookupError(f"there is no post {status_id} here")
        return found

    def replies_to(self, status_id: str) -> list[Status]:
        """Return the brand's replies to a post, even a deleted one, oldest first."""
        with self.lock:
            local = self.index.local_id(status_id)
            return [one for one in self.index if one.reply_to == local and one.account_id == self._brand_id]

    def posts_by(self, handle: str) -> list[Status]:
        """Return what an account has posted, oldest first."""
        with self.lock:
            author = self.people.named(handle).id
            return [one for one in self.index if one.account_id == author]

    def sees(self, viewer: Account, status: Status | None) -> bool:
        with self.lock:
            return self._is_visible(status, viewer)

    @property
    def requests(self) -> list[Asked]:
        """All requests, in order."""
        return self.journal.requests

    @property
    def counts(self) -> Counter[str]:
        """The number of requests by endpoint, such as "POST /api/v1/statuses"."""
        return self.journal.counts

    def speaker(self, bearer: str) -> Account:
        """Return the account behind a token."""
        known = self.grants.tokens.get(bearer)
        return self.brand if known is None else self.people[known.account_id]

    def on_change(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call `observer` after each change, in the thread that made it. Returns a function that stops it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _make(self, author: Account, text: str, at: datetime, html: str | None) -> Status:
        mentioned = self._mentioned(author, text)
        profile = {
            written: f"https://{one.domain or self.domain}/@{one.username}"
            for written, one in mentioned.items()
        }
        status_id, host = self._ids.post(at), author.domain or self.domain
        return Status(
            id=status_id,
            uri=f"https://{host}/users/{author.username}/statuses/{status_id}",
            url=f"https://{host}/@{author.username}/{status_id}",
            account_id=author.id,
            text=text,
            content=render(text, profile, host) if html is None else html,
            created_at=at,
            mentions=tuple(dict.fromkeys(one.id for one in mentioned.values())),
            tags=tuple(dict.fromkeys(tag.lower() for tag in TAG.findall(text))),
        )

    def _mentioned(self, author: Account, text: str) -> dict[str, Account]:
        """Whom a text names, by how it names them; a bare name means somebody on the author's own server.

        As a shortcut for tests a bare name is also one of this server's accounts.
        """
        found: dict[str, Account] = {}
        for written in MENTION.finditer(text):
            name, domain = written[1], written[2] or author.domain
            account = self.people.find(f"{name}@{domain}" if domain else name)
            account = account or (self.people.find(name) if not written[2] else None)
            if account is not None:
                found[written[0].lower()] = account
        return found

    def _keep(self, made: Status) -> None:
        self.index.put(made)
        for one in made.mentions:
            if one != made.account_id and self.people[one].domain is None:
                self.notifications.add("mention", one, made.account_id, made.id, self.clock())

    def _repeated(self, by: Account, key: str) -> Status | None:
        """The status that a repeated key stands for. Raises RejectedError if the server answers otherwise."""
        known = self._keys.get((by.id, key))
        if known is None or self.clock() - known[1] > KEY_LIVES or self.flavour.idempotency == "ignored":
            return None
        first = self.index.find(known[0])
        if self.flavour.idempotency == "500 although posted":
            raise RejectedError(500, "This endpoint is temporarily unavailable")
        if first is None and self.flavour.idempotency == "first status":
            raise RejectedError(404, NOT_FOUND)
        return first

    def _is_visible(self, status: Status | None, viewer: Account) -> bool:
        if status is None or self.people[status.account_id].suspended:
            return False
        if viewer.id == status.account_id or viewer.id in status.mentions:
            return True
        if status.visibility == "private":
            return (viewer.id, status.account_id) in self._follows
        return status.visibility != "direct"

    def _tell(self, change: Change) -> None:
        for observer in tuple(self._observers):
            observer(change)
