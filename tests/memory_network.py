"""A network that lives in this process, for trying the ledger and for tests: no wire, the same rules.

network = Memory("acmebrew")
post = network.says("maria", "@acmebrew is the kettle back?")
network.fails("publish", Unsure("no answer"), landed=True)  # the next reply lands, but nobody is told
"""

import copy
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self
from urllib.parse import urlencode

from bot.networks.answerable import Answerable, ReplyAllowed, ReplyByHandOnly, ReplyImpossible
from bot.networks.base import NO_CONTEXTS, Network, Publisher
from bot.networks.errors import NetworkError, Refused, WrongAccount
from bot.networks.pictures import Picture, PictureLimits, UploadedPicture
from bot.networks.values import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Position,
    Post,
    PostPage,
    PublishedReply,
    RateLimitStatus,
    ReadKind,
    ReplyTarget,
    Summons,
    Visibility,
)

NetworkMethod = Literal[
    "account",
    "mentions",
    "search",
    "own_posts",
    "people",
    "freeze",
    "upload",
    "publish",
    "repeat",
    "delete",
    "find_reply",
    "refresh",
]

_START_AT = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
_PAGE_SIZE = 100


@dataclass(slots=True)
class _Failure:
    call: NetworkMethod
    error: NetworkError
    times: int
    landed: bool


