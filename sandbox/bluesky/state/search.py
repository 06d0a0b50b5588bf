"""Search: https://docs.bsky.app/docs/api/app-bsky-feed-search-posts.

Words side by side must all be there, as parts of words too; the real engine knows more, and differs between
servers.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sandbox.bluesky.state.accounts import Record
from sandbox.bluesky.state.appview import sort_time

_PIECES = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class Search:
    """Words, hashtags that must be there besides, and the times between which posts stand."""

    query: str
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def finds(self, record: Record) -> bool:
        text, at = record.value["text"].casefold(), sort_time(record)
        if (self.since and at < self.since) or (self.until and at >= self.until):
            return False
        pieces = [quoted or bare for quoted, bare in _PIECES.findall(self.query)]
        tags = _tags(record)
        wanted = [piece.casefold() for piece in pieces if piece != "*"]
        return all(piece in text for piece in wanted) and all(tag.casefold() in tags for tag in self.tags)


def _tags(record: Record) -> set[str]:
    features = [feature for facet in record.value.get("facets", []) for feature in facet["features"]]
    named = [*(feature.get("tag", "") for feature in features), *record.value.get("tags", [])]
    return {tag.casefold() for tag in named if tag}
