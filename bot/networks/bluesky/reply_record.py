"""A reply as Bluesky keeps it: the record, its key, and the whole call that writes it, frozen as text.

`putRecord` with `swapRecord: null` writes a record if there is none under its key, confirms one with the same
content, and refuses another. Under a key that is ours alone that makes a call which can be repeated: tried
on PDS 0.5.35. It would bring back a record that was deleted since, so nothing is put again after any sight
of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.networks.bluesky import uris
from bot.networks.bluesky.json_values import format_time, get_text, parse_object
from bot.networks.errors import Refused
from bot.networks.graphemes import count_graphemes
from bot.networks.json_values import JsonObject, get_object

# https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
TEXT_MAX_GRAPHEMES = 300
TEXT_MAX_BYTES = 3000
PUT_METHOD = "com.atproto.repo.putRecord"


@dataclass(frozen=True, slots=True)
class FrozenReply:
    """The call that writes a reply: its exact body, and what it says."""

    body: bytes
    repo: str
    rkey: str
    text: str

    @property
    def post_id(self) -> str:
        """The at-URI that the reply has, once it is written."""
        return str(uris.RecordUri(self.repo, uris.POST_COLLECTION, self.rkey))


def check_text(text: str) -> None:
    """Raise `Refused` if no post can have that text. The server counts bytes first."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise Refused("invalid", "The reply contains a broken character that cannot be sent.") from None
    if "\0" in text:  # the server takes it, and then never shows the post
        raise Refused(
            "invalid", "The reply contains an invisible character (NUL) that Bluesky does not show."
        )
    if (why := why_too_many_bytes(size)) is not None:
        raise Refused("too long", why)
    if (length := count_graphemes(text)) > TEXT_MAX_GRAPHEMES:
        raise Refused("too long", f"Bluesky takes {TEXT_MAX_GRAPHEMES} characters, and this has {length}.")


def why_too_many_bytes(size: int) -> str | None:
    """Return a sentence if a text of `size` bytes is too long for Bluesky."""
    if size <= TEXT_MAX_BYTES:
        return None
    return (
        f"Bluesky takes {TEXT_MAX_BYTES:,} bytes in a post, and this has {size:,}: "
        "some characters and emoji take many bytes."
    )


def freeze(
    text: str,
    *,
    repo: str,
    key: str,
    at: datetime,
    root: JsonObject,
    parent: JsonObject,
    facets: Sequence[JsonObject],
    langs: Sequence[str],
    embed: JsonObject | None = None,
) -> str:
    """Return the body of the call that writes the reply; `root` and `parent` are `{uri, cid}`."""
    record: dict[str, Any] = {
        "$type": uris.POST_COLLECTION,
        "text": text,
        "createdAt": format_time(at),
        "reply": {"root": root, "parent": parent},
    }
    record |= {"facets": list(facets)} if facets else {}
    record |= {"langs": list(langs)} if langs else {}
    record |= {"embed": embed} if embed else {}
    call = {
        "repo": repo,
        "collection": uris.POST_COLLECTION,
        "rkey": uris.make_tid(at, key),
        "record": record,
        "swapRecord": None,
    }
    return json.dumps(call, ensure_ascii=False, separators=(",", ":"))


def parse_frozen(frozen: str) -> FrozenReply:
    """Return what `freeze` made. Raises `Refused` if it is anything else: it must never be sent then."""
    try:
        call = parse_object(frozen.encode())
    except ValueError:
        call = {}
    repo, rkey = get_text(call, "repo"), get_text(call, "rkey")
    is_ours = call.get("collection") == uris.POST_COLLECTION and call.get("swapRecord", "") is None
    if not is_ours or uris.tid_time(rkey) is None or not uris.is_did(repo):
        raise Refused("invalid", "What Heard kept of this reply can't be read. Please write it again.")
    return FrozenReply(frozen.encode(), repo, rkey, get_text(get_object(call, "record"), "text"))
