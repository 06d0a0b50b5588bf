"""X's rules for words: what they weigh, how they come over the wire, and when two texts say the same."""

import functools
import pkgutil
import re
import sys
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from models.normalize import nfc

_UNFIT = re.compile("[\x00\ud800-\udfff]")  # no database takes them, and half a pair is no character
_ESCAPED = re.compile("&(amp|lt|gt);")
_PLAIN = {"amp": "&", "lt": "<", "gt": ">"}
_LEADING_HANDLES = re.compile(r"^(?:\s*@[A-Za-z0-9_]{1,15}(?=\s|$))+")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)

# https://docs.x.com/fundamentals/counting-characters: these weigh one, everything else weighs two.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# twitter-text takes 30 s for 3,000 characters of "a.a.a…": longer texts, and words with more dots than this,
# are counted without looking for links in them.
_MOST_CHARACTERS = 3000
_MOST_DOTS = 20
_NO_DOT = "\u00b7"  # weighs what a dot weighs, and begins no domain

# Without a dot inside a word there is no link, and these characters make no emoji: no need to parse.
_SIMPLE = re.compile(r"(?:[\u0000-\u007e\u00a1-\u00a8\u00aa-\u00ad\u00af-\u024f](?<!\.)|\.(?!\S))*")

_importing = threading.Lock()


def fit(text: str) -> str:
    """`text` without characters that cannot be stored; U+FFFD stands where they were."""
    return _UNFIT.sub("\ufffd", text)


def unescape(text: str) -> str:
    """`text` with X's three HTML entities resolved, once: `&amp;lt;` was typed as `&lt;`."""
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], text)


def weigh(text: str) -> int:
    """How long X counts `text`: a link is 23, an emoji 2, a CJK character 2. Never slow."""
    text = nfc(fit(text))
    if len(text) > _MOST_CHARACTERS or _SIMPLE.fullmatch(text):
        return sum(_weight(character) for character in text)
    tame = re.sub(r"\S+", lambda word: _tame(word[0]), text)
    return int(_parser()(tame).weightedLength)


def essence(text: str, links: Mapping[str, str]) -> str:
    """What `text` says, for comparing what we sent with what X shows.

    X puts @handles in front, wraps each link in a t.co one (`links`: what stands for what), tidies spaces.
    """
    for short in sorted(links, key=len, reverse=True):
        text = text.replace(short, links[short])
    text = _LEADING_HANDLES.sub("", nfc(fit(text)))
    text = _LINK.sub(lambda link: link[0].split("://", 1)[1].rstrip("/"), text)
    return " ".join(text.split())


def _tame(word: str) -> str:
    return word.replace(".", _NO_DOT) if word.count(".") > _MOST_DOTS else word


def _weight(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2


@functools.cache
def _parser() -> Callable[[str], Any]:
    """twitter-text, imported when first needed: it takes a third of a second.

    It reads one data file through `pkg_resources`, which new environments no longer have, so while it is
    being imported a stand-in does that one thing.
    """
    stand_in = ModuleType("pkg_resources")
    stand_in.resource_string = _beside  # type: ignore[attr-defined]
    with _importing:
        before = sys.modules.get("pkg_resources")
        sys.modules["pkg_resources"] = stand_in
        try:
            from twitter_text import parse_tweet  # noqa: PLC0415
        finally:
            del sys.modules["pkg_resources"]
            if before is not None:
                sys.modules["pkg_resources"] = before
    return parse_tweet  # type: ignore[no-any-return]


def _beside(module: str, name: str) -> bytes | None:
    return pkgutil.get_data(module.rpartition(".")[0], name)
