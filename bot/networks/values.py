"""The plain values that cross from a network's file into the rest of Heard. Frozen, without behaviour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NewType

from models.tracks.query import TrackQuery

Position = NewType("Position", str)
"""How far a reading has come. Opaque: only the file of the network that wrote it reads it."""


Summons = Literal["explicit", "implicit", "none"]


MediaKind = Literal["photo", "video", "gif", "poll", "media"]

Visibility = Literal["public", "unlisted", "followers", "direct"]
"""Who can see a post, from the widest to the narrowest.

`unlisted`: anybody, but it is kept out of public lists and searches. `followers`: its author's followers and
whom it mentions. `direct`: only whom it mentions.
"""


@dataclass(frozen=True, slots=True)
class AuthorProfile:
    """A person on a network, as their own profile shows them."""

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

    `url` is the picture, or a still of a video or GIF: https, on the network's own media host; None if there
    is none to show. `alt` is its author's description. `choices` are the answers that a poll offers. The kind
    `media` is whatever else.
    """

    kind: MediaKind
    url: str | None = None
    alt: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """Anything public on a network, in plain characters.

    `id` stays the same through edits (the first of the edit chain); `latest_id` is the version to answer.
    `order_key` sorts posts of one moment as the network does, `version_key` versions of one post: as plain
    text, as ids often do not sort. Empty: the network cannot say.
    `text` is whole (long posts included) and unescaped: it holds what its author typed, not HTML.
    `summons` says how the author called us: `explicit` (typed our handle), `implicit` (only answers us),
    or `none`.
    `addressed` are the handles that the network put in front of the words; they are not part of `text`.
    `mentioned_ids` are the ids of the accounts that the network says it mentions, and so notifies; None: only
    the words say whom it mentions.
    `answers` is the handle of the third person whom it answers, empty if that is not known; None if it
    answers us, its own author or nobody.
    `quoted_handle` is the handle of the author of the post that it quotes, None if that is not known.
    `edit_keeps_id`: an edit leaves `latest_id` as it is, as on Mastodon, so only the words show it.
    `content_warning` is what its author put in front of the text, to be read before it is opened.
    `reply_context` is what the network's own file needs to answer the post or to read it again: only that
    file reads it. `no_reply_because` is a sentence if the network says that nobody, or we, may answer it.
    `dated_at` is the time that its writer put there, however wrong; None where the network sets the time, or
    the writer has put none.
    `continues`: it is a further part of its author's own thread (`Reader.later_parts`).
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
    mentioned_ids: tuple[str, ...] | None = None
    answers: str | None = None
    quotes_us: bool = False
    quoted_handle: str | None = None
    edit_keeps_id: bool = False
    order_key: str = ""
    version_key: str = ""
    visibility: Visibility = "public"
    content_warning: str | None = None
    reply_context: str = ""
    no_reply_because: str | None = None
    dated_at: datetime | None = None
    continues: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that could not be read: kept whole in the ledger. The rest of its page is read all the same."""

    raw: str
    error: str
    post_id: str | None = None


@dataclass(frozen=True, slots=True)
class PostPage:
    """One answer of a reading call, newest post first.

    `position` is where the next reading begins, and only the first page has it. `lowest` is how far down this
    page reaches: a search `before` it finds what lies below. `has_gap` says that the network may have stopped
    listing before it reached the position that was asked for.
    """

    posts: tuple[Post, ...]
    unreadable: tuple[UnreadableRow, ...] = ()
    position: Position | None = None
    lowest: Position | None = None
    has_gap: bool = False


@dataclass(frozen=True, slots=True)
class AccountIdentity:
    """The account that we speak as.

    `id` is unique on the whole network. `server` is for people: empty where the network has only one.
    """

    network: str
    id: str
    handle: str
    name: str
    server: str = ""


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """The post that a reply goes under, and whom it speaks to.

    `post_id` is the version to answer; `first_id` the one that its edit chain began with, if that differs.
    `context`, `visibility`, `content_warning` and `lang` are the post's own, see `Post`: a reply is never
    seen by more people than the post. `mentioned` are the handles of others whom the reply is to mention.
    """

    post_id: str
    author_id: str
    author_handle: str
    posted_at: datetime
    first_id: str | None = None
    context: str = ""
    visibility: Visibility = "public"
    content_warning: str | None = None
    lang: str | None = None
    mentioned: tuple[str, ...] = ()

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
class RepeatRule:
    """When a reply may be sent once more although an earlier call may have published it.

    Only after `looks` looks that found nothing, not before `earliest` after the first call and not after
    `latest`.
    """

    looks: int
    earliest: timedelta
    latest: timedelta


ReadKind = Literal[
    "mentions", "search", "counts", "own posts", "posts", "people"
]  # as networks count them apart


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What the newest answer to one kind of reading said is left of the network's rate limit.

    `remaining` of `limit` calls until `resets_at`. `reported_at` is the network's own clock at that answer,
    None if it did not say; both times are UTC, and may differ from ours by anything.
    """

    remaining: int
    limit: int
    resets_at: datetime
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What somebody listens for anywhere on a network.

    Only posts in one of `languages` (ISO 639, such as `en`; none: any) and not by one of `excluded_handles`
    (without @) are wanted.
    """

    query: TrackQuery
    languages: tuple[str, ...] = ()
    excluded_handles: tuple[str, ...] = ()


Absence = Literal["gone", "not shown"]
"""Why a post that was asked for is not there.

`gone`: the network can tell a deletion from all else, and says that this is one. `not shown`: it does not
show it to us, which may be a deletion, a suspension, a lock, a block, a withheld post, or a server that lags.
"""
