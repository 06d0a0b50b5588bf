"""The query of a track: what people type to say which posts they want to hear. Pure.

| Typed | Means |
|---|---|
| `fern tags` | both words, anywhere in the post |
| `"slow checkout"` | these words one after the other; blanks and signs between them do not count |
| `#fern` | the hashtag; `fern` means the hashtag too, `"#fern tips"` a phrase |
| `@fern` | a mention of that handle, on whatever server; `@fern@social.example` only of that one |
| `quotes:@fern` | a post that quotes one of @fern's, whether or not it names them |
| `fern or farn` | either side; `or` binds less than words side by side; `"or"` is the word |
| `-free`, `-"for free"`, `-#ad`, `-@bot` | not where this occurs, whichever side of `or` matches |

Signs at the edges of a word (brackets, commas, a full stop) do not count. Signs inside do, as do those that
make a name: `node.js`, `AT&T`, `fern-press`, `.net`, `C++`, `c#`, `$FERN`, `100%`; the sign in front must not
follow a letter (`.net` is not in "fern.net"). http:// and www. in front of an address are left out. Every
kind of quotation mark is one, the one inside a Hebrew acronym excepted.

How words are compared is said in `post_text`; docs/reference/tracks.md tells people.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NoReturn

import regex  # the Unicode properties that `re` lacks

from models.core.normalize import nfc, nfkc
from models.tracks.common_words import COMMON_WORDS
from models.tracks.post_text import (
    HANDLE,
    TAG_BODY,
    WORDS,
    drop_servers,
    fold_gap,
    handle_keys,
    is_gershayim,
    is_unspaced,
    quotes_key,
    read_words,
    tag_key,
    widen,
)

MAX_QUERY_CHARS = 512
SHOWN_CHARS = 40  # of a term, in an error
WEAK_MAX_CHARS = 2  # of a word that alone matches too much

QUOTES_OPERATOR = "quotes:@"

_INSTEAD = {
    "AND": "words side by side already mean and",
    "NOT": "write -word to leave a word out",
}
_TOO_LONG = f"A {{}} can have at most {MAX_QUERY_CHARS} characters; this has {{:,}}."

Kind = Literal["word", "phrase", "hashtag", "handle", "quotes"]

_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
_DASHES = "-\uff0d\u2212\u2010\u2011\u2013\u2014"
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}]")  # lone surrogates too, which nothing can store
# What says nothing in front of a word: no letter or emoji, and no currency sign, full stop, # or @.
_JUNK = regex.compile(
    r"[^\p{L}\p{N}\p{M}\p{RI}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Sc}.#@\uFF03\uFF20]++"
)
_LEADING = regex.compile(r"\p{Sc}|(?<!\.)\.")
_LEADING_IN_PHRASE = regex.compile(r"[#@\p{Sc}]|(?<!\.)\.")
_TRAILING = regex.compile(r"[+#%\p{Sc}]*+")
_ADDRESS = regex.compile(r"(?i)https?://(?:www\.)?|www\.")
_PROSE = frozenset(" ,.;:!?\u2026'\")]}>*_~|/\\-\u3001\u3002")


class TrackQueryError(ValueError):
    """A query that cannot be a track; the message is one sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Joint:
    """What stands between two words of a term: exactly `after`, or where `loose` anything.

    A loose one begins with the signs `after` of the word on its left and ends with `before` of the other.
    """

    after: str
    before: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a term looks for, folded.

    `name` is a hashtag or handle as in `Words.names`; else `words` follow each other with `joints` between
    them, the sign `lead` in front and the signs `trail` behind.
    """

    name: str = ""
    words: tuple[str, ...] = ()
    joints: tuple[Joint, ...] = ()
    lead: str = ""
    trail: str = ""

    @property
    def is_one_word(self) -> bool:
        """Whether it is a word and nothing else."""
        return len(self.words) == 1 and not self.lead and not self.trail


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to look for: `text` as typed, without quotes, #, @ and operator.

    Two are equal if kind and `pattern` are.
    """

    kind: Kind
    text: str = field(compare=False)
    pattern: Pattern = field(repr=False)

    @property
    def spelled(self) -> str:
        """The term as one types it."""
        signs = {
            "phrase": ('"', '"'),
            "hashtag": ("#", ""),
            "handle": ("@", ""),
            "quotes": (QUOTES_OPERATOR, ""),
        }
        before, after = signs.get(self.kind, ("", ""))
        return f"{before}{self.text}{after}"


@dataclass(frozen=True, slots=True)
class TrackQuery:
    """Any one of the groups `alternatives`, all of whose terms occur, and none of `excluded`."""

    alternatives: tuple[tuple[Term, ...], ...]
    excluded: tuple[Term, ...] = ()

    @property
    def canonical(self) -> str:
        """The query in one spelling, which parses to an equal query. Letters stay as they were typed."""
        wanted = " or ".join(" ".join(term.spelled for term in group) for group in self.alternatives)
        return " ".join([wanted, *(f"-{term.spelled}" for term in self.excluded)])


