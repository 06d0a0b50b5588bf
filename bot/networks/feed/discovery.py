"""Finds the feeds that a page names in its head."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from bot.networks.feed.address import AddressRefusedError, normalise_address
from bot.networks.feed.fetching import Fetched
from bot.networks.feed.page_head import one_line, read_head

FeedKind = Literal["RSS", "Atom", "JSON Feed"]

_FOUND_MAX = 20
# https://www.rssboard.org/rss-autodiscovery and https://www.jsonfeed.org/version/1.1/#discovery-a-name-discovery-a
_KINDS: Mapping[str, FeedKind] = {
    "application/rss+xml": "RSS",
    "application/rdf+xml": "RSS",
    "text/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/feed+json": "JSON Feed",
    "application/json": "JSON Feed",  # version 1.0 of the format
}


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that a page names: its address, its title as plain text (may be empty), its format."""

    address: str
    title: str
    kind: FeedKind


def find_feeds(page: Fetched) -> tuple[FoundFeed, ...]:
    """Return the feeds that `page` names with `<link rel="alternate">`, in its order, at most twenty.

    None is looked for where the page names none: guessed addresses are requests that nobody asked for.
    """
    head = read_head(page.body or b"", page.content_type)
    base = _absolute(page.address, head.base) or page.address if head.base else page.address
    found: dict[str, FoundFeed] = {}
    for link in head.links:
        kind = _kind(link)
        address = _absolute(base, link.get("href", "")) if kind else None
        if kind is None or address is None or address in found:
            continue
        found[address] = FoundFeed(address, one_line(link.get("title", "")), kind)
        if len(found) == _FOUND_MAX:
            break
    return tuple(found.values())


def _kind(link: Mapping[str, str]) -> FeedKind | None:
    # `alternate nofollow` is what Discourse writes for a category:
    # https://meta.discourse.org/t/rss-feeder-auto-discovery-can-miss-topic-specific-feeds/392890
    if "alternate" not in link.get("rel", "").lower().split():
        return None
    media_type = link.get("type", "").partition(";")[0].strip().lower()
    if media_type == "application/json" and "/wp-json/" in link.get("href", ""):
        return None  # WordPress names its API so on every page
    return _KINDS.get(media_type)


def _absolute(base: str, reference: str) -> str | None:
    """Return the address that `reference` names on a page at `base`; None if Heard would not read it."""
    if not reference:
        return None
    try:
        joined = urljoin(base, reference)
        if urlsplit(joined).scheme not in {"http", "https"}:
            return None
        return normalise_address(joined)
    except (ValueError, AddressRefusedError):
        return None
