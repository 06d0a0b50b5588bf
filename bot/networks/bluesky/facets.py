"""What in a text is a link, a handle or a hashtag, as facets: https://docs.bsky.app/docs/advanced-guides/post-richtext.

Bluesky links nothing by itself: a record names each place by offsets in the UTF-8 text, and a client shows
what it finds there. Handles and hashtags are read as Bluesky's own apps read them. Links are read better:
its `detectFacets` takes a full stop in Japanese into the link behind which it stands, and finds none after
a quotation mark, so that `「https://e.org」。` has none.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import regex
from twitter_text.regexp.valid_cctld import valid_cctld
from twitter_text.regexp.valid_gtld import valid_gtld

from bot.networks.bluesky.uris import is_handle
from bot.networks.graphemes import count_graphemes

HANDLES_MAX = 10  # of one text, that are looked up
_TAG_MAX_GRAPHEMES, _TAG_MAX_BYTES = (
    64,
    640,
)  # https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json
_FEATURE = "app.bsky.richtext.facet#"

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"  # written without blanks
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?"
_HOST = rf"(?:{_LABEL}\.)+(?:[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]|[[\p{{L}}\p{{M}}]--[A-Za-z]]{{2,}})"
# A path goes on over letters of any script, but not from a Latin letter to one of a script without blanks.
_TAIL = (
    rf"(?:(?::\d{{2,5}})?(?:[/?\#](?:[!\#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[A-Za-z0-9{_UNSPACED}]]|(?<![A-Za-z0-9])[{_UNSPACED}])*)?)"
)
_LINK_PATTERN = regex.compile(
    rf"(?<![A-Za-z0-9_@/.-])(?i:https?://)(?:localhost|\d{{1,3}}(?:\.\d{{1,3}}){{3}}|{_HOST}){_TAIL}",
    regex.VERSION1,
)
_BARE_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,20}"  # a bound keeps long texts quick
_BARE_LINK_PATTERN = regex.compile(
    rf"(?<![[\p{{L}}\p{{M}}\p{{N}}_@/.\-]--[{_UNSPACED}]]){_BARE_HOST}([a-z]{{2,24}})(?![A-Za-z0-9@_-]|\.[A-Za-z0-9]){_TAIL}",
    regex.VERSION1,
)
_MENTION_PATTERN = regex.compile(
    r"(?<![A-Za-z0-9_@/.-])@((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*)(?![@\w])"
)
# TAG_REGEX of https://github.com/bluesky-social/atproto/blob/main/packages/api/src/rich-text/util.ts
_NO_TAG = r"\s\u00AD\u2060\u200A\u200B\u200C\u200D\u20E2"
_TAG_PATTERN = regex.compile(
    rf"(?:^|(?<=\s))[\#\uFF03](?!\uFE0F)([^{_NO_TAG}]*[^\d\p{{P}}{_NO_TAG}]+[^{_NO_TAG}]*)"
)
_TRAILING = ".,;:!?'*_~"
_BRACKETS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, from character `start` to before `end`, and what it is."""

    start: int
    end: int
    kind: str  # link, mention or tag
    value: str  # the address, the handle without @, the word without #


def find_spans(text: str) -> list[Span]:
    """Return the links, handles and hashtags of `text` in their order; none overlaps another."""
    found: list[Span] = []
    for span in (*_links(text), *_bare_links(text), *_mentions(text), *_tags(text)):
        if all(span.end <= other.start or other.end <= span.start for other in found):
            found.append(span)
    return sorted(found, key=lambda span: span.start)


def build_facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of `text`; `resolve` gives the DID of a handle, or None: then it stays plain text."""
    facets, left = list[dict[str, Any]](), HANDLES_MAX
    for span in find_spans(text):
        if span.kind == "link":
            feature = {"$type": f"{_FEATURE}link", "uri": span.value}
        elif span.kind == "tag":
            feature = {"$type": f"{_FEATURE}tag", "tag": span.value}
        else:
            did = resolve(span.value) if left > 0 else None
            left -= 1
            if did is None:
                continue
            feature = {"$type": f"{_FEATURE}mention", "did": did}
        start = len(text[: span.start].encode())
        end = start + len(text[span.start : span.end].encode())
        facets.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
    return facets


def _links(text: str) -> Iterator[Span]:
    for found in _LINK_PATTERN.finditer(text):
        words = _without_trailing(found[0])
        yield Span(found.start(), found.start() + len(words), "link", words)


def _bare_links(text: str) -> Iterator[Span]:
    """Domains without `https://`, if they end in a known one in small letters: `Done.Next` is none."""
    for found in _BARE_LINK_PATTERN.finditer(text):
        if valid_cctld.fullmatch(found[1]) or valid_gtld.fullmatch(found[1]):
            words = _without_trailing(found[0])
            yield Span(found.start(), found.start() + len(words), "link", f"https://{words}")


def _mentions(text: str) -> Iterator[Span]:
    for found in _MENTION_PATTERN.finditer(text):
        if is_handle(found[1]):
            yield Span(found.start(), found.end(), "mention", found[1].lower())


def _tags(text: str) -> Iterator[Span]:
    for found in _TAG_PATTERN.finditer(text):
        tag = found[1]
        while tag and unicodedata.category(tag[-1]).startswith("P"):
            tag = tag[:-1]
        fits = count_graphemes(tag) <= _TAG_MAX_GRAPHEMES and len(tag.encode()) <= _TAG_MAX_BYTES
        if tag and fits:
            yield Span(found.start(), found.start() + 1 + len(tag), "tag", tag)


def _without_trailing(link: str) -> str:
    """`link` without the punctuation of the sentence around it, and a bracket that was not opened in it."""
    while link:
        last = link[-1]
        opens = _BRACKETS.get(last)
        if last not in _TRAILING and (opens is None or link.count(opens) >= link.count(last)):
            break
        link = link[:-1]
    return link
