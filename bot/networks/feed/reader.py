"""Feeds as a network: each entry is a post by whom its feed names, answered by hand where it stands.

Nothing tells when an entry was published but the feed itself, so its date is believed only where it lies
before the moment at which Heard first saw it. Which entries are new is told by their ids, never by dates.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.networks.answerable import Answerable, ReplyByHandOnly
from bot.networks.errors import Later
from bot.networks.feed import address as addresses
from bot.networks.feed import discovery, presets
from bot.networks.feed.documents import FeedDocument, FeedEntry, NotAFeed
from bot.networks.feed.fetching import (
    NO_VALIDATORS,
    FeedGone,
    Fetched,
    FetchFailed,
    HostBusy,
    PageSeen,
    Validators,
)
from bot.networks.feed.opml import parse_opml
from bot.networks.feed.position import FeedPosition, short_id
from bot.networks.feed_reader import (
    AddressError,
    FeedChoice,
    FeedGoneLater,
    FeedPreset,
    FeedReader,
    FeedReading,
    FeedsFound,
    HostBusyLater,
)
from bot.networks.values import AuthorProfile, Position, Post, PostPage, UnreadableRow

MOVE_STEADY_FOR = timedelta(days=7)  # that permanent redirects lead to one address before it is adopted
PARSE_SECONDS = 3.0
FIND_WAIT_SECONDS = 5.0  # for the host's turn, where a person waits
TRIED_SOURCE = "0"  # of posts that are only shown
_ID_CHARS = 20
_NAME_MAX_CHARS = 100


class Fetching(Protocol):
    """What the reader needs of `Fetcher`."""

    def fetch(self, address: str, validators: Validators = ..., *, wait_seconds: float = ...) -> Fetched:
        """See `Fetcher.fetch`."""
        ...

    def look_at(self, link: str) -> PageSeen:
        """See `Fetcher.look_at`."""
        ...


class Parsing(Protocol):
    """What the reader needs of `ParseProcess`."""

    def parse(self, body: bytes, content_type: str, address: str, *, seconds: float) -> FeedDocument:
        """See `ParseProcess.parse`."""
        ...


class Feeds(FeedReader):
    """The network of all feeds: it is there without an account and without any setting."""

    name, title = "feed", "Feeds"
    handle_sign = ""  # people have only the name that the feed gives them
    profile_lifetime = timedelta(days=365)  # a name is part of the author's id, so it never changes

    def __init__(self, fetcher: Fetching, parser: Parsing, *, interval: timedelta) -> None:
        self._fetcher, self._parser = fetcher, parser
        self.usual_interval = interval

    # --- addresses ------------------------------------------------------------------------------------------

    @classmethod
    def read_address(cls, typed: str) -> str:
        """See `FeedReader`. Raises `AddressError`."""
        try:
            return addresses.normalise_address(typed)
        except addresses.AddressRefusedError as no:
            raise AddressError(str(no)) from None

    @classmethod
    def shown_address(cls, address: str) -> str:
        """See `FeedReader`."""
        return addresses.hidden_address(address)

    @classmethod
    def secrets_of(cls, address: str) -> list[str]:
        """See `FeedReader`."""
        return addresses.secrets_of(address)

    @classmethod
    def presets(cls) -> tuple[FeedPreset, ...]:
        """See `FeedReader`."""
        return tuple(FeedPreset(one.name, one.title, one.typed) for one in presets.PRESETS)

    @classmethod
    def preset_address(cls, name: str, typed: str) -> str:
        """See `FeedReader`. Raises `AddressError`."""
        for one in presets.PRESETS:
            if one.name == name:
                try:
                    return cls.read_address(one.build(typed))
                except presets.PresetRefusedError as no:
                    raise AddressError(str(no)) from None
        raise AddressError("Heard knows no such site.")

    @classmethod
    def read_opml(cls, body: bytes) -> list[tuple[str, str]]:
        """See `FeedReader`. Raises `AddressError`."""
        try:
            return parse_opml(body)
        except NotAFeed as no:
            raise AddressError(str(no)) from None

    # --- reading --------------------------------------------------------------------------------------------

    def feed(
        self,
        address: str,
        after: Position,
        *,
        source: str,
        at: datetime,
        whole: bool = False,
        wait_seconds: float = 0,
    ) -> FeedReading:
        """See `FeedReader`. Raises `Later`."""
        before = FeedPosition.read(after)
        validators = NO_VALIDATORS if whole else before.validators
        fetched = self._fetch(address, validators, wait_seconds=wait_seconds)
        moved = _follow(before, fetched.moved_to, at)
        adopted = moved.moved_to if at - (moved.moved_since or at) >= MOVE_STEADY_FOR else None
        if adopted is not None:
            moved = replace(moved, moved_to=None, moved_since=None)
        fresh_for = fetched.fresh_for or timedelta()
        digest = "" if fetched.body is None else hashlib.sha256(fetched.body).hexdigest()[:_ID_CHARS]
        if fetched.body is None or (digest == before.digest and not whole):
            kept = fetched.validators if fetched.body is not None else before.validators
            position = replace(moved, validators=kept).write()
            return FeedReading(PostPage((), position=position), frozenset(), "", fresh_for, adopted)
        try:
            document = self._parse(fetched, fetched.body)
        except Later:
            if before.known or not (found := discovery.find_feeds(fetched)):
                raise
            page = PostPage((), position=FeedPosition().write())
            return FeedReading(page, frozenset(), "", moved_to=found[0].address, is_page=True)
        if before.known and not document.entries:
            raise Later(None, "forbidden", "The feed is empty, although it had entries before.")
        short_ids = [short_id(entry.key) for entry in document.entries]
        now = replace(moved, validators=fetched.validators, digest=digest, known=before.add_known(short_ids))
        posts = tuple(_to_post(entry, document, source, at) for entry in document.entries)
        known = frozenset(before.known)
        new = frozenset(post.id for post, short in zip(posts, short_ids, strict=True) if short not in known)
        has_gap = bool(known) and bool(short_ids) and known.isdisjoint(short_ids)
        page = PostPage(
            _newest_first(posts),
            tuple(_without_source(row, source) for row in document.unreadable),
            position=now.write(),
            has_gap=has_gap,
        )
        fresh_for = max(fresh_for, document.ttl or timedelta())
        return FeedReading(page, new, document.title, fresh_for, adopted)

    def find_feeds(self, address: str, *, at: datetime) -> FeedsFound:
        """See `FeedReader`. Raises `Later`."""
        fetched = self._fetch(address, NO_VALIDATORS, wait_seconds=FIND_WAIT_SECONDS)
        body = fetched.body or b""
        try:
            document = self._parser.parse(body, fetched.content_type, fetched.address, seconds=PARSE_SECONDS)
        except NotAFeed:
            found = discovery.find_feeds(fetched)
            return FeedsFound(tuple(FeedChoice(one.address, one.title, one.kind) for one in found))
        posts = tuple(_to_post(entry, document, TRIED_SOURCE, at) for entry in document.entries)
        reading = FeedReading(PostPage(_newest_first(posts)), frozenset(), document.title)
        return FeedsFound((FeedChoice(address, document.title, document.kind),), reading)

    def look_at(self, link: str) -> str | None:
        """See `FeedReader`. Raises `Later` and `AddressError`."""
        try:
            seen = self._fetcher.look_at(link)
        except addresses.AddressRefusedError as no:
            raise AddressError(str(no)) from None
        except FetchFailed as failed:
            raise _later(failed) from None
        if seen.status >= 400:  # noqa: PLR2004 - HTTP's errors
            raise Later(None, "forbidden", f"Its server answers {seen.status}.")
        return seen.title

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """Return the names that are part of the ids: feeds have no profiles, and no other handles."""
        return tuple(AuthorProfile(one, one.partition(":")[2], "") for one in ids)

    def _fetch(self, address: str, validators: Validators, *, wait_seconds: float = 0) -> Fetched:
        try:
            return self._fetcher.fetch(address, validators, wait_seconds=wait_seconds)
        except addresses.AddressRefusedError as no:
            raise Later(None, "forbidden", str(no)) from None
        except FetchFailed as failed:
            raise _later(failed) from None

    def _parse(self, fetched: Fetched, body: bytes) -> FeedDocument:
        try:
            return self._parser.parse(body, fetched.content_type, fetched.address, seconds=PARSE_SECONDS)
        except NotAFeed as no:
            raise Later(None, "forbidden", str(no)) from None

    # --- links ----------------------------------------------------------------------------------------------

    def post_link(self, post_id: str, handle: str | None) -> str:
        """Return nothing: where an entry stands is known from the entry alone."""
        del post_id, handle
        return ""

    def reply_page(self, post_id: str, text: str, *, url: str, context: str) -> str:
        """Return where the entry can be answered: the page that its feed names for comments, else its own."""
        del post_id, text
        return context or url

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Return that a person has to answer where the entry stands."""
        del post, author
        return ReplyByHandOnly("Heard reads this feed and cannot post there.")


