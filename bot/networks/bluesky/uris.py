"""Addresses on Bluesky: at-URIs, record keys (TIDs), and the pages of bsky.app that people open.

https://atproto.com/specs/at-uri-scheme and https://atproto.com/specs/tid
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

POST_COLLECTION = "app.bsky.feed.post"
WEB_APP = "https://bsky.app"

_DID = r"did:[a-z]+:[A-Za-z0-9._:%-]{1,500}"
_AT_URI_PATTERN = re.compile(rf"at://({_DID})/([A-Za-z0-9.-]{{1,300}})/([A-Za-z0-9._:~-]{{1,500}})")
_DID_PATTERN = re.compile(_DID)
_HANDLE_PATTERN = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE
)
_HANDLE_MAX_CHARS = 253
_TID_PATTERN = re.compile(r"[234567a-j][234567a-z]{12}")
_TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_TID_CHARS = 13
_CLOCK_ID_BITS = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RecordUri:
    """An at-URI taken apart: whose repository, which collection, which record."""

    did: str
    collection: str
    rkey: str

    def __str__(self) -> str:
        return f"at://{self.did}/{self.collection}/{self.rkey}"


def parse_uri(text: object) -> RecordUri | None:
    """Return the parts of an at-URI that names its author by DID; None if `text` is none."""
    found = _AT_URI_PATTERN.fullmatch(text) if isinstance(text, str) else None
    return RecordUri(found[1], found[2], found[3]) if found else None


def parse_post_uri(text: object) -> RecordUri | None:
    """Return the same if it names a post, else None."""
    found = parse_uri(text)
    return found if found is not None and found.collection == POST_COLLECTION else None


def is_did(text: str) -> bool:
    """Return whether `text` has the form of a DID."""
    return _DID_PATTERN.fullmatch(text) is not None


def is_handle(text: str) -> bool:
    """Return whether `text` has the form of a handle: https://atproto.com/specs/handle."""
    return len(text) <= _HANDLE_MAX_CHARS and _HANDLE_PATTERN.fullmatch(text) is not None


def post_link(post_id: str) -> str:
    """Return the page of the post with that at-URI; the start page if it is none."""
    found = parse_post_uri(post_id)
    return WEB_APP + "/" if found is None else f"{profile_link(found.did)}/post/{quote(found.rkey, safe='')}"


def profile_link(actor: str) -> str:
    """Return the page of the person with that handle or DID."""
    return f"{WEB_APP}/profile/{quote(actor, safe=':')}"


def make_tid(at: datetime, key: str) -> str:
    """Return the record key of what is written at `at` (UTC) and known to us by `key`; always the same.

    A TID is a count of microseconds and ten bits of its writer's choice. What is left of both below a
    millisecond comes from `key`, so that two replies of one moment get two keys.
    """
    noise = int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8])
    microseconds = (at - _EPOCH) // timedelta(milliseconds=1) * 1000 + noise % 1000
    number = (microseconds << _CLOCK_ID_BITS) | (noise // 1000 % (1 << _CLOCK_ID_BITS))
    letters = [_TID_LETTERS[number >> shift & 31] for shift in range(60, -1, -5)]
    return "".join(letters)


def tid_time(rkey: str) -> datetime | None:
    """Return the moment (UTC) that a TID claims; None if `rkey` is none."""
    if not _TID_PATTERN.fullmatch(rkey):
        return None
    number = 0
    for letter in rkey:
        number = number << 5 | _TID_LETTERS.index(letter)
    try:
        return _EPOCH + timedelta(microseconds=number >> _CLOCK_ID_BITS)
    except OverflowError:
        return None
