"""What a feed says, in plain characters, whatever its format. Frozen values without behaviour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.networks.values import Media, UnreadableRow

ENTRIES_MAX = 200
"""A longer document loses what follows: feeds begin with their newest entries."""

TEXT_MAX_CHARS = 25_000
TITLE_MAX_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed.

    `key` is its identity within the feed: the id or guid, else the link, else a hash of its words. It says
    nothing outside its feed.
    `link` and `comments_link` are http or https. The latter is the page where one can answer, None if the
    feed names none.
    `title` and `text` hold what their author wrote, not markup; `text` does not repeat the title, keeps
    paragraphs as empty lines and has at most `TEXT_MAX_CHARS`.
    `author` is empty if nobody is named.
    `posted_at` and `updated_at` are UTC as the date's own zone says. They are what the document claims, be it
    the year 1795 or 2100: whoever stores them clamps them, and nobody may use them as a position. None: no
    date, or none that can be read.
    `pictures` are images, `enclosures` all other attachments, such as a podcast's episode. Their addresses
    are http or https, on any host.
    `lang` is a language tag such as `de-AT`.
    """

    key: str
    link: str | None
    title: str
    text: str
    author: str = ""
    posted_at: datetime | None = None
    updated_at: datetime | None = None
    pictures: tuple[Media, ...] = ()
    enclosures: tuple[Media, ...] = ()
    lang: str | None = None
    comments_link: str | None = None


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as one request returned it, its entries in the document's order.

    `kind` names the format for people, such as `RSS 2.0` or `JSON Feed 1.1`. `link` is the site's page.
    `ttl` is how long the publisher wants nobody to ask again. Entries of one `key` are one entry: the one
    with the newest date, the first in the document if none is newer.
    """

    title: str
    link: str | None
    kind: str
    entries: tuple[FeedEntry, ...]
    unreadable: tuple[UnreadableRow, ...] = ()
    ttl: timedelta | None = None


NotAFeedReason = Literal["empty", "html", "json", "opml", "other", "too long", "too slow"]
"""What a document is instead of a feed, or why nobody can say."""


class NotAFeed(Exception):  # noqa: N818 - what the document is, as a person says it
    """The document cannot be read as a feed. The message is a sentence for the team and names no address."""

    def __init__(self, sentence: str, reason: NotAFeedReason = "other") -> None:
        super().__init__(sentence)
        self.reason: NotAFeedReason = reason

    def __reduce__(self) -> tuple[type["NotAFeed"], tuple[str, NotAFeedReason]]:
        """Cross from one process to another."""
        return type(self), (str(self), self.reason)
