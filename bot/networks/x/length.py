"""How long X counts a text: by its page, and by its library where the two differ.

https://docs.x.com/fundamentals/counting-characters: 280 at most, a link counts 23, an emoji 2, Chinese,
Japanese and Korean 2, the rest 1. See x_emoji for where page and library part.
"""

import functools
import importlib
import pkgutil
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from bot.networks.x.emoji import emoji_pattern, library_emoji_pattern
from bot.networks.x.text import replace_unstorable
from models.core.normalize import nfc

LINK_LENGTH = 23
EMOJI_LENGTH = 2
# https://docs.x.com/fundamentals/counting-characters: these count 1, everything else counts 2.
_SINGLE_WEIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# Finding links is slower than linear where many dots stand close together: longer texts are counted without
# looking for any, and words with more dots than this are looked at one by one.
_LINK_SEARCH_MAX_CHARS = 3000
_WORD_MAX_DOTS = 20
_DOT_SUBSTITUTE = "\u00b7"  # counts what a dot counts, and begins no domain

# Without a dot inside a word there is no link, and these characters make no emoji: no need to parse.
_SIMPLE_TEXT = re.compile(r"(?:[\u0000-\u007e\u00a1-\u00a8\u00aa-\u00ad\u00af-\u024f](?<!\.)|\.(?!\S))*")
_ADDRESS = re.compile(
    r"(?P<scheme>https?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?P<rest>[:/?#].*)?", re.IGNORECASE
)
_INNER_DOT = re.compile(r"\.(?=[A-Za-z0-9_/-])")

_import_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class TextLength:
    """A length by X's page and by X's library, in X's own units; they differ in some emoji alone."""

    page: int
    library: int

    @property
    def lower_bound(self) -> int:
        """The lower of the two: a text that is too long by it is too long."""
        return min(self.page, self.library)

    @property
    def upper_bound(self) -> int:
        """The higher of the two: a text that is not too long by it is not too long."""
        return max(self.page, self.library)


def measure(text: str) -> TextLength:
    """How long X counts `text`. Never slow."""
    text = nfc(replace_unstorable(text))
    if _SIMPLE_TEXT.fullmatch(text):
        both = _total_weight(text)
        return TextLength(both, both)
    if len(text) > _LINK_SEARCH_MAX_CHARS:
        return TextLength(
            _without_links(text, emoji_pattern()), _without_links(text, library_emoji_pattern())
        )
    page = library = last = 0
    for start, end in _find_links(text):
        between = text[last:start]
        page += _without_links(between, emoji_pattern()) + LINK_LENGTH
        library += _without_links(between, library_emoji_pattern()) + LINK_LENGTH
        last = end
    rest = text[last:]
    return TextLength(
        page + _without_links(rest, emoji_pattern()), library + _without_links(rest, library_emoji_pattern())
    )


def _without_links(text: str, emoji: Any) -> int:  # noqa: ANN401 - a pattern
    found = [match[0] for match in emoji.finditer(text)]
    return _total_weight(text) - sum(map(_total_weight, found)) + EMOJI_LENGTH * len(found)


def _total_weight(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        1 if any(low <= ord(one) <= high for low, high in _SINGLE_WEIGHT_RANGES) else 2 for one in text
    )


# --- links --------------------------------------------------------------------------------------------------


def _find_links(text: str) -> list[tuple[int, int]]:
    """Where the links in `text` begin and end, in order."""
    if "." not in text:
        return []
    found, tame = [], []
    for word in re.finditer(r"\S+", text):
        if word[0].count(".") > _WORD_MAX_DOTS:
            found += [
                (word.start() + start, word.start() + end) for start, end in _in_word_with_many_dots(word[0])
            ]
            tame.append((word.start(), word[0].replace(".", _DOT_SUBSTITUTE)))
    for at, plain in tame:
        text = text[:at] + plain + text[at + len(plain) :]
    found += [tuple(link["indices"]) for link in _link_search()(text)]
    return sorted(found)


def _in_word_with_many_dots(word: str) -> list[tuple[int, int]]:
    """The link that `word` is, if it is one, found by a shorter word in its place.

    A plain address stays one if it has fewer labels in front and other characters for the dots in its path.
    """
    address = _ADDRESS.fullmatch(word)
    if address is None:
        return []
    host = ".".join(address["host"].split(".")[-3:])
    short = (address["scheme"] or "") + host + _INNER_DOT.sub("x", address["rest"] or "")
    if short.count(".") > _WORD_MAX_DOTS:
        return []
    links = [link["indices"] for link in _link_search()(short)]
    cut = len(word) - len(short)
    return [
        (0, end + cut)
        for start, end in links
        if start == 0 and end > len(short) - len(address["rest"] or "") - 1
    ]


@functools.cache
def _link_search() -> Callable[[str], list[Mapping[str, Any]]]:
    """twitter-text's search for links, imported when first needed: it takes a third of a second.

    It reads one data file through `pkg_resources`, which new environments no longer have, so while it is
    being imported a stand-in does that one thing. Python's IDNA refuses names that X's JavaScript, which
    only spells them in Punycode, links (`https://example.org` right before Arabic): then X counts a link.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_string = _read_sibling_file  # type: ignore[attr-defined]
    with _import_lock:
        before = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = stand_in
        try:
            importlib.import_module("twitter_text")
        finally:
            del sys.modules["pkg_resources"]
            if before is not None:
                sys.modules["pkg_resources"] = before
    links = sys.modules["twitter_text.extract_urls"]
    links.idna_to_ascii = str  # type: ignore[attr-defined]
    return links.extract_urls_with_indices  # type: ignore[no-any-return]


def _read_sibling_file(module: str, name: str) -> bytes | None:
    return pkgutil.get_data(module.rpartition(".")[0], name)
