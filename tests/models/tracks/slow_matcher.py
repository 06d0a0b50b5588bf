"""A slow, obvious matcher to compare with: it reads one character after the other and tries every place.

It knows the scripts and emoji of `ALPHABET` in `test_matcher_properties.py`, and shares no code with
`models.tracks` but the parsed query, of which it reads the kind of each term and its text.
"""

# ruff: noqa: RUF001 - that scripts look alike is the point
import itertools
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.tracks.query import Term, TrackQuery

# Longest first, each with what it is compared as.
EMOJI = (
    ("👩🏽‍🚀", "👩‍🚀"),
    ("👩‍🚀", "👩‍🚀"),
    ("👍🏽", "👍"),
    ("❤️", "❤"),
    ("🇩🇪", "🇩🇪"),
    ("👍", "👍"),
    ("👩", "👩"),
    ("🚀", "🚀"),
    ("❤", "❤"),
    ("😡", "😡"),
)
ALONE = (
    "CJK UNIFIED",
    "HIRAGANA",
    "KATAKANA",
    "HALFWIDTH KATAKANA",
    "HANGUL SYLLABLE",
    "THAI CHARACTER",
    "KHMER LETTER",
)
LETTERS = {
    "ß": "ss",
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "æ": "ae",
    "ς": "σ",
    "ي": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
}
SIGNS = {
    "’": "'",
    "‑": "-",
    "–": "-",
    "＃": "#",
    "＠": "@",
    "＋": "+",
    "．": ".",
    "“": '"',
    "”": '"',
    "״": '"',
}
VOWEL_SIGNS = ("DEVANAGARI", "BENGALI", "THAI", "KHMER")  # these marks make another word


@dataclass(frozen=True)
class Token:
    kind: str  # word, sign or blank
    text: str


Tokens = list[Token]


def wants(query: TrackQuery, text: str, handles: Iterable[str] = ()) -> bool:
    """Whether a post is what `query` asks for."""
    texts = [text, *(f"@{handle.lstrip('@')}" for handle in handles)]

    def has(term: Term) -> bool:
        return any(has_term(term, one) for one in texts)

    return any(all(map(has, group)) for group in query.alternatives) and not any(map(has, query.excluded))


def has_term(term: Term, text: str) -> bool:
    tags, handles, rest = take_names(unicodedata.normalize("NFC", text))
    if term.kind == "hashtag":
        return fold_tag(term.text) in tags
    if term.kind == "handle":
        return term.text.lower() in handles
    tokens = tokenize(rest)
    chunks = [tokenize(chunk) for chunk in term.text.split()]
    return any(fits(chunks, tokens, place) for place in range(len(tokens)))


def fits(chunks: list[Tokens], tokens: Tokens, place: int) -> bool:
    """Whether `chunks` begin exactly at `place`, the others behind it with only signs and blanks between."""
    first, rest = chunks[0], chunks[1:]
    end = place + len(first)
    if tokens[place:end] != first:
        return False
    if first[0].kind == "sign" and place > 0 and tokens[place - 1].kind == "word":
        return False
    if not rest:
        return True
    for begin in range(end, len(tokens)):
        if fits(rest, tokens, begin):
            return True
        if tokens[begin].kind == "word":
            return False
    return False


# --- words --------------------------------------------------------------------------------------------------


def tokenize(text: str) -> Tokens:
    tokens: Tokens = []
    place = 0
    while place < len(text):
        kind, end = next_piece(text, place)
        piece = text[place:end]
        if kind == "emoji":
            tokens.append(Token("word", dict(EMOJI)[piece]))
        elif kind == "word":
            tokens.append(Token("word", fold(piece)))
        elif kind == "blank":
            if not tokens or tokens[-1].kind != "blank":
                tokens.append(Token("blank", " "))
        elif kind == "sign":
            tokens.append(Token("sign", SIGNS.get(piece, piece)))
        place = end
    return tokens


def joins_unknown_emoji(text: str) -> bool:
    """Whether two emoji are joined to one that is not in `EMOJI`, of which this matcher knows nothing."""
    for known in (spelled for spelled, _ in EMOJI if "\u200d" in spelled):
        text = text.replace(known, "\ufffd")
    before = tuple(spelled for spelled, _ in EMOJI)
    pieces = text.split("\u200d")
    return any(
        left.endswith((*before, "\ufffd")) and right.startswith((*before, "\ufffd"))
        for left, right in itertools.pairwise(pieces)
    )


def next_piece(text: str, place: int) -> tuple[str, int]:
    """The kind of what begins at `place`, and where it ends."""
    for emoji, _ in EMOJI:
        if text.startswith(emoji, place):
            return "emoji", place + len(emoji)
    char, end = text[place], place + 1
    if char.isspace():
        return "blank", end
    if is_unseen(char) or is_mark(char):
        return "nothing", end
    if is_alone(char):
        return "word", end_of_cluster(text, end)
    return ("word", end_of_word(text, end)) if is_letter(char) else ("sign", end)