def parse_query(text: str, *, noun: str = "track") -> TrackQuery:
    """Returns what `text` asks for. Raises `TrackQueryError`.

    A query of more than `MAX_QUERY_CHARS` characters is refused, as typed or in its canonical spelling.
    `noun` is what errors call it.
    """
    if len(text) > MAX_QUERY_CHARS:
        raise TrackQueryError(_TOO_LONG.format(noun, len(text)))
    groups: list[list[Term]] = [[]]
    excluded: list[Term] = []
    has_exclusion = False  # on this side of `or`
    for piece in _split(_CONTROL.sub(" ", nfc(text))):
        if piece.is_or:
            _check_side(groups[-1], has_exclusion=has_exclusion)
            groups.append([])
            has_exclusion = False
        elif piece.is_excluded:
            excluded.append(piece.term())
            has_exclusion = True
        else:
            groups[-1].append(piece.term())
    if len(groups) > 1:
        _check_side(groups[-1], has_exclusion=has_exclusion)
    if not groups[0]:
        raise TrackQueryError(
            f"A {noun} needs a word to look for, not only words to leave out."
            if excluded
            else 'Type the words to look for, such as fernpress or "slow checkout".'
        )
    query = TrackQuery(
        tuple(dict.fromkeys(tuple(dict.fromkeys(group)) for group in groups)), tuple(dict.fromkeys(excluded))
    )
    if (length := len(query.canonical)) > MAX_QUERY_CHARS:
        raise TrackQueryError(_TOO_LONG.format(noun, length))
    return query


def _check_side(group: list[Term], *, has_exclusion: bool) -> None:
    """Refuses a side of `or` with nothing to look for."""
    if not group and has_exclusion:
        raise TrackQueryError(
            "Each side of “or” needs a word to look for; words to leave out hold for all sides."
        )
    if not group:
        raise TrackQueryError('“or” needs words on both sides; to look for the word itself, write "or".')


def warnings(query: TrackQuery) -> tuple[str, ...]:
    """Returns a plain sentence for each thing in `query` that is probably not meant."""
    told = []
    for group in query.alternatives:
        if all(_is_weak(term) for term in group):
            shown = " ".join(term.text for term in group)
            told.append(f"“{_shorten(shown)}” alone is in very many posts; add a word to it.")
    told += [
        f"“{term.text}” is looked for as a word: {_INSTEAD[term.text]}."
        for group in query.alternatives
        for term in group
        if term.kind == "word" and term.text in _INSTEAD
    ]
    without = frozenset(query.excluded)
    if all(not without.isdisjoint(group) for group in query.alternatives):
        told.append("This track finds nothing: it leaves out what it looks for.")
    return tuple(dict.fromkeys(told))


def _is_weak(term: Term) -> bool:
    """Whether a term alone is in too many posts: a common word, or one or two letters.

    In Chinese, Japanese and the like one character; two are an ordinary word there.
    """
    pattern = term.pattern
    if not pattern.is_one_word:
        return False
    word = pattern.words[0]
    return word in COMMON_WORDS or (len(word) <= WEAK_MAX_CHARS and word.isalnum()) or is_unspaced(word)


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of a query, between blanks or quotation marks."""

    text: str
    is_quoted: bool
    is_excluded: bool

    @property
    def is_or(self) -> bool:
        """Whether it is the operator: the bare word, with whatever signs around it."""
        if self.is_quoted or self.is_excluded or len(self.text) > SHOWN_CHARS:
            return False
        bare = _clean(self.text, _LEADING)
        return bare is not None and nfkc(bare[0]).casefold() == "or"

    def term(self) -> Term:
        """Returns the term. Raises `TrackQueryError` if there is nothing in it to look for."""
        return _phrase(self.text) if self.is_quoted else _bare(self.text)


def _split(text: str) -> Iterable[_Piece]:
    """Cuts a query into its pieces. Raises `TrackQueryError`."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        is_excluded = text[place] in _DASHES
        begin = place + is_excluded
        if begin < len(text) and _is_quote(text, begin):
            end = _find(text, begin + 1, is_quote=True)
            if end == len(text):
                raise TrackQueryError(
                    f"The quotation mark before “{_shorten(text[begin + 1 :].strip())}” has no second one."
                    if text[begin + 1 :].strip()
                    else "The quotation mark at the end has no second one."
                )
            yield _Piece(" ".join(text[begin + 1 : end].split()), True, is_excluded)
            place = end + 1
        else:
            place = _find(text, begin, is_quote=False)
            yield _Piece(text[begin:place], False, is_excluded)


