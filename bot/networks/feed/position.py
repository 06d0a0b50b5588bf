"""What is remembered between two readings of a feed, as the text of a `Position`."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.networks.feed.fetching import NO_VALIDATORS, Validators
from bot.networks.values import Position

KNOWN_MAX = 1_000
"""Entries that are remembered: those of the newest document, and before them what earlier ones had."""

_KNOWN_ID_CHARS = 12


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far a feed was read.

    `validators` go back to its server word for word, and `digest` tells a body that has not changed. `known`
    are short ids of entries that were listed, the newest document's first. `moved_to` is where permanent
    redirects have led since `moved_since`.
    """

    validators: Validators = NO_VALIDATORS
    digest: str = ""
    known: tuple[str, ...] = ()
    moved_to: str | None = None
    moved_since: datetime | None = None

    @classmethod
    def read(cls, position: Position) -> "FeedPosition":
        """Return what `write` wrote; one that cannot be read begins anew."""
        if not position:
            return cls()
        try:
            row: dict[str, Any] = json.loads(position)
            since = row.get("moved_since")
            return cls(
                Validators(str(row.get("etag", "")), str(row.get("modified", ""))),
                str(row.get("digest", "")),
                tuple(map(str, row.get("known", ()))),
                row.get("moved_to"),
                datetime.fromisoformat(since) if since else None,
            )
        except (ValueError, TypeError, AttributeError):
            return cls()

    def write(self) -> Position:
        """Return it as text."""
        row = {
            "etag": self.validators.etag,
            "modified": self.validators.last_modified,
            "digest": self.digest,
            "known": list(self.known),
            "moved_to": self.moved_to,
            "moved_since": self.moved_since.isoformat() if self.moved_since is not None else None,
        }
        return Position(json.dumps({name: value for name, value in row.items() if value}))

    def add_known(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the ids to remember once a document with the entries `ids` was read."""
        return tuple(dict.fromkeys((*ids, *self.known)))[:KNOWN_MAX]


def short_id(key: str) -> str:
    """Return what stands for an entry's key among the known ones."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:_KNOWN_ID_CHARS]
