r"""Splits a text into words, each with its place, alike for posts and for what people listen for. Pure.

The borders follow https://www.unicode.org/reports/tr29/#Word_Boundaries, except where people who listen for a
name would miss it:

- A word is a run of letters, digits and marks. Every other character is a border, `_`, `.` and the
  apostrophe too: "fernpress" is in "fernpress's", "fern-press" has two words. Only n't belongs to its word
  ("won't" is not "won"), and the quotation mark inside a Hebrew acronym.
- In scripts without blanks between words (Han, kana, Hangul, Thai, Lao, Khmer, Myanmar) each character with
  its marks is a word. Hangul, though it has blanks, since particles are attached to the name.
- An emoji is a word, the same with and without skin tone and variation selector. A sequence is one emoji: a
  woman astronaut is neither a woman nor a rocket.

Words are folded as in `models.core.fold`; Arabic and Persian letters that are typed for one another are the
same, as in Lucene's ArabicNormalizer and PersianNormalizer.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import regex  # the Unicode properties that `re` lacks

from models.core.fold import UNSPACED, fold_words
from models.core.normalize import nfc, nfkc

CACHED_MAX_CHARS = 40  # longer words and gaps are folded each time, so that the caches stay small
CACHED_WORDS = 50_000
# Between the words of a post and handles outside its text: no word that anybody types.
BREAK = "\x00"

# Character classes of regex's VERSION1, in which -- is difference and && is intersection.
_INVISIBLE = r"[\p{Default_Ignorable_Code_Point}\p{Cf}--\u200B]"  # a zero width space separates words
_APOSTROPHES = r"\u02B9-\u02BF"  # letters that are typed for one
_VOICING = r"\uFF9E\uFF9F"  # marks of half-width kana, which are letters to Unicode
_ALONE = rf"[[{UNSPACED}\uFF66-\uFF9F]&&[\p{{L}}\p{{Nl}}]]"
_SPACED = rf"[\p{{L}}\p{{N}}--{_ALONE}--{_INVISIBLE}--[{_APOSTROPHES}]]"
_IN_WORD = rf"[\p{{L}}\p{{N}}\p{{M}}--{_ALONE}--{_INVISIBLE}--[{_APOSTROPHES}]]"
_HEBREW = r"[\p{Hebrew}&&[\p{L}\p{M}]]"
_GERSHAYIM = rf"(?<={_HEBREW})[\"\u05F4\u201C\u201D](?={_HEBREW})"
_WORD = (
    rf"{_SPACED}{_IN_WORD}*+(?:(?:{_INVISIBLE}++|{_GERSHAYIM}){_IN_WORD}++)*+"
    rf"(?:(?<=[nN])['\u2019\u02BC][tT](?!{_IN_WORD}))?"
)
# A virama of Khmer or Myanmar puts the next letter below this one.
_CLUSTER = rf"{_ALONE}(?:[\u1039\u17D2]\p{{L}}|[\p{{M}}{_VOICING}])*+"
_PICTURE = r"[\p{Extended_Pictographic}\p{Emoji_Modifier}--[\p{L}\u00A9\u00AE\u2122\u203C\u2049\u3030]]"
_DRESSED = rf"{_PICTURE}[\uFE0E\uFE0F\p{{Emoji_Modifier}}\U000E0020-\U000E007F]*+"
_EMOJI = rf"(?:[0-9#*]\uFE0F?\u20E3|\p{{RI}}{{1,2}}|{_DRESSED}(?:\u200D{_DRESSED})*+)"

WORDS = regex.compile(rf"{_EMOJI}|{_CLUSTER}|{_WORD}", regex.VERSION1)
ASCII_WORDS = re.compile(r"[a-z0-9]++(?:(?<=n)'t(?![a-z0-9]))?")
_IS_EMOJI = regex.compile(_EMOJI, regex.VERSION1)
_DRESS = regex.compile(r"[\uFE0E\uFE0F\p{Emoji_Modifier}]+")
_UNSEEN = regex.compile(rf"(?:{_INVISIBLE}|[\u200B\p{{M}}])++", regex.VERSION1)
_HEBREW_QUOTE = regex.compile(_GERSHAYIM, regex.VERSION1)

# A hashtag ends at the first character that is no letter, digit, mark, underscore, middle dot or joiner, as
# on X (https://github.com/twitter/twitter-text, hashtagLetters) and Mastodon; or it is one emoji.
_TAG_BODY = rf"(?:[\p{{L}}\p{{N}}_][\p{{L}}\p{{N}}\p{{M}}_\u00B7\u30FB\uFF65\u200C\u200D]*+|{_EMOJI})"
TAG_BODY = regex.compile(_TAG_BODY, regex.VERSION1)
# `#a#b` are two; `C#a` and `&#39` are none. In scripts without blanks a hashtag may follow a word.
_TAGS = regex.compile(
    rf"(?<![[\p{{L}}\p{{N}}\p{{M}}_&]--{_ALONE}--[{UNSPACED}]])(?:[#\uFF03]({_TAG_BODY}))++", regex.VERSION1
)
_TAG_DOT = regex.compile(r"([_\u00B7\u30FB\uFF65])")
# X's @a, Bluesky's @a.b.c, Mastodon's @a@b.c
_HANDLE = (
    r"([A-Za-z0-9_]++(?:[.-][A-Za-z0-9_]++)*+)"
    rf"([@\uFF20](?:{_SPACED})++(?:[.-](?:{_SPACED})++)*+)?+(?![\p{{Latin}}_])"
)
HANDLE = regex.compile(_HANDLE, regex.VERSION1)
_MENTIONS = regex.compile(rf"(?<![\p{{Latin}}\p{{Nd}}_])[@\uFF20]{_HANDLE}", regex.VERSION1)
# No hashtag or handle is in an address. The labels of a bare domain as in models.core.fingerprint.
_LINKS = regex.compile(
    r"(?i)(?:https?://|\bwww\.)[!-~]+"
    r"|(?<![a-z0-9-])(?<![a-z0-9-]\.)(?:[a-z0-9-]++\.)++[a-z]{2,24}/[!-~]*"
)

# Signs that people type for one another. NFKC has the others, such as full-width ones.
_ALIKE = (
    dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`\u05f3" + "".join(map(chr, range(0x2B9, 0x2C0))), "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u05f4\u2033", '"')
    | {"\u2212": "-", "\u2044": "/"}
)
# Arabic yeh, Farsi yeh and alef maksura; keheh and kaf; teh marbuta and heh; alef wasla and alef
_ARABIC = str.maketrans(
    "\u0649\u06cc\u06a9\u0629\u06c0\u06c1\u0671", "\u064a\u064a\u0643\u0647\u0647\u0647\u0627"
)

Span = tuple[int, int]


@dataclass(slots=True)
class Words:
    """The words of a text, folded, and what stands between them.

    `gaps[i]` stands before the word `i`, and the last one after all: its signs, with " " for blanks. `names`
    has the place of the first of each hashtag (`#tag`) and mentioned handle (`@user`, `@user@server`), and of
    a quoted handle (`quotes:@user`).
    """

    text: str  # in NFC; places are in this text
    words: list[str] = field(default_factory=list)
    places: list[Span] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    names: dict[str, Span] = field(default_factory=dict)


def read_words(text: str) -> Words:
    """Returns the words of `text`."""
    if text.isascii():
        scanned, pattern = text.lower(), ASCII_WORDS
    else:
        scanned = text = nfc(text)
        pattern = WORDS
    found = Words(text)
    servers = _find_names(found)
    words, places, gaps = found.words, found.places, found.gaps
    before = 0
    server = next(servers, None)
    for match in pattern.finditer(scanned):
        start, end = match.span()
        while server is not None and server[1] <= start:
            before, server = max(before, server[1]), next(servers, None)
        if server is not None and server[0] <= start:
            continue
        raw = text[before:start]
        gap = raw if raw in ("", " ") else fold_gap(raw)
        for word in _fold_word(match[0]):
            words.append(word)
            places.append((start, end))
            gaps.append(gap)
            gap = ""
        before = end
    gaps.append(fold_gap(text[server[1] if server is not None else before :]))
    return found


def read_post(text: str, handles: Iterable[str] = (), *, quoted: str | None = None) -> Words:
    """Returns the words of a post and, behind them, of handles that the network keeps outside its text.

    A handle may have its @; what no network takes for a handle is left out. `quoted` is the handle whose post
    it quotes: no word of the post, but a name.
    """
    found = read_words(text)
    for handle in handles:
        name = handle.strip().lstrip("@\uff20")
        if HANDLE.fullmatch(name) is None:
            continue
        offset = len(found.text) + 1
        more = read_words(f"@{name}")
        found.text += f"\n{more.text}"
        found.words += [BREAK, *more.words]
        found.places += [(offset, offset), *((start + offset, end + offset) for start, end in more.places)]
        found.gaps += more.gaps
        for key, (start, end) in more.names.items():
            found.names.setdefault(key, (start + offset, end + offset))
    if quoted is not None:
        said = f"quotes @{quoted.lstrip('@')}"
        found.names[quotes_key(quoted)] = (len(found.text) + 1, len(found.text) + 1 + len(said))
        found.text += f"\n{said}"
    return found


def quotes_key(handle: str) -> str:
    """Returns under which name a post that quotes one of `handle` (with or without @) has that."""
    return f"quotes:@{nfkc(handle.lstrip('@')).casefold()}"


def drop_servers(text: str) -> str:
    """Returns `text` (in NFC) without the servers of handles, which `read_words` leaves out as well."""
    while servers := list(_find_names(Words(text))):
        starts, ends = zip(*servers, strict=True)
        text = "".join(text[start:end] for start, end in zip((0, *ends), (*starts, len(text)), strict=True))
    return text


def without_links_and_handles(text: str) -> str:
    """Returns `text` with a blank for each address and each mentioned handle: names, not what a post says."""
    bare = _LINKS.sub(" ", text) if "/" in text or "." in text else text
    return _MENTIONS.sub(" ", bare) if "@" in bare or "\uff20" in bare else bare


def is_unspaced(word: str) -> bool:
    """Whether a word is one character, with its marks, of a script without blanks."""
    return _CLUSTERS.fullmatch(word) is not None


def widen(text: str, place: int, signs: int) -> int:
    """Returns the place that lies so many `signs` after `place`, or before it if negative."""
    step = 1 if signs > 0 else -1
    for _ in range(abs(signs)):
        while _UNSEEN.match(text[place : place + 1] if signs > 0 else text[place - 1 : place]) is not None:
            place += step
        place += step
    return place


def is_gershayim(text: str, at: int) -> bool:
    """Whether the quotation mark at `at` stands inside a Hebrew acronym."""
    return _HEBREW_QUOTE.match(text, at) is not None


# --- hashtags and handles -----------------------------------------------------------------------------------


def tag_key(body: str) -> str:
    """Returns how a hashtag is compared, with "#"; only "#" if it has no letter, digit or emoji."""
    if body.isascii():
        folded = body.lower()
    else:
        pieces = _TAG_DOT.split(body)  # every second one is a dot
        folded = "".join(
            ("_" if piece == "_" else "\u00b7") if place % 2 else "".join(_fold_word(piece))
            for place, piece in enumerate(pieces)
        )
    return f"#{folded}" if folded.strip("_\u00b7") else "#"


def handle_keys(name: str, server: str) -> tuple[str, ...]:
    """Returns how a handle is compared: as `@user`, and where a server (`@server`) is given with it too."""
    user = f"@{name.lower()}"
    return (user, f"{user}@{nfkc(server[1:]).casefold()}") if server else (user,)


def _find_names(found: Words) -> Iterator[Span]:
    """Fills `names`, and returns the servers of handles: where an account lives is not what a post says."""
    text = found.text
    has_tag, has_handle = "#" in text or "\uff03" in text, "@" in text or "\uff20" in text
    if not has_tag and not has_handle:
        return iter(())
    links = [match.span() for match in _LINKS.finditer(text)] if "/" in text or "." in text else []
    servers = []
    if has_tag:
        for match in _outside(links, _TAGS.finditer(text)):
            for start, end in match.spans(1):
                if (key := tag_key(text[start:end])) != "#":
                    found.names.setdefault(key, (start - 1, end))
    if has_handle:
        for match in _outside(links, _MENTIONS.finditer(text)):
            for key in handle_keys(match[1], match[2] or ""):
                found.names.setdefault(key, match.span())
            if match[2]:
                servers.append(match.span(2))
    return iter(servers)


def _outside(links: list[Span], matches: Iterable["regex.Match[str]"]) -> Iterator["regex.Match[str]"]:
    """Those of `matches` that begin in none of `links`; both are in order."""
    place = 0
    for match in matches:
        while place < len(links) and links[place][1] <= match.start():
            place += 1
        if place == len(links) or match.start() < links[place][0]:
            yield match


# --- folding ------------------------------------------------------------------------------------------------


def _fold_word(raw: str) -> tuple[str, ...]:
    """The word that `raw` is; none if nothing is left, several where a character stands for several."""
    if raw.isascii():
        return (raw.lower(),)
    return _fold_cached(raw) if len(raw) <= CACHED_MAX_CHARS else _fold(raw)


def _fold(raw: str) -> tuple[str, ...]:
    if _IS_EMOJI.match(raw) is not None:
        return (_DRESS.sub("", raw) or raw,)
    is_negated = raw[-2] in "'\u2019\u02bc" if len(raw) > 1 else False
    pieces = [piece.translate(_ARABIC) for piece in fold_words(raw[:-2] if is_negated else raw)]
    if not pieces:
        return ()
    if is_negated:
        pieces[-1] += "'t"
    if _HEBREW_QUOTE.search(raw) is not None:
        return ('"'.join(pieces),)
    if _CLUSTERS.fullmatch(raw) is not None:
        return ("".join(pieces),)
    return tuple(pieces)


_CLUSTERS = regex.compile(_CLUSTER, regex.VERSION1)
_fold_cached = lru_cache(CACHED_WORDS)(_fold)


def fold_gap(raw: str) -> str:
    """Returns the signs of `raw` as they are compared, with one " " for blanks, without invisible ones."""
    return _fold_gap_cached(raw) if len(raw) <= CACHED_MAX_CHARS else _fold_gap(raw)


def _fold_gap(raw: str) -> str:
    signs = "".join(map(_fold_sign, _UNSEEN.sub("", raw)))
    return _BLANKS.sub(" ", signs)


_BLANKS = re.compile(" {2,}")
_fold_gap_cached = lru_cache(4_000)(_fold_gap)


@lru_cache(4_000)
def _fold_sign(char: str) -> str:
    category = unicodedata.category(char)
    if char.isspace() or category == "Cc":
        return " "
    if category == "Pd":
        return "-"
    plain = nfkc(char)
    return _ALIKE.get(char) or (_ALIKE.get(plain, plain) if len(plain) == 1 and not plain.isalnum() else char)
