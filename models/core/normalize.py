"""Unicode normalization in linear time, and text that can be stored. Pure.

`unicodedata.normalize` sorts each run of combining marks by insertion, so 40,000 marks in one post take most
of a second (https://unicode.org/reports/tr15/#Stream_Safe_Text_Format describes such runs). Longer texts are
therefore normalized in pieces, cut where no composition can reach across. In a run of several hundred marks
there is no such place; it is cut anyway, and its marks are sorted within each piece.
"""

import unicodedata
from typing import Literal

import regex  # the Unicode properties that `re` lacks

PIECE_CHARS = 256
# A piece ends before a character that begins anew: no mark, no half-width voicing mark (a modifier letter or
# symbol) and no conjoining Hangul letter, for these join what stands before them.
_PIECE = regex.compile(
    rf"(?s).{{1,{PIECE_CHARS}}}(?=[^\p{{M}}\p{{Lm}}\p{{Sk}}\u1100-\u11ff\ud7b0-\ud7ff]|\Z)|.{{1,{PIECE_CHARS}}}"
)
_CONTROL = regex.compile(r"[^\P{Cc}\n\t]")


def nfc(text: str) -> str:
    """Returns `text` in Normalization Form C."""
    return _normalized("NFC", text)


def nfkc(text: str) -> str:
    """Returns `text` in Normalization Form KC: full-width letters, ligatures and such become plain ones."""
    return _normalized("NFKC", text)


def nfkd(text: str) -> str:
    """Returns `text` in Normalization Form KD: as `nfkc`, with letters separated from their accents."""
    return _normalized("NFKD", text)


def _normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    if len(text) <= PIECE_CHARS or text.isascii():
        return unicodedata.normalize(form, text)
    return "".join(unicodedata.normalize(form, piece) for piece in _PIECE.findall(text))


def without_controls(text: str) -> str:
    """`text` without lone surrogates and control characters: nobody sees them, and no database takes them."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    safe: str = _CONTROL.sub("", whole)
    return safe


def sanitize(text: str) -> str:
    """A customer's text made safe to carry: it encodes to UTF-8, and PostgreSQL and JSON take it.

    Lone surrogates and control characters become U+FFFD, CRLF becomes LF; the rest, marks of direction and
    characters of no width included, is left as it is.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    safe: str = _CONTROL.sub("\ufffd", whole.replace("\r\n", "\n"))
    return safe
