"""A small X: its users, its posts, and everything that changes them. No HTTP."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sandbox.x.faults import Faults
from sandbox.x.state.ids import Snowflakes
from sandbox.x.state.oauth_grants import Grants
from sandbox.x.state.post_factory import PostFactory
from sandbox.x.state.post_index import PostIndex
from sandbox.x.state.posting_rules import (
    PARENT_GONE,
    ForbiddenError,
    check_duplicate,
    check_summons,
    check_words,
)
from sandbox.x.state.posts import Media, User, XPost, media_url
from sandbox.x.state.rate_limits import PER_WINDOW, Limits
from sandbox.x.state.request_log import Asked, Journal
from sandbox.x.state.uploads import Upload, Uploads
from sandbox.x.state.users import People

MAX_EDITS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """A change; `id` is that of the user or post."""

    kind: Literal["user", "post", "edit", "delete", "repost"]
    id: str


class XWorld:
    """A small X. People post with `post`; API clients publish with `publish`, which applies X's rules.

    A client acts as the account in its token (`1234-…`, OAuth 1.0a), as the account that `keys` has for its
    token, or as the account that was signed in at the consent (OAuth 2.0: `sign_in`); else as `brand`.

    Every method is thread-safe; hold `lock` to combine several calls.

    `clock` may be replaced at any time. `implicit_counts` says whether a bare reply to the brand summons it;
    X does not document that. `search_delay` is how long search holds posts back (30 s at X). `raw_rows` has
    damaged rows by post ID: see `corrupt`. `grants` has the valid OAuth 2.0 tokens. `redirects` maps
    addresses to their final ones, which X sends as `unwound_url`.
    """

    def __init__(
        self,
        *,
        handle: str = "acmebrew",
        name: str = "Acme Brew",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or (lambda: datetime.now(UTC))
        self.faults = Faults(tuple(PER_WINDOW))
        self.limits = Limits()
        self.journal = Journal()
        self.grants = Grants(lambda: self.clock())  # noqa: PLW0108 - the clock may be replaced
        self.keys: dict[str, str] = {}  # OAuth 1.0a access token → ID of its account
        self.raw_rows: dict[str, Any] = {}
        self.implicit_counts = True
        self.redirects: dict[str, str] = {}
        self.duplicate_window = timedelta(days=1)
        self.search_delay = timedelta(0)
        self.uploads = Uploads()
        self._ids = Snowflakes()
        self._people = People()
        self.index = PostIndex()
        self._factory = PostFactory(self._ids, self._people, self.index)
        self._observers: list[Callable[[Change], None]] = []
        self._brand_id = self._signed_in_id = self.add_user(handle, name).id

    # People

    @property
    def brand(self) -> User:
        """The account behind credentials that belong to no other one."""
        return self._people[self._brand_id]

    @property
    def signed_in(self) -> User:
        """The account that is signed in where apps are authorized."""
        return self._people[self._signed_in_id]

    def sign_in(self, handle: str) -> None:
        """Sign in there as another account. Raises LookupError."""
        with self.lock:
            self._signed_in_id = self.user(handle).id

    def speaker(self, *, oauth_token: str | None, bearer: str | None) -> User:
        """Return the account behind these credentials."""
        told = self.grants.owner(bearer) if bearer is not None else None
        if oauth_token is not None:
            told = self.keys.get(oauth_token) or oauth_token.partition("-")[0]
        return (self._people.get(told) if told else None) or self.brand

    def add_user(
        self, handle: str, name: str, *, followers: int = 0, protected: bool = False, verified: bool = False
    ) -> User:
        """Create an account. Raises ValueError if the handle is taken or invalid."""
        with self.lock:
            now = self.clock()
            self._people.add(self._ids.next(now), handle, name, now)
            return self.change_user(handle, followers=followers, protected=protected, verified=verified)

    def change_user(self, handle: str, /, **changes: Any) -> User:  # noqa: ANN401 - the fields of User
        """Rename an account, protect it, suspend it: `change_user("troll", handle="elf", suspended=True)`.

        Raises LookupError for an unknown handle, ValueError if the new handle is taken.
        """
        with self.lock:
            user = self._people.change(handle, **changes)
        self._tell(Change("user", user.id))
        return user

    def user(self, handle: str) -> User:
        """Return the account with this handle, regardless of case. Raises LookupError."""
        with self.lock:
            return self._people.named(handle)

    def find_user(self, handle: str) -> User | None:
        with self.lock:
            return self._people.find(handle)

    def users(self) -> list[User]:
        """Return all accounts, oldest first."""
        with self.lock:
            return list(self._people)

    def user_by_id(self, user_id: str) -> User | None:
        with self.lock:
            return self._people.get(user_id)

    # Posting

    def post(
        self,
        author_handle: str,
        text: str,
        *,
        reply_to: str | None = None,
        quotes: str | None = None,
        at: datetime | None = None,
        visible_after: datetime | timedelta | float | None = None,
        entities: dict[str, Any] | None = None,
        lang: str = "en",
        media: Sequence[str | Media] = (),
        poll: Sequence[str] = (),
    ) -> XPost:
        """Post `text` as a person does in X's own app, without the rules for API clients.

        `at` backdates it. `visible_after` (a time, or a delay after `at`, in seconds if a number) keeps it
        out of the mentions timeline and search until then. `entities` replaces those that X would find.
        `media` has pictures (as addresses), videos and GIFs, `poll` the choices of a poll. Raises LookupError
        for an unknown author or post.
        """
        with self.lock:
            author = self.user(author_handle)
            attached = [Media(one) if isinstance(one, str) else one for one in media]
            made = self._factory.make(
                author, text, at=at or self.clock(), reply_to=reply_to, quotes=quotes, media=attached
            )
            visible_at = _after(made.created_at, visible_after)
            made = replace(made, visible_at=visible_at, entities=entities, lang=lang, poll=tuple(poll))
            self.index.put(made)
        self._tell(Change("post", made.id))
        return made

    def publish(
        self,
        text: str,
        *,
        reply_to: str | None = None,
        unnamed: Sequence[str] = (),
        by: User | None = None,
        media_ids: Sequence[str] = (),
    ) -> XPost:
        """Publish `text` as `by` (None: the brand) through the API.

        Users with the IDs `unnamed` are not put in front; `media_ids` are of pictures that were uploaded.
        Raises ForbiddenError with X's text.
        """
        by = by or self.brand
        with self.lock:
            if reply_to is not None and not self._can_see(reply_to):
                raise ForbiddenError(PARENT_GONE)
            uploads = [self.uploads.files[one] for one in media_ids]
            shown = [Media(media_url(one.id), alt=one.alt, upload=one.id) for one in uploads]
            made = self._factory.make(
                by, text, at=self.clock(), reply_to=reply_to, unnamed=unnamed, media=shown
            )
            check_words(made)
            if reply_to is not None:
                self._check_summons(by, self.posts[reply_to])
            since = made.created_at - self.duplicate_window
            recent = itertools.takewhile(lambda p: p.created_at > since, self.index.posts_by(made.author_id))
            check_duplicate(made, recent)
            self.index.put(made)
        self._tell(Change("post", made.id))
        return made

    def upload(self, by: User, data: bytes) -> Upload | None:
        """Keep a picture of an account, which no post shows yet; None if X does not take it."""
        with self.lock:
            at = self.clock()
            return self.uploads.add(self._ids.next(at), by.id, data, at)

    def edit(self, post_id: str, text: str) -> XPost:
        """Edit a post: it gets a new ID and keeps its `first_id`. Raises ValueError after five edits."""
        with self.lock:
            old = self.posts[self.versions(post_id)[-1]]
            if len(self.versions(post_id)) > MAX_EDITS:
                raise ValueError(f"{post_id} was edited {MAX_EDITS} times already")
            made = self._factory.remake(old, text, at=self.clock())
            self.index.put(made)
        self._tell(Change("edit", made.id))
        return made

    def delete(self, post_id: str) -> None:
        """Delete a post with all its versions. Raises KeyError."""
        with self.lock:
            self.index.remove(post_id)
        self._tell(Change("delete", post_id))

    def repost(self, handle: str, post_id: str) -> XPost:
        """Repost: a new post whose text is `RT @author: …`, with the mentions of the original."""
        with self.lock:
            made = self._factory.repost(self.user(handle), self.posts[post_id], at=self.clock())
            self.index.put(made)
        self._tell(Change("repost", made.id))
        return made

    def corrupt(self, post_id: str, row: Any) -> None:  # noqa: ANN401 - any JSON value, or a function to one
        """Send this post as `row` from now on: a JSON value, or a function of the correct row."""
        with self.lock:
            self.raw_rows[post_id] = row

    # Reading

    @property
    def posts(self) -> dict[str, XPost]:
        """All versions of all posts, by ID."""
        return self.index.posts

    @property
    def deleted(self) -> dict[str, XPost]:
        """All versions of all deleted posts, by ID."""
        return self.index.deleted

    @property
    def requests(self) -> list[Asked]:
        """All requests, in order."""
        return self.journal.requests

    @property
    def counts(self) -> Counter[str]:
        """The number of requests by endpoint, such as "POST /2/tweets"."""
        return self.journal.counts

    @property
    def cost(self) -> float:
        """What X would have charged so far, in dollars."""
        return self.journal.cost

    def versions(self, post_id: str) -> tuple[str, ...]:
        """Return the IDs of a post's edit chain, oldest first, even of a deleted post. Raises KeyError."""
        with self.lock:
            return self.index.versions(self._known(post_id))

    def references_to(self, post: XPost, kind: str) -> int:
        """Return how many posts refer to `post` as `kind`: replied_to, quoted or retweeted."""
        with self.lock:
            return self.index.references_to(post, kind)

    def replies_to(self, post_id: str) -> list[XPost]:
        """Return the brand's replies to any version of a post, oldest first."""
        with self.lock:
            versions = self.versions(post_id)
            return [p for p in reversed([*self.index.posts_by(self._brand_id)]) if p.reply_to in versions]

    def conversation(self, post_id: str) -> list[XPost]:
        """Return all posts in the conversation of a post, oldest first."""
        with self.lock:
            root = self._known(post_id).conversation_id
            return [p for p in reversed([*self.index.newest_first()]) if p.conversation_id == root]

    def is_hidden(self, user_id: str) -> bool:
        """Whether X hides this user's posts from the brand: protected, suspended or deleted."""
        user = self.user_by_id(user_id)
        return user is None or user.suspended or (user.protected and user.id != self._brand_id)

    def on_change(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call `observer` after each change, in the thread that made it. Returns a function that stops it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _known(self, post_id: str) -> XPost:
        return self.posts[post_id] if post_id in self.posts else self.deleted[post_id]

    def _can_see(self, post_id: str) -> bool:
        return post_id in self.posts and not self.is_hidden(self.posts[post_id].author_id)

    def _check_summons(self, speaker: User, parent: XPost) -> None:
        quoted = self.posts.get(parent.quotes or "")
        check_summons(speaker, parent, quoted, implicit_counts=self.implicit_counts)

    def _tell(self, change: Change) -> None:
        for observer in tuple(self._observers):
            observer(change)


def _after(start: datetime, delay: datetime | timedelta | float | None) -> datetime:
    if isinstance(delay, datetime):
        return delay
    return start + (delay if isinstance(delay, timedelta) else timedelta(seconds=delay or 0))
