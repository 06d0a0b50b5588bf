"""Finds the feeds that a page names in its head."""

from dataclasses import dataclass
from typing import Literal

from bot.networks.feed.fetching import Fetched

FeedKind = Literal["RSS", "Atom", "JSON Feed"]


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that a page names: its address, its title as plain text (may be empty), its format."""

    address: str
    title: str
    kind: FeedKind


def find_feeds(page: Fetched) -> tuple[FoundFeed, ...]:
    """Return the feeds that `page` names with `<link rel="alternate">`, in the page's order, at most twenty."""
    raise NotImplementedError
