"""X's rules for words: how they come over the wire, and when two texts say the same. See also x_length."""

import re
from collections.abc import Mapping

from models.core.normalize import nfc

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # no database takes them, and half a pair is no character
_ESCAPED = re.compile("&(amp|lt|gt);")
_ENTITY_CHARS = {"amp": "&", "lt": "<", "gt": ">"}
_LEADING_HANDLES = re.compile(r"^(?:\s*@[A-Za-z0-9_]{1,15}(?=\s|$))+")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def replace_unstorable(text: str) -> str:
    """`text` without characters that cannot be stored; U+FFFD stands where they were."""
    return _UNSTORABLE.sub("\ufffd", text)


def unescape(text: str) -> str:
    """`text` with X's three HTML entities resolved, once: `&amp;lt;` was typed as `&lt;`."""
    return _ESCAPED.sub(lambda found: _ENTITY_CHARS[found[1]], text)


def comparable_text(text: str, links: Mapping[str, str]) -> str:
    """What `text` says, for comparing what we sent with what X shows.

    X puts @handles in front, wraps each link in a t.co one (`links`: what stands for what), tidies spaces.
    """
    for short in sorted(links, key=len, reverse=True):
        text = text.replace(short, links[short])
    text = _LEADING_HANDLES.sub("", nfc(replace_unstorable(text)))
    text = _LINK.sub(lambda link: link[0].split("://", 1)[1].rstrip("/"), text)
    return " ".join(text.split())
