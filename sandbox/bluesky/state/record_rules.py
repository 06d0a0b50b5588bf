"""What the PDS checks in a post before it keeps it.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json; order and words as
seen on PDS 0.5.35. It does not check that facets lie within the text: what lies outside is simply not
shown.
"""

import re
from datetime import datetime
from typing import Any

from sandbox.bluesky.state.blobs import IMAGE_MAX_BYTES, IMAGES_MAX
from sandbox.bluesky.state.graphemes import count_graphemes
from sandbox.bluesky.state.ids import AT_URI, DID

TEXT_MAX_BYTES, TEXT_MAX_GRAPHEMES = 3000, 300
TAG_MAX_BYTES, TAG_MAX_GRAPHEMES = 640, 64
LANGS_MAX = 3
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_URI = re.compile(r"\w+:(?://)?[^\s/][^\s]*")


class RecordError(Exception):
    """A record that the PDS does not take; the message is its own, without "Invalid … record"."""


def check_post(record: dict[str, Any]) -> None:
    """Raise `RecordError` unless `record` is a valid post."""
    _check_text(record)
    for name, value in (("langs", record.get("langs", [])), ("tags", record.get("tags", []))):
        if not isinstance(value, list):
            raise RecordError(f"Expected array value type at $.record.{name}")
    langs = record.get("langs", [])
    if len(langs) > LANGS_MAX:
        raise RecordError(f"array too big (maximum {LANGS_MAX}, got {len(langs)}) at $.record.langs")
    for index, lang in enumerate(langs):
        if not isinstance(lang, str) or not _LANGUAGE.fullmatch(lang):
            raise RecordError(f'Invalid language (got "{lang}") at $.record.langs[{index}]')
    _check_time(record)
    for index, facet in enumerate(record.get("facets", [])):
        _check_facet(facet, f"$.record.facets[{index}]")
    embed = record.get("embed")
    if isinstance(embed, dict) and embed.get("$type") == "app.bsky.embed.images":
        _check_images(embed.get("images"), "$.record.embed.images")
    if "reply" in record:
        for name in ("root", "parent"):
            _check_reference(record["reply"].get(name), f"$.record.reply.{name}")


def _check_images(images: Any, path: str) -> None:  # noqa: ANN401 - any JSON
    if not isinstance(images, list):
        raise RecordError(f"Expected array value type at {path}")
    if len(images) > IMAGES_MAX:
        raise RecordError(f"array too big (maximum {IMAGES_MAX}, got {len(images)}) at {path}")
    for number, one in enumerate(images):
        if not isinstance(one.get("alt"), str):
            raise RecordError(f'Missing required key "alt" at {path}[{number}]')
        blob = one.get("image")
        if not isinstance(blob, dict) or blob.get("$type") != "blob":
            raise RecordError(f"Expected blob value type at {path}[{number}].image")
        if not str(blob.get("mimeType")).startswith("image/"):
            raise RecordError(f"Wrong mimetype of file at {path}[{number}].image")
        if blob.get("size", 0) > IMAGE_MAX_BYTES:
            size = blob["size"]
            raise RecordError(
                f"blob too big (maximum {IMAGE_MAX_BYTES}, got {size}) at {path}[{number}].image"
            )


def _check_text(record: dict[str, Any]) -> None:
    text = record.get("text")
    if text is None:
        raise RecordError('Missing required key "text" at $.record')
    if not isinstance(text, str):
        raise RecordError("Expected string value type at $.record.text")
    _check_size(text, TEXT_MAX_BYTES, TEXT_MAX_GRAPHEMES, "$.record.text")


def _check_size(text: str, max_bytes: int, max_graphemes: int, path: str) -> None:
    size = len(text.encode(errors="replace"))
    if size > max_bytes:
        raise RecordError(f"string too big (maximum {max_bytes}, got {size}) at {path}")
    length = count_graphemes(text)
    if length > max_graphemes:
        raise RecordError(f"grapheme too big (maximum {max_graphemes}, got {length}) at {path}")


def _check_time(record: dict[str, Any]) -> None:
    created = record.get("createdAt")
    if created is None:
        raise RecordError('Missing required key "createdAt" at $.record')
    if parse_time(created) is None:
        raise RecordError(f'Invalid datetime (got "{created}") at $.record.createdAt')


def _check_facet(facet: dict[str, Any], path: str) -> None:
    index = facet.get("index")
    if not isinstance(index, dict):
        raise RecordError(f'Missing required key "index" at {path}')
    for name in ("byteStart", "byteEnd"):
        value = index.get(name)
        if type(value) is not int:
            raise RecordError(f"Expected integer value type at {path}.index.{name}")
        if value < 0:
            raise RecordError(f"integer too small (minimum 0, got {value}) at {path}.index.{name}")
    for number, feature in enumerate(facet.get("features", [])):
        where = f"{path}.features[{number}]"
        kind = feature.get("$type", "").partition("#")[2]
        if kind == "link" and not _URI.fullmatch(feature.get("uri", "")):
            raise RecordError(f'Invalid uri (got "{feature.get("uri")}") at {where}.uri')
        if kind == "mention" and not DID.fullmatch(feature.get("did", "")):
            raise RecordError(f'Invalid did (got "{feature.get("did")}") at {where}.did')
        if kind == "tag":
            _check_size(feature.get("tag", ""), TAG_MAX_BYTES, TAG_MAX_GRAPHEMES, f"{where}.tag")


def _check_reference(reference: Any, path: str) -> None:  # noqa: ANN401 - any JSON
    if not isinstance(reference, dict):
        raise RecordError(f'Missing required key "{path.rpartition(".")[2]}" at $.record.reply')
    uri = reference.get("uri")
    if not isinstance(uri, str) or not AT_URI.fullmatch(uri):
        raise RecordError(f'Invalid at-uri (got "{uri}") at {path}.uri')
    if not isinstance(reference.get("cid"), str):
        raise RecordError(f'Missing required key "cid" at {path}')


def parse_time(text: object) -> datetime | None:
    """The moment that an RFC 3339 time names; None if it is none, or has no zone."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
