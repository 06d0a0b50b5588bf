"""Facets as Bluesky's own app writes them for its people, and what a reader sees of them."""

import re
from collections.abc import Callable
from typing import Any

_LINK = re.compile(r"https?://[^\s]+[^\s.,;:!?)]")
_HANDLE = re.compile(r"(?<![\w@])@((?:[a-zA-Z0-9-]+\.)+[a-zA-Z][a-zA-Z0-9-]*)")
_TAG = re.compile(r"(?<!\S)#(\w*[^\W\d]\w*)")
_FEATURE = "app.bsky.richtext.facet#"


def detect(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """The links, tags and known handles of `text` as facets."""
    found = [(one.span(), {"$type": f"{_FEATURE}link", "uri": one[0]}) for one in _LINK.finditer(text)]
    found += [(one.span(), {"$type": f"{_FEATURE}tag", "tag": one[1]}) for one in _TAG.finditer(text)]
    for one in _HANDLE.finditer(text):
        if (did := resolve(one[1])) is not None:
            found.append((one.span(), {"$type": f"{_FEATURE}mention", "did": did}))
    facets = []
    for (start, end), feature in sorted(found, key=lambda row: row[0]):
        begin = len(text[:start].encode())
        index = {"byteStart": begin, "byteEnd": begin + len(text[start:end].encode())}
        facets.append({"index": index, "features": [feature]})
    return facets


def segments(record: dict[str, Any]) -> list[tuple[str, str]]:
    """What a reader sees as a link, handle or tag: the words of each facet, and where they lead.

    Raises ValueError for a facet that lies outside the text or splits a character: apps show no link there.
    """
    text, found = record["text"].encode(), []
    for facet in record.get("facets", []):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not 0 <= start < end <= len(text):
            raise ValueError(f"a facet from {start} to {end} in {len(text)} bytes")
        words = text[start:end].decode()  # UnicodeDecodeError, which is a ValueError
        for feature in facet["features"]:
            target = feature.get("uri") or feature.get("did") or feature.get("tag")
            found.append((words, str(target)))
    return found