def _later(failed: FetchFailed) -> Later:
    if isinstance(failed, HostBusy):
        return HostBusyLater(failed.retry_at, "rate limit", failed.sentence)
    if isinstance(failed, FeedGone):
        return FeedGoneLater(None, "forbidden", failed.sentence)
    return Later(failed.retry_at, "unreachable", failed.sentence)


def _follow(before: FeedPosition, moved_to: str | None, at: datetime) -> FeedPosition:
    """Remember where it has moved, and since when it leads just there."""
    if moved_to is None:
        return replace(before, moved_to=None, moved_since=None)
    if moved_to == before.moved_to:
        return before
    return replace(before, moved_to=moved_to, moved_since=at)


def _to_post(entry: FeedEntry, document: FeedDocument, source: str, at: datetime) -> Post:
    digest = hashlib.sha256(entry.key.encode(errors="surrogatepass")).hexdigest()[:_ID_CHARS]
    post_id = f"{source}:{digest}"
    name = " ".join((entry.author or document.title).split())[:_NAME_MAX_CHARS]
    text = "\n\n".join(part for part in (entry.title, entry.text) if part)
    return Post(
        "feed",
        post_id,
        post_id,
        post_id,
        f"{source}:{name}",
        text,
        min(entry.posted_at or at, at),
        entry.link or document.link or "",
        lang=entry.lang,
        media=(*entry.pictures, *entry.enclosures),
        edit_keeps_id=True,
        reply_context=entry.comments_link or "",
        dated_at=entry.posted_at,
    )


def _newest_first(posts: Sequence[Post]) -> tuple[Post, ...]:
    return tuple(sorted(posts, key=lambda post: post.posted_at, reverse=True))


def _without_source(row: UnreadableRow, source: str) -> UnreadableRow:
    """Give a row that could not be read an id of its own feed."""
    return row if row.post_id is None else replace(row, post_id=f"{source}:{row.post_id}"[:_NAME_MAX_CHARS])