def end_of_cluster(text: str, end: int) -> int:
    while end < len(text) and (is_mark(text[end]) or text[end] in "ﾞﾟ"):
        end += 1
        if text[end - 1] == "្" and end < len(text):
            end += 1
    return end


def end_of_word(text: str, end: int) -> int:
    while (further := end + joint_length(text, end)) < len(text) and is_inside(text[further]):
        end = further + 1
    is_not = text[end - 1] in "nN" and text[end : end + 2].lower().replace("’", "'") == "'t"
    after = text[end + 2 : end + 3]
    return end + 2 if is_not and not (after and is_inside(after)) else end


def joint_length(text: str, end: int) -> int:
    """How much may stand inside a word there: what is unseen, or one quotation mark of a Hebrew acronym."""
    if text[end : end + 1] in ('"', "״", "“", "”"):
        return 1 if is_hebrew(text[end - 1]) and end + 1 < len(text) and is_hebrew(text[end + 1]) else 0
    length = 0
    while end + length < len(text) and is_unseen(text[end + length]) and text[end + length] != "\u200b":
        length += 1
    return length


def fold(word: str) -> str:
    kept = []
    for char in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold()):
        if is_unseen(char) or char == "ـ":
            continue
        if is_mark(char) and not unicodedata.name(char).startswith(VOWEL_SIGNS) and char not in "゙゚":
            continue
        plain = str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char
        kept.append(LETTERS.get(plain) or SIGNS.get(plain, plain))
    return unicodedata.normalize("NFC", "".join(kept))


def fold_tag(body: str) -> str:
    return dict(EMOJI).get(body) or fold(body)


def is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN" and not is_alone(char)


def is_inside(char: str) -> bool:
    return is_letter(char) or is_mark(char)


def is_alone(char: str) -> bool:
    return unicodedata.category(char) in ("Lo", "Lm") and unicodedata.name(char, "").startswith(ALONE)


def is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M" and char != "\ufe0f"


def is_unspaced_mark(char: str) -> bool:
    return is_mark(char) and unicodedata.name(char).startswith((*ALONE, "KHMER", "COMBINING KATAKANA"))


def is_unseen(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or char in "\u200b\ufe0f"


def is_hebrew(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("HEBREW LETTER", "HEBREW POINT"))


# --- hashtags and handles -----------------------------------------------------------------------------------


def take_names(text: str) -> tuple[set[str], set[str], str]:
    """The hashtags and handles in `text`, and `text` without the servers of handles."""
    tags, handles, rest = set(), set(), []
    place = tag_end = link_end = 0
    while place < len(text):
        char, before = text[place], text[place - 1 : place]
        if text.startswith(("https://", "http://"), place):
            link_end = max(link_end, place + len(list(ascii_run(text, place))))
        end = place + 1
        if char in "#＃" and place >= link_end:
            end = run(text, end, lambda one: is_letter(one) or is_alone(one) or is_mark(one) or one in "_・·")
            is_behind_word = (
                bool(before) and (is_inside(before) or before in "_&") and not is_unspaced_mark(before)
            )
            emoji = next((one for one, _ in EMOJI if text.startswith(one, place + 1)), "")
            end = end if end > place + 1 else end + len(emoji)
            if end > place + 1 and (not is_behind_word or tag_end == place):
                tags.add(fold_tag(text[place + 1 : end]))
                tag_end = end
            end = place + 1
        elif (
            char in "@＠"
            and place >= link_end
            and not (before and (is_latin(before) or before.isdecimal() or before == "_"))
        ):
            name = dotted(text, end, lambda one: one.isascii() and (one.isalnum() or one == "_"))
            server = name
            if text[name : name + 1] in ("@", "＠") and name > end:
                server = dotted(text, name + 1, is_letter)
                server = name if server == name + 1 else server
            after = text[server : server + 1]
            if name > end and not (after and (is_latin(after) or after == "_")):
                handles.add(text[end:name].lower())
                if server > name:
                    handles.add(f"{text[end:name]}@{text[name + 1 : server]}".lower())
                rest.append(text[place:name])
                place = server
                continue
        rest.append(char)
        place = end
    return tags, handles, "".join(rest)


def run(text: str, place: int, is_in: object) -> int:
    while place < len(text) and is_in(text[place]):  # type: ignore[operator]
        place += 1
    return place


def dotted(text: str, place: int, is_in: object) -> int:
    """The end of labels joined by single dots or hyphens."""
    end = run(text, place, is_in)
    while end > place and text[end : end + 1] in (".", "-") and run(text, end + 1, is_in) > end + 1:
        end = run(text, end + 1, is_in)
    return end


def ascii_run(text: str, place: int) -> Iterator[str]:
    while place < len(text) and "!" <= text[place] <= "~":
        yield text[place]
        place += 1


def is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN"))
