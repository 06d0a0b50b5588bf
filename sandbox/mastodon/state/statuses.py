"""What a server keeps: accounts, posts, notifications."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Visibility = Literal["public", "unlisted", "private", "direct"]
VISIBILITIES: tuple[Visibility, ...] = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True, slots=True)
class Account:
    """An account; `domain` is None for those of this server. `note` is its profile's text, as HTML."""

    id: str
    username: str
    domain: str | None
    name: str
    created_at: datetime
    note: str = ""
    followers: int = 0
    locked: bool = False
    bot: bool = False
    indexable: bool = False
    noindex: bool = False
    suspended: bool = False
    default_visibility: Visibility = "public"
    default_language: str | None = None
    filtered: bool = False  # what it says to us waits among the filtered notifications

    @property
    def acct(self) -> str:
        """The handle as this server writes it: with the domain only if it is another one's."""
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached: `kind` is image, gifv, video, audio or unknown.

    `upload` is the id of the file, if it was uploaded to this server.
    """

    url: str
    kind: str = "image"
    alt: str | None = None
    upload: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A post. `text` is what was typed, `content` its HTML; `mentions` are ids of accounts.

    `reply_to`, `quotes` and `reblog_of` are ids of this server.
    """

    id: str
    uri: str
    url: str
    account_id: str
    text: str
    content: str
    created_at: datetime
    visibility: Visibility = "public"
    spoiler: str = ""
    language: str | None = None
    edited_at: datetime | None = None
    reply_to: str | None = None
    reblog_of: str | None = None
    quotes: str | None = None
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()
    emojis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """Something that a local account is told: `kind` is mention, reblog or favourite."""

    id: str
    kind: str
    to: str
    by: str
    status_id: str
    created_at: datetime
