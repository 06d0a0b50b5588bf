"""Which entry is which, within one feed. Pure."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from bot.networks.feed.documents import FeedEntry

_KEY_MAX_CHARS = 400  # longer ones are kept as a hash
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def entry_key(entry_id: str, link: str | None, words: str) -> str:
    """Return the entry's identity: its id, else its link, else a hash of its words.

    The id is taken as it stands, without the blanks and line ends around it that some generators write: one
    that is relative stays so, as the feed's address may change.
    """
    key = entry_id.strip() or (link or "")
    if key and len(key) <= _KEY_MAX_CHARS:
        return key
    kind, hashed = ("id", key) if key else ("words", words)
    return f"{kind}:{hashlib.sha256(hashed.encode('utf-8', 'replace')).hexdigest()}"


def one_for_each_key(entries: Iterable[FeedEntry]) -> tuple[FeedEntry, ...]:
    """Return the entries with one for each key, at the place of its first.

    Of several, the one with the newest date stays; the first, if none is newer.
    """
    kept: dict[str, FeedEntry] = {}
    for entry in entries:
        other = kept.get(entry.key)
        if other is None or _newest_date(entry) > _newest_date(other):
            kept[entry.key] = entry
    return tuple(kept.values())


def _newest_date(entry: FeedEntry) -> datetime:
    return max(entry.updated_at or _LONG_AGO, entry.posted_at or _LONG_AGO)