class MemoryNetwork(Network, Publisher):
    """An in-memory network, with the people on it. Safe to share between threads.

    Its clock is `now`, if given; else each post comes a second after the last, from nine o'clock on the first
    of January 2026. Ids count up from 1001.
    """

    name = "memory"
    title = "Memory"
    max_length = 280
    posts_per_refresh = 100

    def __init__(self, handle: str = "acmebrew", *, now: Callable[[], datetime] | None = None) -> None:
        seconds = itertools.count()
        self._now = now or (lambda: _START_AT + timedelta(seconds=next(seconds)))
        self._ids = itertools.count(1001)
        self._people: dict[str, AuthorProfile] = {}
        self._posts: dict[str, Post] = {}  # by stable id, oldest first
        self._versions: dict[str, str] = {}  # each id of an edit chain: its stable id
        self._hidden: set[str] = set()  # stable ids
        self._failures: list[_Failure] = []
        self.takes_pictures: PictureLimits | None = PictureLimits()
        self.uploads: dict[str, Picture] = {}  # by what `upload` returned
        self.shown: dict[str, list[Picture]] = {}  # the pictures of a post, by its id
        self.contexts_given: dict[str, str] = {}  # to `refresh`, by post
        self.allowances: dict[ReadKind, RateLimitStatus] = {}
        self._lock = threading.RLock()
        self._me = self.joins(handle)

    # The people

    def joins(
        self, handle: str, *, name: str = "", followers: int = 0, protected: bool = False
    ) -> AuthorProfile:
        """Make `handle` an account, or change the one there is."""
        with self._lock:
            known = self._people.get(handle.lower())
            person = AuthorProfile(
                id=known.id if known else f"u{next(self._ids)}",
                handle=handle,
                name=name or handle.title(),
                followers=followers,
                protected=protected,
            )
            self._people[handle.lower()] = person
            return person

    def says(
        self,
        handle: str,
        text: str,
        *,
        under: str | None = None,
        quoting: str | None = None,
        at: datetime | None = None,
        visibility: Visibility = "public",
        content_warning: str | None = None,
        context: str = "",
    ) -> Post:
        """Let `handle` (made, if need be) post `text`, perhaps in answer to a post, or with one quoted."""
        with self._lock:
            author = self._people.get(handle.lower()) or self.joins(handle)
            post_id = str(next(self._ids))
            parent = self._find(under) if under else None
            post = Post(
                network=self.name,
                id=post_id,
                latest_id=post_id,
                conversation_id=parent.conversation_id if parent else post_id,
                author_id=author.id,
                text=text,
                posted_at=at or self._now(),
                url=self.post_link(post_id, author.handle),
                in_reply_to=under,
                quoted=quoting,
                lang="en",
                order_key=post_id.zfill(10),
                version_key=post_id.zfill(10),
                visibility=visibility,
                content_warning=content_warning,
                reply_context=context,
            )
            return self._keep(replace(post, summons=self._summons(post)))

    def reposts(self, handle: str, post_id: str) -> Post:
        """Let `handle` repost a post."""
        with self._lock:
            made = self.says(handle, self._post(post_id).text)
            return self._keep(replace(made, is_repost=True, summons="none"))

    def edits(self, post_id: str, text: str) -> Post:
        """Change a post's words: a new `latest_id`, the same `id`."""
        with self._lock:
            old = self._post(post_id)
            latest = str(next(self._ids))
            edited = replace(old, latest_id=latest, version_key=latest.zfill(10), text=text)
            return self._keep(replace(edited, summons=self._summons(edited)))

    def changes(self, post_id: str, **changes: Any) -> Post:
        """Change anything else about a post, such as its `content_warning`; both ids stay."""
        with self._lock:
            return self._keep(replace(self._post(post_id), **changes))

    def deletes(self, post_id: str) -> None:
        """Take a post away."""
        with self._lock:
            del self._posts[self._post(post_id).id]

    def hides(self, post_id: str) -> None:
        """Show a post to nobody, as when its author is suspended or behind a lock."""
        with self._lock:
            self._hidden.add(self._post(post_id).id)

    def shows(self, post_id: str) -> None:
        """Show a post again that was hidden."""
        with self._lock:
            self._hidden.discard(self._post(post_id).id)

    def is_shown(self, post_id: str) -> bool:
        """Whether a post is there and not hidden."""
        with self._lock:
            return self._seen(post_id) is not None

    def replies_to(self, post_id: str) -> tuple[Post, ...]:
        """The replies of the account that we speak as under a post, oldest first."""
        with self._lock:
            stable = self._versions[post_id]
            return tuple(p for p in self._ours() if p.in_reply_to and self._versions[p.in_reply_to] == stable)

    def speaks_as(self, handle: str) -> None:
        """Put the credentials of the account `handle` (made, if need be) in the place of those before."""
        with self._lock:
            self._me = self._people.get(handle.lower()) or self.joins(handle)
            self._posts = {post.id: self._as_seen(post) for post in self._posts.values()}

    def also_as(self, handle: str) -> Self:
        """The same network, and the same people on it, as another account of ours sees it."""
        other = copy.copy(self)
        other._me, other._failures = self.joins(handle), []
        other.connection = handle
        return other

    # What goes wrong

    def fails(
        self, call: NetworkMethod, error: NetworkError, *, times: int = 1, landed: bool = False
    ) -> None:
        """Let the next `times` calls of `call` raise `error`, after their effect if `landed`."""
        with self._lock:
            self._failures.append(_Failure(call, error, times, landed))

    def heals(self) -> None:
        """Take back all that was to fail."""
        with self._lock:
            self._failures.clear()

    # The network

    def account(self) -> AccountIdentity:
        """Who we are."""
        self._strike("account")
        return self._account

    def check_account(self) -> AccountIdentity:
        """Who we are, asked anew."""
        self._strike("check_account")
        return self.account()

    def how_to_connect(self) -> str:
        """What a test can do."""
        return "Let it speak as that account."

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What others said to us."""
        yield from self._pages("mentions", account_id, after, lambda post: post.summons != "none")

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """What others said with `query` in it, in whatever case."""
        words = query.casefold()
        yield from self._pages(
            "search", account_id, after, lambda post: words in post.text.casefold(), before
        )

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What we said ourselves."""
        yield from self._pages("own_posts", account_id, after, None)

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """The profiles of `ids`."""
        self._strike("people")
        with self._lock:
            return tuple(person for person in self._people.values() if person.id in ids)

    @property
    def picture_limits(self) -> PictureLimits | None:
        """What a test has set."""
        return self.takes_pictures

    def upload(self, picture: Picture, *, account_id: str) -> str:
        """Keep a picture."""
        with self._lock:
            self._must_be(account_id)
            self._strike("upload")
            media = f"media {next(self._ids)}"
            self.uploads[media] = picture
            self._strike("upload", landed=True)
        return media

    def freeze(
        self,
        text: str,
        to: ReplyTarget,
        key: str,
        *,
        at: datetime,
        account_id: str,
        pictures: Sequence[UploadedPicture] = (),
    ) -> str:
        """The pictures alone."""
        del text, to, key, at
        if not pictures:
            return ""
        self._must_be(account_id)
        return json.dumps({"media": [one.media for one in pictures]})

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Reply to `to`, if the rules allow it."""
        with self._lock:
            self._must_be(account_id)
            self._strike("publish")
            self._check(text, to)
            reply = self.says(
                self._me.handle,
                text,
                under=to.post_id,
                visibility=to.visibility,
                content_warning=to.content_warning,
            )
            named = json.loads(frozen).get("media", []) if frozen.startswith("{") else []
            self.shown[reply.id] = [self.uploads[one] for one in named]
            self._strike("publish", landed=True)
        return PublishedReply(reply.id, reply.url)

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Take our post away, if it is still there."""
        with self._lock:
            self._must_be(account_id)
            self._strike("delete")
            post = self._find(post_id)
            if post is not None and post.author_id != self._me.id:
                raise Refused("not ours", "Somebody else said that.")
            if post is not None:
                self.deletes(post_id)
            self._strike("delete", landed=True)

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Our reply under `to` that says `text` (None: anything)."""
        with self._lock:
            self._must_be(account_id)
            self._strike("find_reply")
            replies = self.replies_to(to.post_id) if to.post_id in self._versions else ()
        for reply in reversed(replies):
            if reply.posted_at >= since and text in {None, reply.text}:
                return PublishedReply(reply.id, reply.url)
        return None

    def refresh(
        self, ids: Sequence[str], *, account_id: str, contexts: Mapping[str, str] = NO_CONTEXTS
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """The posts `ids` as they are now, and those that are not shown; a deletion is told from the rest."""
        with self._lock:
            self._must_be(account_id)
            self._strike("refresh")
            self.contexts_given |= dict(contexts)
            found = {each: self._seen(each) for each in ids}
            absent: dict[str, Absence] = {
                each: "gone" if self._find(each) is None else "not shown"
                for each, post in found.items()
                if post is None
            }
        return PostPage(tuple(dict.fromkeys(post for post in found.values() if post))), absent

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """What a test has put into `allowances`."""
        return self.allowances.get(reading)

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether `post` called us."""
        if post.is_repost:
            return ReplyImpossible("You can't reply to a repost.")
        if author and author.protected:
            return ReplyByHandOnly("Their posts are protected.")
        if post.summons == "none" and post.author_id != self._me.id:
            return ReplyByHandOnly("They did not call us.")
        return ReplyAllowed()

    def reply_link(self, post_id: str, text: str) -> str:
        """An address that leads nowhere, but reads well."""
        return "https://memory.example/reply?" + urlencode({"to": post_id, "text": text}, errors="replace")

    def post_link(self, post_id: str, handle: str | None) -> str:
        """An address that leads nowhere, but reads well."""
        return f"https://memory.example/{handle or 'i'}/{post_id}"

    def advice(self) -> tuple[str, ...]:
        """Nothing to know."""
        return ()

    def profile_link(self, handle: str) -> str:
        """An address that leads nowhere, but reads well."""
        return f"https://memory.example/{handle}"

    @property
    def _account(self) -> AccountIdentity:
        return AccountIdentity(self.name, self._me.id, self._me.handle, self._me.name)

    def _must_be(self, account_id: str) -> None:
        """Refuse a call for another account than the one whose credentials are in place."""
        if account_id != self._me.id:
            raise WrongAccount(account_id, self._account)

    def _check(self, text: str, to: ReplyTarget) -> None:
        target = self._seen(to.post_id)
        if target is None:
            raise Refused("parent gone", "The post is gone.")
        if self.length(text) > self.max_length:
            raise Refused("too long", f"{self.length(text)} characters are more than {self.max_length}.")
        if self._as_seen(target).summons == "none" and target.author_id != self._me.id:
            raise Refused("not summoned", "They did not call us.")
        if any(reply.text == text for reply in self.replies_to(to.post_id)):
            raise Refused("duplicate", "We have said that already.")

    def _pages(
        self,
        call: NetworkMethod,
        account_id: str,
        after: Position,
        wanted: Callable[[Post], bool] | None,
        before: Position | None = None,
    ) -> Iterator[PostPage]:
        """Newest first; `wanted` chooses among what others said, None means our own posts."""
        with self._lock:
            self._must_be(account_id)
            shown = [self._as_seen(post) for post in self._posts.values() if post.id not in self._hidden]
            found = [post for post in shown if _is_between(post, after, before)]
            if wanted is None:
                found = [post for post in found if post.author_id == self._me.id]
            else:
                found = [post for post in found if post.author_id != self._me.id and wanted(post)]
        found.sort(key=lambda post: int(post.latest_id), reverse=True)
        for start in range(0, len(found) or 1, _PAGE_SIZE):
            self._must_be(account_id)
            self._strike(call)
            posts = tuple(found[start : start + _PAGE_SIZE])
            yield PostPage(
                posts,
                position=Position(found[0].latest_id) if found and start == 0 else None,
                lowest=Position(min((post.id for post in posts), key=int)) if posts else None,
            )

    def _strike(self, call: NetworkMethod, *, landed: bool = False) -> None:
        with self._lock:
            for failure in self._failures:
                if (failure.call, failure.landed) == (call, landed):
                    failure.times -= 1
                    if failure.times == 0:
                        self._failures.remove(failure)
                    raise failure.error

    def _as_seen(self, post: Post) -> Post:
        """`post` with how its author called our account."""
        return post if post.is_repost else replace(post, summons=self._summons(post))

    def _summons(self, post: Post) -> Summons:
        if re.search(rf"(?<!\w)@{re.escape(self._me.handle)}(?!\w)", post.text, re.IGNORECASE):
            return "explicit"
        called = [self._find(other) for other in (post.in_reply_to, post.quoted) if other]
        return "implicit" if any(p and p.author_id == self._me.id for p in called) else "none"

    def _keep(self, post: Post) -> Post:
        self._posts[post.id] = post
        self._versions |= {post.id: post.id, post.latest_id: post.id}
        return post

    def _ours(self) -> list[Post]:
        return [post for post in self._posts.values() if post.author_id == self._me.id]

    def _find(self, post_id: str) -> Post | None:
        return self._posts.get(self._versions.get(post_id, ""))

    def _seen(self, post_id: str) -> Post | None:
        """A post as anybody is shown it."""
        post = self._find(post_id)
        return post if post is not None and post.id not in self._hidden else None

    def _post(self, post_id: str) -> Post:
        post = self._find(post_id)
        if post is None:
            raise LookupError(f"there is no post {post_id} here")
        return post


def _is_between(post: Post, after: Position, before: Position | None) -> bool:
    if before is not None and int(post.latest_id) >= int(before):
        return False
    if after.isdigit():
        return int(post.latest_id) > int(after)
    return post.posted_at >= datetime.fromisoformat(after)
