"""Computes what a text says to anyone: without addressee, signature and links. Pure.

Numbers stay. A version or an order number is often all that is specific to this person, and without it honest
answers to two different bugs would look the same; in a canned phrase it changes the score little.
"""

import hashlib
from collections.abc import Iterable

import regex  # the Unicode properties that `re` lacks

from models.core.normalize import nfkc

_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
# A keycap is a digit in disguise, and NFKC makes letters of others (™, ㊗): they go before it comes.
_EMOJI = regex.compile(r"[0-9#*]\u20e3|[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Emoji_Modifier}]")
# ASCII alone: in Chinese and Japanese the next word follows an address without a blank. The labels of a bare
# domain are taken as a whole and only from the first of them on (no backtracking, no second start within), so
# that `a.a.a.` without an end is read once.
_LINK = regex.compile(
    r"(?:https?://|\bwww\.)[!-~]+"
    r"|(?<![a-z0-9-])(?<![a-z0-9-]\.)(?:[a-z0-9-]++\.)++[a-z]{2,24}/[!-~]*"
)
# X's @a, Bluesky's @a.b.c, Mastodon's @a@b.c
_HANDLE = regex.compile(r"(?<![a-z0-9_])@[a-z0-9_]+(?:[.-][a-z0-9_]+)*(?:@[a-z0-9]+(?:[.-][a-z0-9]+)*)?")
_POSSESSIVE = regex.compile(r"(?<=\p{L})['\u2019]s\b")
_WITHIN = regex.compile(r"(?<=\p{L})['\u2019](?=\p{L})|(?<=\p{N})[.,:/-](?=\p{N})")  # don't, 4.2.1
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


MARK_CHARS = 16


def short_mark(text: str) -> str:
    """Returns a short name for exactly that text, which a button or an event can carry."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:MARK_CHARS]


def compute_fingerprint(text: str, names: Iterable[str] = ()) -> str:
    """Returns the sorted words of `text` without links, handles, `names`, emoji and punctuation.

    Remove the sign-off first (`strip_sign_off`). Each word of each name is removed wherever it occurs.
    Languages written without blanks have no words to sort: their characters stay in order. Empty if nothing
    is left.
    """
    return sort_words(strip_addressing(text, names))


def normalize_text(text: str) -> str:
    """Returns `text` without case, invisible characters and repeated blanks, to recognise exact copies."""
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    return nfkc(nfkc(_INVISIBLE.sub("", text)).casefold())


def strip_addressing(text: str, names: Iterable[str]) -> str:
    """Returns `text` in lower case without links, handles, `names` and emoji; punctuation and order stay."""
    plain = _plain(_EMOJI.sub(" ", _INVISIBLE.sub("", text)))
    plain = _HANDLE.sub(" ", _LINK.sub(" ", plain))
    plain = _WITHIN.sub("", _POSSESSIVE.sub("", plain))
    called = {word for name in names for word in _WORD.findall(_WITHIN.sub("", _plain(name)))}
    for unspaced in sorted(filter(_UNSPACED.search, called), key=len, reverse=True):
        if len(unspaced) > 1:  # one character is part of too many words
            plain = plain.replace(unspaced, " ")
    plain = _WORD.sub(lambda word: " " if word[0] in called else word[0], plain)
    return " ".join(plain.split())


def sort_words(bare: str) -> str:
    """Returns the words of `bare`, sorted and joined; in languages without blanks its characters in order."""
    words = _WORD.findall(bare)
    together = "".join(words)
    if len(_UNSPACED.findall(together)) * 2 > len(together):
        return together
    return " ".join(sorted(words))
