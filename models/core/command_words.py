"""Splits what people type into a command into words. Pure.

Copied text contains white space of many kinds (Slack itself inserts U+00A0), and people put formatting marks
and punctuation around a word: `*reply* hi`, `reply: hi`, `claim.`, `_done_`. None of that changes the word.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import regex  # the Unicode properties that `re` lacks

from models.core.normalize import nfkc

UNDERSCORE_PAIRS_MAX = 5  # pairs of underscores around one word
POLITE_WORDS = frozenset({"please", "pls", "plz"})

# What looks like a blank, and what has no width at all but parts words when it is copied along with them.
SPACE_CHARS = r"\p{White_Space}\u180e\u200b\u2060\ufeff"
INVISIBLE_CHARS = r"\p{Default_Ignorable_Code_Point}"
_MARKS = "*_~`"  # https://docs.slack.dev/messaging/formatting-message-text/#basic-formatting
_ENTITY_ENDS = ("&lt;", "&gt;", "&amp;")
_ENTITIES = r"&(?:lt|gt|amp);"
_LETTER = r"[\p{L}\p{M}\p{N}\u00ad\u200c\u200d]"

_SPACES = regex.compile(rf"[{SPACE_CHARS}]++")
_IS_SPACE = regex.compile(rf"[{SPACE_CHARS}]")
_BLANK = regex.compile(rf"[{SPACE_CHARS}{INVISIBLE_CHARS}]*+")
_HEAD = regex.compile(rf"(?:{_ENTITIES}|[{SPACE_CHARS}{INVISIBLE_CHARS}\p{{P}}~`])*+")
_WORD = regex.compile(rf"{_LETTER}++(?:[-_'\u2010\u2011\u2019]{_LETTER}++)*+")
# Not the colon of an emoji (`reply:tada:`), which belongs to what follows.
_EMOJI = r"(?!:[\w+'-]{1,100}:)"
_TAIL = regex.compile(rf"(?:&gt;|{_EMOJI}[{INVISIBLE_CHARS}.,:;!?…\p{{Pe}}\p{{Pf}}：，；。！？、،؛؟])++")  # noqa: RUF001
_GAP = regex.compile(rf"[{SPACE_CHARS}]*+(?:[:：](?=[{SPACE_CHARS}]))?+")  # noqa: RUF001 - `reply : hi`, as the French do
_RUN = regex.compile(r"([*_~`\"'])\1*+")
_LOOSE = regex.compile(
    rf"[*_~`\"']++(?=[{SPACE_CHARS}]|$)"
)  # closed though never opened, or not closed at all
_INVISIBLE = regex.compile(rf"[{INVISIBLE_CHARS}]")
_HYPHEN = regex.compile(r"[-_\u2010\u2011]")
_AROUND = "\"'“”‘’„«»‹›()[]{}*~`.,:;!?…"  # noqa: RUF001 - what people type


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed command: its first word in lower case (`take over`), and the rest as it was typed.

    `start` is the index in the typed text at which the rest begins.
    """

    word: str
    rest: str
    start: int = field(default=0, compare=False)


def collapse_spaces(text: str) -> str:
    """Returns `text` with each run of white space as one ordinary blank, and none at its ends."""
    return str(_SPACES.sub(" ", text)).strip(" ")


def count_leading_blanks(text: str) -> int:
    """Returns how many characters of white space or of zero width `text` begins with."""
    found = _BLANK.match(text)
    return found.end() if found is not None else 0


def strip_blanks(text: str) -> str:
    """Returns `text` without white space of any kind at its ends."""
    begin, end = 0, len(text)
    while begin < end and _IS_SPACE.match(text, begin):
        begin += 1
    while begin < end and _IS_SPACE.match(text, end - 1):
        end -= 1
    return text[begin:end]


def split_words(text: str) -> list[str]:
    """Returns the words of `text` without punctuation around them; pure punctuation is left out."""
    return [one for one in map(strip_marks, collapse_spaces(text).split(" ")) if one]


def strip_marks(word: str) -> str:
    """Returns `word` without the marks and punctuation around it.

    An underscore at one end only belongs to it.
    """
    for _ in range(UNDERSCORE_PAIRS_MAX):
        word = _strip_trailing(word.lstrip(_AROUND))
        if len(word) < len("_w_") or not word[0] == word[-1] == "_":
            return word
        word = word[1:-1]
    return word


def _strip_trailing(word: str) -> str:
    """Returns `word` without trailing punctuation; the semicolon of an entity (`&lt;here&gt;`) is none."""
    end = len(word)
    while end and word[end - 1] in _AROUND and not word.endswith(_ENTITY_ENDS, 0, end):
        end -= 1
    return word[:end]


def parse_command(text: str, pairs: Collection[str] = ()) -> Command:
    """Parse the first word of `text`, in lower case; `pairs` are commands of two words.

    The rest begins after the white space or punctuation that follows the word. It is unchanged except for a
    mark that was opened before the word and ends in the rest: `*reply hi*` is `reply` and `hi`. The word is
    empty if the text does not begin with a word.
    """
    opened: list[str] = []
    word, end = _parse_first_word(text, 0, opened)
    if word in POLITE_WORDS:
        word, end = _parse_first_word(text, end, opened)
    for pair in pairs:
        one, _, other = pair.partition(" ")
        if word == one:
            marks = opened.copy()
            second, after = _parse_first_word(text, end, marks)
            if second == other:
                word, end, opened = pair, after, marks
    if not word:
        return Command("", text)
    while end < len(text) and _IS_SPACE.match(text, end):
        end += 1
    return Command(word, _close_marks(strip_blanks(text[end:]), opened), end)


def _parse_first_word(text: str, start: int, opened: list[str]) -> tuple[str, int]:
    """Returns the first word from `start` on, folded, and where the rest begins; adds to `opened`."""
    head = _HEAD.match(text, start)
    at = head.end() if head is not None else start
    word = _WORD.match(text, at)
    if word is None:
        return "", start
    _open_marks(text[start:at], opened)
    end = _end(text, word.end(), opened)
    gap = _GAP.match(text, end)
    return _folded(word[0]), gap.end() if gap is not None else end


def _folded(word: str) -> str:
    normalized = _INVISIBLE.sub("", nfkc(word)).casefold()
    return " ".join(_HYPHEN.sub(" ", normalized).split())


def _open_marks(head: str, opened: list[str]) -> None:
    """Add to `opened` the marks and quotation marks that `head` opens; several of one kind are one mark."""
    for mark in _RUN.finditer(head):
        if mark[0] in opened:
            opened.remove(mark[0])
        else:
            opened.append(mark[0])


def _end(text: str, at: int, opened: list[str]) -> int:
    """Returns the index after a word's trailing punctuation; removes marks that close there from `opened`."""
    while at < len(text):
        tail, mark = _TAIL.match(text, at), _RUN.match(text, at)
        if tail is not None:
            at = tail.end()
        elif mark is not None and mark[0] in opened:
            opened.remove(mark[0])
            at = mark.end()
        else:
            break
    loose = _LOOSE.match(text, at)
    return loose.end() if loose is not None else at


def _close_marks(rest: str, opened: list[str]) -> str:
    """Returns `rest` with marks opened before it: removed if it ends with them, else put in front."""
    for mark in (one for one in reversed(opened) if one[0] in _MARKS):
        end = regex.search(rf"(?<=\S){regex.escape(mark)}(?![\p{{L}}\p{{N}}])", rest)
        if end is not None:
            rest = rest[: -len(mark)] if end.end() == len(rest) else mark + rest
    return rest
