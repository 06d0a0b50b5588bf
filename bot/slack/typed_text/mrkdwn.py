"""A text as Slack sends it, without rich_text: tokens, entities and emoji names. Pure.

https://docs.slack.dev/messaging/formatting-message-text. Each pattern here takes time in proportion to the
text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import regex  # the Unicode properties that `re` lacks

from bot.slack.typed_text import emoji
from bot.slack.typed_text.links import link_text
from bot.slack.typed_text.value import SlackText, TextBuilder
from models.core.mrkdwn import unescape

EMOJI_NAME = r"([\p{L}\p{M}\p{N}_'+\-]{1,100})"  # of an emoji, custom ones included
AMBIGUOUS_EMOJI_NAMES = (
    "a",
    "b",
    "m",
    "o",
    "v",
    "x",
    "100",
    "1234",
)  # the names of one sign, and those of digits alone
WORD_JOINER = "\u2060"  # a word joiner, see `for_input`
CHANNEL_TOKEN = regex.compile(r"<#([A-Z0-9]+)\|([^<>\n]+)>")

_PICTURE_CHARS = r"[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Emoji_Modifier}\ufe0f\u20e3\U000e007f]"

_TOKEN = regex.compile(r"<([^<>|\n]+)(?:\|([^<>\n]*))?>")
_TOKEN_OR_CODE = regex.compile(rf"```(.+?)```|`([^`\n]+)`|{_TOKEN.pattern}", regex.DOTALL)
_ADDRESS = regex.compile(r"(?:[a-z][a-z0-9+.-]*://|mailto:|tel:)\S+", regex.IGNORECASE)
_BARE_ADDRESS = regex.compile(r"https?://\S+", regex.IGNORECASE)
_EMOJI = regex.compile(rf":{EMOJI_NAME}:((?::skin-tone-[2-6](?:-[2-6])?:){{0,2}})")
_EMOJI_START = regex.compile(rf":(?={EMOJI_NAME}(?::|{_PICTURE_CHARS}))")  # an emoji begins with a colon, too
_ESCAPED_EMOJI_START = regex.compile(rf":{WORD_JOINER}(?={EMOJI_NAME})")
_PICTURE = regex.compile(_PICTURE_CHARS)
_LETTER = regex.compile(r"\p{L}")
# Slack formats only between blanks and punctuation: `2*3*4`, `snake_case_name`, `*args`, `@_acme_` stay.
_BEFORE = r"(?<![^\s\p{{Ps}}\p{{Pi}}\"'_*~])(?<!{0})"
_AFTER = r"(?!{0})(?![^\s\p{{Pe}}\p{{Pf}}\"'.,;:!?…_*~])"
_FORMAT_MARKS = tuple(
    regex.compile(
        _BEFORE.format(sign) + rf"{sign}(?=[^\s{sign}])[^{sign}\n]*(?<=\S){sign}" + _AFTER.format(sign)
    )
    for sign in (r"\*", "_", "~")
)
_PLACEHOLDER = "\ufffc"  # stands for what is no words while formatting is looked for


@dataclass(frozen=True, slots=True)
class _TextPiece:
    """Characters; `is_words` if there may be emoji names in them; `name` if only Slack understands them."""

    text: str
    is_words: bool = False
    name: str = ""


def read_mrkdwn(text: str, *, is_formatted: bool) -> SlackText:
    """Read a text; `is_formatted` says that `*bold*` and the like in it are marks, which nobody saw.

    A name of Slack's set becomes its characters wherever it stands, but for a name of one sign or of digits
    alone (`:b:`, `:100:`) that a letter, a digit or a colon touches, and for one inside an address. Any
    other name with a letter, between white space, line ends or other emoji, is a custom emoji: a token.
    Else it is text.
    """
    pieces = [
        part for piece in _split_tokens(text, is_formatted=is_formatted) for part in _split_addresses(piece)
    ]
    whole = "".join(piece.text for piece in pieces)
    reading, start = TextBuilder(), 0
    for piece in pieces:
        end = start + len(piece.text)
        if piece.name:
            reading.add_token(piece.text, piece.name)
        elif piece.is_words:
            _add_words(whole, start, end, reading)
        else:
            reading.add(piece.text)
        start = end
    return reading.build()


# --- tokens and formatting ----------------------------------------------------------------------------------


def _split_tokens(text: str, *, is_formatted: bool) -> list[_TextPiece]:
    """`text` cut where something is no words, its entities decoded, its marks gone if it is formatted."""
    pieces, end = list[_TextPiece](), 0
    for found in (_TOKEN_OR_CODE if is_formatted else _TOKEN).finditer(text):
        pieces.append(_TextPiece(unescape(text[end : found.start()]), is_words=True))
        code = found[1] or found[2] if is_formatted else None
        target, label = found.groups()[-2:]
        pieces += (
            [_TextPiece(_without_links(code))]
            if code is not None
            else _token_pieces(found[0], target, label or "")
        )
        end = found.end()
    pieces.append(_TextPiece(unescape(text[end:]), is_words=True))
    return _without_marks(pieces) if is_formatted else pieces


def _without_links(code: str) -> str:
    """Code, in which Slack makes links, too."""
    return "".join(piece.text for piece in _split_tokens(code, is_formatted=False))


def _token_pieces(token: str, target: str, label: str) -> list[_TextPiece]:
    """The pieces of one `<target|label>`."""
    if target.startswith(("@", "!subteam^")) or (target.startswith("#") and not label):
        return [_TextPiece(token, name=f"<{target}>")]
    if target.startswith("#"):
        return [_TextPiece(unescape(f"#{label}"))]
    if target in {"!here", "!channel", "!everyone"}:
        return [_TextPiece(f"@{target[1:]}")]
    if target.startswith("!"):  # a date, or something newer than this code: the label is what Slack shows
        return [_TextPiece(unescape(label or token))]
    if _ADDRESS.fullmatch(target) is None:
        return [_TextPiece(unescape(token))]
    words, behind = link_text(unescape(target), unescape(label))
    return [_TextPiece(words, is_words=bool(behind)), _TextPiece(behind)]


def _without_marks(pieces: list[_TextPiece]) -> list[_TextPiece]:
    """The same without the marks of bold, italic and struck words."""
    shadow = "".join(piece.text if piece.is_words else _PLACEHOLDER * len(piece.text) for piece in pieces)
    marks = {
        place
        for mark in _FORMAT_MARKS
        for found in mark.finditer(shadow)
        for place in (found.start(), found.end() - 1)
    }
    kept, start = list[_TextPiece](), 0
    for piece in pieces:
        end = start + len(piece.text)
        text = "".join(sign for place, sign in enumerate(piece.text, start) if place not in marks)
        kept.append(_TextPiece(text, piece.is_words, piece.name))
        start = end
    return kept


def for_input(text: str) -> str:
    """`text` as the `initial_value` of an input, so that `read` gets the same characters back from it.

    Slack would make an emoji of a `:tada:` that somebody meant literally, and sends an ❌ behind a letter as
    `a:x:`, which reads as text. A word joiner, which nobody sees, goes behind the colon of the one and around
    the other; reading takes it away again.
    """
    literal = _EMOJI_START.sub(lambda found: f":{WORD_JOINER}" if emoji.characters(found[1]) else ":", text)
    made: str = _ambiguous_emoji().sub(lambda found: f"{WORD_JOINER}{found[0]}{WORD_JOINER}", literal)
    return made


@cache
def _ambiguous_emoji() -> "regex.Pattern[str]":
    """The emoji of the shortest names, where a letter, a digit or a colon touches them."""
    signs = "|".join(filter(None, map(emoji.characters, AMBIGUOUS_EMOJI_NAMES)))
    return regex.compile(rf"(?<=[\p{{L}}\p{{N}}:])(?:{signs})|(?:{signs})(?=[\p{{L}}\p{{N}}:])")


# --- emoji --------------------------------------------------------------------------------------------------


def _split_addresses(piece: _TextPiece) -> Iterator[_TextPiece]:
    """`piece` with the addresses in its words apart; an emoji picked right behind one is no part of it."""
    if not piece.is_words:
        yield piece
        return
    start = 0
    for found in _BARE_ADDRESS.finditer(piece.text):
        end = _end_of_address(piece.text, found.start(), found.end())
        yield _TextPiece(piece.text[start : found.start()], is_words=True)
        yield _TextPiece(_ESCAPED_EMOJI_START.sub(_restore_colon, piece.text[found.start() : end]))
        start = end
    yield _TextPiece(piece.text[start:], is_words=True)


def _end_of_address(text: str, start: int, end: int) -> int:
    """Where an address ends, without the emoji names at its end."""
    while text[end - 1] == ":":
        colon = text.rfind(":", start, end - 1)
        name = text[colon + 1 : end - 1]
        if colon < 0 or not (emoji.characters(name) or regex.fullmatch(r"skin-tone-[2-6]-[2-6]", name)):
            break
        end = colon
    return end


def _add_words(whole: str, start: int, end: int, reading: TextBuilder) -> None:
    """Add the words from `start` to `end`, with characters for emoji names.

    What turns out to be no name gives up its first colon only: in `5:00:wave:` the second one begins a name.
    """
    place, behind_emoji = start, -1  # where the last emoji ended
    while (found := _EMOJI.search(whole, place, end)) is not None:
        name, before = found[1], _ESCAPED_EMOJI_START.sub(_restore_colon, whole[place : found.start()])
        made = emoji.characters(name, found[2])
        if made is not None and not (_is_ambiguous(found) and _has_neighbours(whole, found, behind_emoji)):
            is_apart = _is_ambiguous(found)  # see `for_input`
            reading.add(before.removesuffix(WORD_JOINER) if is_apart else before)
            reading.add(made)
            behind_emoji = found.end()
            place = behind_emoji + (is_apart and whole[behind_emoji : behind_emoji + 1] == WORD_JOINER)
        elif made is None and _is_custom(whole, found, behind_emoji):
            reading.add(before)
            reading.add_token(f":{name}:", f":{name}:")
            place = behind_emoji = found.end(1) + 1
        else:
            reading.add(f"{before}:")
            place = found.start() + 1
    reading.add(_ESCAPED_EMOJI_START.sub(_restore_colon, whole[place:end]))


def _restore_colon(found: "regex.Match[str]") -> str:
    """The colon of a name that `for_input` kept from becoming an emoji."""
    return ":" if emoji.characters(found[1]) else found[0]


def _is_ambiguous(found: "regex.Match[str]") -> bool:
    """Whether a name is of one sign or of digits alone, so that much else looks like it: `:b:`, `:100:`."""
    return (len(found[1]) == 1 or found[1].isdigit()) and not found[2]


def _has_neighbours(whole: str, found: "regex.Match[str]", behind_emoji: int) -> bool:
    """Whether a letter or a digit stands at a name, or colons on both sides as in `a::b::c`."""
    before, after = whole[max(found.start() - 1, 0) : found.start()], whole[found.end() : found.end() + 1]
    if behind_emoji == found.start():
        before = ""
    return before.isalnum() or after.isalnum() or before == after == ":"


def _is_custom(whole: str, found: "regex.Match[str]", behind_emoji: int) -> bool:
    """Whether a name that is none of Slack's set stands where an emoji would."""
    end = found.end(1) + 1
    before, after = whole[max(found.start() - 1, 0) : found.start()], whole[end : end + 1]
    is_free = (
        behind_emoji == found.start() or not before or before.isspace() or _PICTURE.match(before) is not None
    )
    is_ended = not after or after.isspace() or _PICTURE.match(after) is not None
    is_followed = after == ":" and _EMOJI.match(whole, end) is not None
    return _LETTER.search(found[1]) is not None and is_free and (is_ended or is_followed)
