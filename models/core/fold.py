"""Folds text for search: words that a reader takes for the same come out the same. Pure.

Both databases index the folded words as they are (models/tickets/word_index.py), so they find the same posts.
What a word is, is decided here and not by SQLite's tokenizer, which takes every sign newer than Unicode 6.1
for a letter, or by PostgreSQL's parser, which makes one word of an address.
"""

import unicodedata
from collections.abc import Mapping

import regex  # the Unicode properties that `re` lacks

from models.core.normalize import nfc, nfkc, nfkd

WORD_MAX_CHARS = 64  # PostgreSQL refuses lexemes of 2 KB; a longer word is known by its beginning

# Written without blanks between words (Thai, Lao, Myanmar, Khmer, kana, Han, Hangul): nobody can tell by the
# characters alone where a word begins, so each character is a word, and a word is looked for as a phrase.
UNSPACED = (
    r"\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3005-\u3007\u3040-\u309F\u30A0-\u30FA\u30FC-\u30FF\u31F0-\u31FF"
    r"\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\U00020000-\U0003FFFF"
)
_UNSPACED_CHAR = regex.compile(f"([{UNSPACED}])")
_WORD = regex.compile(rf"[\p{{L}}\p{{N}}{UNSPACED}]")
# Soft hyphens, joiners, directions, variation selectors: nobody types them to search. A zero width space
# does stand between words.
_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}--\u200B]+", regex.VERSION1)
# Neither letter, digit nor mark; and the letters that are typed for an apostrophe.
_SIGN = regex.compile(r"[^\p{L}\p{N}\p{M}]+|[\u02B9-\u02BF]+")
# Accents, and the points of Hebrew, Arabic and Syriac, which most people leave out. Not the vowel signs of
# Indic scripts and Thai, which make another word.
_ACCENT = regex.compile(
    r"[\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F"
    r"\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u0711\u0730-\u074A\u1AB0-\u1AFF\u1DC0-\u1DFF"
    r"\u20D0-\u20FF\uFE20-\uFE2F]+"
)
_DIGIT = regex.compile(r"[^\P{Nd}0-9]")

_ASCII = {code: " " if not chr(code).isalnum() else chr(code).lower() for code in range(128)}


def fold(text: str) -> str:
    """Returns the words of `text` in the form in which they are compared, separated by blanks.

    Case, accents, width and ligatures do not count (`Straße` is `strasse`, `Łódź` is `lodz`); signs and emoji
    separate words; digits of every script become 0 to 9. Folding twice changes nothing. May return "".
    """
    return " ".join([word[:WORD_MAX_CHARS] for word in fold_words(text)])


def fold_words(text: str) -> list[str]:
    """Returns the words of `text` as `fold` does, in a list and in their full length."""
    if text.isascii():
        return text.translate(_ASCII).split()
    return [word for word in _UNSPACED_CHAR.sub(r" \1 ", _plain(text)).split() if _WORD.search(word)]


def _plain(text: str) -> str:
    """Returns `text` in lower case without accents, with blanks for signs."""
    # Signs go before they are decomposed: else `Acme™` would be read as "acmetm".
    bare = _SIGN.sub(" ", _INVISIBLE.sub("", text))
    lower = nfkc(bare).casefold()
    decomposed = _ACCENT.sub("", nfkd(lower)).translate(_plain_letters())
    composed = nfc(decomposed)
    plain: str = _DIGIT.sub(_as_ascii, _SIGN.sub(" ", _INVISIBLE.sub("", composed)))
    return plain


def _as_ascii(digit: regex.Match[str]) -> str:
    return str(unicodedata.decimal(digit[0], digit[0]))


_LETTERS: dict[int, str] = {}


def _plain_letters() -> Mapping[int, str]:
    """Returns Latin letters that Unicode does not decompose, mapped to the base letter in their name.

    `LATIN SMALL LETTER L WITH STROKE` is an l. Computed when the first text that is not ASCII is folded.
    """
    if not _LETTERS:
        for block in (range(0xC0, 0x250), range(0x250, 0x2B0), range(0x1D6C, 0x1D9B), range(0x2C60, 0x2C80)):
            for code in block:
                name = unicodedata.name(chr(code), "")
                head, _, letter = name.partition("LATIN SMALL LETTER ")
                base, is_with, _ = letter.partition(" WITH ")
                if not head and is_with and len(base) == 1 and not unicodedata.decomposition(chr(code)):
                    _LETTERS[code] = base.lower()
        # dotless i and j, æ, œ, ð, þ
        _LETTERS.update({0x131: "i", 0x237: "j", 0xE6: "ae", 0x153: "oe", 0xF0: "d", 0xFE: "th"})
    return _LETTERS
