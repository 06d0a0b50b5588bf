"""The one shape that every network takes, and the three answers it may give to a send.

A network's own dicts, clients and quirks stay in its own file; what crosses into the rest of Heard are the
frozen values below, and what fails is one of `Refused`, `Later` and `Unsure`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Summons = Literal["explicit", "implicit", "none"]
MediaKind = Literal["photo", "video", "gif", "poll", "media"]


@dataclass(frozen=True, slots=True)
class AuthorProfile:
    """Somebody on a network, as its own profile shows them."""

    id: str
    handle: str
    name: str
    followers: int | None = None
    verified: bool = False
    protected: bool = False
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached to a post.

    `url` is the picture itself, or a still of a video or GIF: https, on the network's own media host, as the
    network gave it; None if there is none to show. `alt` is its author's description of it. `choices` are the
    answers that a poll offers. `media` is the kind of whatever else it is.
    """

    kind: MediaKind
    url: str | None = None
    alt: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """Anything public on a network, in plain characters.

    `id` stays the same through edits (the first of the edit chain); `latest_id` is the version to answer.
    `text` is whole (long posts included) and unescaped: it holds what its author typed, not HTML.
    `summons` says how the author called us: `explicit` (typed our handle), `implicit` (only answers us),
    or `none`.
    `addressed` are the handles that the network put in front of the words; they are not part of `text`.
    `answers` is the handle of the third person whom it answers, empty if that is not known; None if it
    answers us, its own author or nobody.
    `edit_keeps_id`: an edit leaves `latest_id` as it is, as on Mastodon, so other words are what tells of it.
    """

    network: str
    id: str
    latest_id: str
    conversation_id: str
    author_id: str
    text: str
    posted_at: datetime
    url: str
    in_reply_to: str | None = None
    quoted: str | None = None
    is_repost: bool = False
    lang: str | None = None
    media: tuple[Media, ...] = ()
    summons: Summons = "none"
    addressed: tuple[str, ...] = ()
    answers: str | None = None
    quotes_us: bool = False
    edit_keeps_id: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that could not be read: kept whole, shown in the ledger, and never in the way of its page."""

    raw: str
    error: str
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class PostPage:
    """One answer of a reading call, newest post first.

    `newest` is the id to move the cursor to, and is only told on the first page; `gap` says that the network
    may have stopped giving pages before it reached what was asked for.
    """

    posts: tuple[Post, ...]
    unreadable: tuple[UnreadableRow, ...] = ()
    newest: str | None = None
    has_gap: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reading has come: after this post, else (the first time) after this moment (UTC).

    A search can also be bounded at its other end: `before` is the id of a post that it does not reach.
    """

    post_id: str | None
    at: datetime
    before: str | None = None


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """The account that we speak as."""

    network: str
    id: str
    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """The post that a reply goes under, and whom it speaks to.

    `post_id` is the version to answer; `first_id` the one that its edit chain began with, if that differs.
    """

    post_id: str
    author_id: str
    author_handle: str
    posted_at: datetime
    first_id: str | None = None

    @property
    def ids(self) -> frozenset[str]:
        """Every id by which a reply to it may name it."""
        return frozenset({self.post_id, self.first_id or self.post_id})


@dataclass(frozen=True, slots=True)
class PublishedReply:
    """A reply that the network shows: its id and its public address."""

    post_id: str
    url: str


@dataclass(frozen=True, slots=True)
class ReplyAllowed:
    """The post can be answered through the network's API, as far as one can know beforehand."""


@dataclass(frozen=True, slots=True)
class ReplyByHandOnly:
    """The post can be answered by a person in the network's own app, but not through its API."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReplyImpossible:
    """The post cannot be answered at all."""

    reason: str


Answerable = ReplyAllowed | ReplyByHandOnly | ReplyImpossible

ReadKind = Literal["mentions", "search", "own posts", "posts", "people"]
"""The kinds of reading calls, as far as networks count them apart."""


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What the newest answer to one kind of reading said is left of the network's rate limit.

    `remaining` of `limit` calls until `resets_at`. `said_at` is the network's own clock at that answer, None
    if it did not say; both times are UTC, and may differ from ours by anything.
    """

    remaining: int
    limit: int
    resets_at: datetime
    reported_at: datetime | None = None


Absence = Literal["gone", "not shown"]
"""Why a post that was asked for is not there.

`gone`: the network can tell a deletion from all else, and says that this is one. `not shown`: it does not
show it to us, which may be a deletion, a suspension, a lock, a block, a withheld post, or a server that lags.
"""

RefusedReason = Literal["not summoned", "duplicate", "parent gone", "too long", "not ours", "invalid"]


class NetworkError(Exception):
    """The base of what a network may answer instead of a result."""


