"""Parses Slack's mrkdwn as Slack does.

The result is the text that a person sees and everything in it that is *live*: mentions, broadcasts, links,
emoji, formatting. https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

Kind = Literal[
    "user",
    "channel",
    "broadcast",
    "usergroup",
    "link",
    "date",
    "emoji",
    "bold",
    "italic",
    "strike",
    "code",
    "pre",
    "quote",
]


@dataclass(frozen=True)
class Live:
    """A live part of a text: what it shows, and the user, URL or name that it refers to."""

    kind: Kind
    text: str
    target: str = ""
    auto: bool = False  # Slack found it in plain text; it was not written as a token
    where: str = ""  # JSON pointer of its text object


@dataclass(frozen=True)
class Parsed:
    """A parsed text: plain and live pieces in order, and the formatting around them."""

    pieces: tuple[str | Live, ...]
    styles: tuple[Live, ...] = ()

    @property
    def text(self) -> str:
        return "".join(_shown(piece) for piece in self.pieces)

    @property
    def live(self) -> tuple[Live, ...]:
        return (*(piece for piece in self.pieces if isinstance(piece, Live)), *self.styles)

    def at(self, where: str) -> "Parsed":
        """Return a copy whose live parts have the position `where`."""
        pieces = tuple(p if isinstance(p, str) else replace(p, where=where) for p in self.pieces)
        return Parsed(pieces, tuple(replace(style, where=where) for style in self.styles))


class Code(str):
    """Text between backticks, which is not parsed any further."""

    __slots__ = ()


ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
TOKEN = re.compile(r"<([^<>\n]+)>|&(?:lt|gt|amp);")
SCHEME = re.compile(r"(?:https?|mailto|tel|slack|ftp|sms):", re.IGNORECASE)
MEMBER = re.compile(r"@[UWB][A-Z0-9]+")
BARE_URL = re.compile(r"(?<![\w@/])(?:https?://|www\.)[^\s<>|\"]*[^\s<>|\".,;:!?)\]'*_~]", re.IGNORECASE)
BARE_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", re.IGNORECASE)
# A pair of colons is an emoji if the name exists. Custom names are unknown here: any with a letter counts.
EMOJI = re.compile(
    r":(\+1|-1|100|1234|(?=[0-9_'+-]*[a-z])[a-z0-9_'+-]{1,100}):(?::skin-tone-[2-6]:)?", re.IGNORECASE
)
BROADCAST = re.compile(r"(?<![\w@])@(channel|here|everyone)\b")
CHANNEL_NAME = re.compile(r"(?<![\w&#/])#([a-z0-9][a-z0-9_-]{0,79})\b")
HOLE = "\ufffc"  # replaces a token while formatting is searched for

# The group of each pattern is the visible part. Order matters: nothing inside code is formatted.
SPANS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("pre", re.compile(r"```(.+?)```", re.DOTALL)),
    ("code", re.compile(r"(?<!`)`([^`\n]+)`(?!`)")),
    # Slack stores `>` as `&gt;` and quotes a line that begins with either.
    ("quote", re.compile(r"^>>>\s?([\s\S]+)\Z", re.MULTILINE)),
    ("quote", re.compile(r"^>(?!>>)[ ]?([^\n]*)$", re.MULTILINE)),
    ("bold", re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]*[^*\s])\*(?![\w*])")),
    ("italic", re.compile(r"(?<![\w_])_(?![\s_])([^_\n]*[^_\s])_(?![\w_])")),
    ("strike", re.compile(r"(?<![\w~])~(?![\s~])([^~\n]*[^~\s])~(?![\w~])")),
)
CODE_KINDS = {"pre", "code"}


def mrkdwn(text: str, *, verbatim: bool = False, names: bool = True) -> Parsed:
    """Parse a mrkdwn text.

    Unless `verbatim`, Slack turns bare URLs into links, and with `names` also conversation names and "certain
    mentions" (https://docs.slack.dev/reference/block-kit/composition-objects/text-object). It does not say
    which mentions, so @channel, @here and @everyone all count as live.
    """
    pieces, styles = _format(_cells(text))
    return Parsed(tuple(_enlivened(pieces, verbatim=verbatim, names=names)), tuple(styles))


def styled(text: str, *, verbatim: bool = False) -> list[tuple[str | Live, frozenset[Kind]]]:
    """Parse a mrkdwn text into pieces in order, each with its formatting, ready to draw."""
    cells = _cells(text)
    spans, marks, code = _spans(cells)
    worn = [frozenset(kind for kind, inner in spans if index in inner) for index in range(len(cells))]
    kept = [index for index in range(len(cells)) if index not in marks]
    drawn: list[tuple[str | Live, frozenset[Kind]]] = []
    for styles, run in groupby(kept, lambda index: worn[index]):
        group = list(run)
        inside = {place for place, index in enumerate(group) if index in code}
        pieces = _join([cells[index] for index in group], set(), inside)
        drawn += [(piece, styles) for piece in _enlivened(pieces, verbatim=verbatim, names=False)]
    return drawn


def plain(text: str, *, emoji: bool = True) -> Parsed:
    """Parse a plain_text: no markup, but `:name:` is an emoji unless `emoji` is false."""
    pieces: list[str | Live] = [text] if text else []
    return Parsed(tuple(_each(pieces, EMOJI, _emoji) if emoji else pieces))


def escape(text: str) -> str:
    """Escape the three characters that Slack wants escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return re.sub(r"&(?:lt|gt|amp);", lambda match: ENTITIES[match[0]], text)