def _find(text: str, begin: int, *, is_quote: bool) -> int:
    """The place of the next quotation mark, and unless `is_quote` also of the next blank; else the end."""
    for place in range(begin, len(text)):
        if _is_quote(text, place) or (not is_quote and text[place].isspace()):
            return place
    return len(text)


def _is_quote(text: str, place: int) -> bool:
    return text[place] in _QUOTES and not is_gershayim(text, place)


def _phrase(text: str) -> Term:
    """What is in quotation marks. Raises `TrackQueryError` if that is no word."""
    cleaned = (_clean(piece, _LEADING_IN_PHRASE) for piece in text.split())
    chunks = [chunk for chunk in cleaned if chunk is not None]
    if not chunks:
        _raise_empty(f'"{text}"')
    pattern = chunks[0][1]
    for _, following in chunks[1:]:
        joint = Joint(pattern.trail, following.lead, loose=True)
        pattern = Pattern(
            words=pattern.words + following.words,
            joints=(*pattern.joints, joint, *following.joints),
            lead=pattern.lead,
            trail=following.trail,
        )
    return Term("phrase", " ".join(typed for typed, _ in chunks), pattern)


def _bare(text: str) -> Term:
    """What is outside quotation marks. Raises `TrackQueryError` if it is nothing to look for."""
    if text.startswith(("(", "\uff08")) or (
        text.endswith((")", "\uff09")) and text.count("(") < text.count(")")
    ):
        raise TrackQueryError(
            f"Brackets do not group words (“{_shorten(text)}”): write each alternative in full, "
            "such as fern tags or fern labels."
        )
    bare = text
    if text[: len(QUOTES_OPERATOR)].lower() == QUOTES_OPERATOR:
        quoted = _handle(text[len(QUOTES_OPERATOR) - 1 :])
        return Term("quotes", quoted.text, Pattern(name=quotes_key(quoted.text)))
    if WORDS.match(text) is None:  # not a keycap, which begins with # or *
        junk = _JUNK.match(text)
        bare = text[junk.end() :] if junk is not None else text
        if bare.startswith(("#", "\uff03")):
            return _hashtag(bare)
        if bare.startswith(("@", "\uff20")):
            return _handle(bare)
    cleaned = _clean(bare, _LEADING)
    if cleaned is None:
        _raise_empty(text or "-")
    return Term("word", *cleaned)


def _hashtag(text: str) -> Term:
    body = TAG_BODY.match(text, 1)
    if body is None or tag_key(body[0]) == "#":
        if WORDS.search(text) is None:
            _raise_empty(text)
        body = None
    if body is None or not _PROSE.issuperset(fold_gap(text[body.end() :])):
        raise TrackQueryError(
            f"“{_shorten(text)}” is no hashtag: one has letters, digits and _ only; "
            "put it in quotation marks to look for it as it stands."
        )
    return Term("hashtag", body[0], Pattern(name=tag_key(body[0])))


def _handle(text: str) -> Term:
    name = HANDLE.match(text, 1)
    if name is None and WORDS.search(text) is None:
        _raise_empty(text)
    if name is None or not _PROSE.issuperset(fold_gap(text[name.end() :])):
        raise TrackQueryError(
            f"“{_shorten(text)}” is no handle, such as @fern, @fern.bsky.social or @fern@mastodon.social; "
            "put it in quotation marks to look for it as it stands."
        )
    return Term("handle", name[0], Pattern(name=handle_keys(name[1], name[2] or "")[-1]))


def _clean(text: str, leading: "regex.Pattern[str]") -> tuple[str, Pattern] | None:
    """Returns a piece (no blanks) without the signs at its edges that do not count, and what it looks for.

    None if no word is left.
    """
    found = read_words(drop_servers(text))
    if not found.words:
        return None
    lead, trail = found.gaps[0][-1:], _TRAILING.match(found.gaps[-1])
    if leading.match(found.gaps[0], len(found.gaps[0]) - len(lead)) is None:
        lead = ""
    after = trail[0] if trail is not None else ""
    start = widen(found.text, found.places[0][0], -len(lead))
    end = widen(found.text, found.places[-1][1], len(after))
    typed = found.text[start:end]
    address = _ADDRESS.match(typed)
    if address is not None and (shorter := _clean(typed[address.end() :], leading)) is not None:
        return shorter
    joints = tuple(Joint(gap) for gap in found.gaps[1:-1])
    return typed, Pattern(words=tuple(found.words), joints=joints, lead=lead, trail=after)


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 1]}…"


def _raise_empty(text: str) -> NoReturn:
    raise TrackQueryError(f"“{_shorten(text)}” has no letter, digit or emoji to look for.")