class Refused(NetworkError):  # noqa: N818 - the three are decisions, named as such
    """A definite no, which will be the same again: to say something, or to take it away."""

    def __init__(self, reason: RefusedReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: RefusedReason = reason
        self.detail = detail


USAGE_CAP_PHRASE = "monthly usage cap"
"""What a `Later` for want of credit says in its detail where a cap is used up, which no money buys off."""


class Later(NetworkError):  # noqa: N818
    """Provably nothing was sent, or nothing was accepted: try again, not before `at` (UTC, None: you choose).

    `cause` is one of `unreachable`, `rate limit`, `unauthorized`, `out of credit`, `forbidden`,
    `server error` and (only as `WrongAccount`) `other account`.
    `detail` is a sentence for the team, without secrets.
    """

    def __init__(self, at: datetime | None, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.at = at
        self.cause = cause
        self.detail = detail


class WrongAccount(Later):
    """The credentials for a call belong to another account than the one it is for: nothing was called.

    `wanted_id` is the account that the call was for, `connected` the one that the credentials belong to. A
    reading that raises it did not take place. A reply that meets it must not be tried again by itself: the
    right account may be connected again weeks later.
    """

    def __init__(self, wanted_id: str, connected: AccountIdentity) -> None:
        detail = f"These credentials belong to @{connected.handle} ({connected.id}), not to {wanted_id}."
        super().__init__(None, "other account", detail)
        self.wanted_id = wanted_id
        self.connected = connected


class Unsure(NetworkError):  # noqa: N818
    """The call may or may not have had its effect: only looking can tell.

    Nobody may simply publish again; deleting again is harmless.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Network(Protocol):
    """One network, seen from one account.

    Reading calls raise only `Later`; `publish` and `delete` raise any of the three. Nothing here sleeps,
    retries a write, or reads a clock: `now` comes in where it matters.

    Other credentials may be put in place at any time. So every call that speaks, deletes, or reads as
    somebody names the account that it is for, as `account_id`, and raises `WrongAccount` without any call if
    the very credentials that it would use belong to another one. What they tell by themselves is compared; a
    network is asked who they belong to once when they change, not with every call.
    """

    name: str  # how the ledger knows it: "x"
    title: str  # how people know it: "X"
    max_length: int  # in the network's own counting, see `length`

    def account(self) -> AccountIdentity:
        """Who we are there; asked once, then remembered as long as the credentials stay the same."""
        ...

    def how_to_connect(self) -> str:
        """How somebody connects another account ("that account"), as a sentence; names of settings in `…`."""
        ...

    def length(self, text: str) -> int:
        """How long the network counts `text`; where its own rules disagree, by the one that counts less."""
        ...

    def length_upper_bound(self, text: str) -> int:
        """The same by the rule that counts more: up to `max_length` the text is certainly not too long."""
        ...

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What was said to us after `after` (with the network's own overlap), newest page first."""
        ...

    def search(self, query: str, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What was said anywhere that matches `query`, newest page first."""
        ...

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What our own account said after `after`, newest page first, whoever or whatever posted it."""
        ...

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """The profiles of `ids`, in as few calls as the network allows; who is gone is left out."""
        ...

    def publish(self, text: str, to: ReplyTarget, key: str, *, account_id: str) -> PublishedReply:
        """Say `text` publicly under `to`, once. `key` is stable over tries, for networks that honour one."""
        ...

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Take our own post away. A post that is gone already is fine: the call may be repeated.

        `Later`: it is still there, or only a person can mend what is in the way. `Refused`: the network will
        not do it, for the post is not ours. `Unsure`: nobody knows, so repeat it.
        """
        ...

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str
    ) -> PublishedReply | None:
        """Our own reply under `to`, if the network shows one: the same words, or any if `text` is None."""
        ...

    def refresh(self, ids: Sequence[str], *, account_id: str) -> tuple[PostPage, Mapping[str, Absence]]:
        """The posts `ids` as that account sees them now, and which of them are not there, and how.

        An id that is in neither was not answered for: it says nothing, as a failed call does. A newer version
        of a post that was asked for is that post.
        """
        ...

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """What is left of the rate limit on such calls; None if the network never said."""
        ...

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether the API will let us answer `post`, as far as one can know without trying."""
        ...

    def reply_link(self, post_id: str, text: str) -> str:
        """An address where a person can post `text` under the post by hand."""
        ...

    def post_link(self, post_id: str, handle: str | None) -> str:
        """The public address of a post."""
        ...

    def advice(self) -> tuple[str, ...]:
        """What somebody who sets this account up should know and no call can find out, as sentences."""
        ...

    def profile_link(self, handle: str) -> str:
        """The public address of somebody's profile."""
        ...