def _emoji(match: re.Match[str]) -> Live:
    return Live("emoji", match[0], match[1])


def _enlivened(pieces: list[str | Live], *, verbatim: bool, names: bool) -> list[str | Live]:
    """Find what Slack makes live in plain text."""
    pieces = _each(pieces, EMOJI, _emoji)
    if not verbatim:
        pieces = _each(pieces, BARE_URL, lambda m: Live("link", m[0], m[0], auto=True))
        pieces = _each(pieces, BARE_EMAIL, lambda m: Live("link", m[0], f"mailto:{m[0]}", auto=True))
    if names and not verbatim:
        pieces = _each(pieces, BROADCAST, lambda m: Live("broadcast", m[0], m[1], auto=True))
        pieces = _each(pieces, CHANNEL_NAME, lambda m: Live("channel", m[0], m[1], auto=True))
    return pieces


def _shown(piece: str | Live) -> str:
    return piece if isinstance(piece, str) else piece.text


def _cells(text: str) -> list[str | Live]:
    """Split a text into characters, with entities decoded, and tokens."""
    cells: list[str | Live] = []
    end = 0
    for match in TOKEN.finditer(text):
        cells.extend(text[end : match.start()])
        cells.extend([ENTITIES[match[0]]] if match[0] in ENTITIES else _token(match))
        end = match.end()
    return [*cells, *text[end:]]


def _token(match: re.Match[str]) -> list[str | Live]:
    target, bar, label = match[1].partition("|")
    label = unescape(label)
    if MEMBER.fullmatch(target):
        return [Live("user", f"@{label or target[1:]}", target[1:])]
    if target[:1] == "#":
        return [Live("channel", f"#{label or target[1:]}", target[1:])]
    if target[:1] == "!":
        return [_command(target[1:], label)]
    if SCHEME.match(target):
        url = unescape(target)
        return [Live("link", label if bar and label else url.removeprefix("mailto:"), url)]
    return list(unescape(match[0]))


def _command(name: str, label: str) -> Live:
    kind, _, rest = name.partition("^")
    if kind == "subteam":
        return Live("usergroup", label or f"@{rest}", rest)
    if kind == "date":
        return Live("date", label, rest)
    return Live("broadcast", label or f"@{kind}", kind)


def _format(cells: list[str | Live]) -> tuple[list[str | Live], list[Live]]:
    """Find formatting, remove its marks, and join the rest into pieces."""
    spans, marks, code = _spans(cells)
    styles = [Live(kind, "".join(_shown(cells[i]) for i in inner if i not in marks)) for kind, inner in spans]
    return _join(cells, marks, code), styles


def _spans(cells: list[str | Live]) -> tuple[list[tuple[Kind, range]], set[int], set[int]]:
    """Return the formatted ranges, the positions of marks, and the positions inside code."""
    shadow = "".join(cell if isinstance(cell, str) else HOLE for cell in cells)
    marks, code, spans = set[int](), set[int](), list[tuple[Kind, range]]()
    for kind, pattern in SPANS:
        for match in pattern.finditer(shadow):
            inner = range(*match.span(1))
            edges = set(range(*match.span())) - set(inner)
            if edges & (marks | code):
                continue
            marks |= edges
            code |= set(inner) if kind in CODE_KINDS else set()
            spans.append((kind, inner))
    return spans, marks, code


def _join(cells: list[str | Live], marks: set[int], code: set[int]) -> list[str | Live]:
    kept = [(cell, index in code) for index, cell in enumerate(cells) if index not in marks]
    pieces: list[str | Live] = []
    for (is_words, is_code), run in groupby(kept, lambda pair: (isinstance(pair[0], str), pair[1])):
        if is_words:
            words = "".join(_shown(cell) for cell, _ in run)
            pieces.append(Code(words) if is_code else words)
        else:
            pieces.extend(cell for cell, _ in run)
    return pieces


def _each(
    pieces: list[str | Live], pattern: re.Pattern[str], make: Callable[[re.Match[str]], Live]
) -> list[str | Live]:
    """Replace each match in plain text with `make(match)`."""
    found: list[str | Live] = []
    for piece in pieces:
        if type(piece) is str:
            found.extend(_split(piece, pattern, make))
        else:
            found.append(piece)
    return found


def _split(words: str, pattern: re.Pattern[str], make: Callable[[re.Match[str]], Live]) -> list[str | Live]:
    found: list[str | Live] = []
    end = 0
    for match in pattern.finditer(words):
        found += [words[end : match.start()], make(match)]
        end = match.end()
    return [piece for piece in [*found, words[end:]] if piece]
