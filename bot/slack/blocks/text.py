"""Text on its way to Slack: escaped, made safe, cut and quoted.

Everything here is pure. Customers' words go out as rich_text literals (`quote_block`, `text_element`), which
Slack does not parse, or through `escape_entities`. Teammates' words come in through `bot.slack.typed_text`.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import regex  # the Unicode properties and graphemes that `re` lacks

# Three that the ledger and what people type need as well, and that belong to the functions here.
from models.core.mrkdwn import escape_entities as escape_entities  # noqa: PLC0414
from models.core.mrkdwn import escape_mrkdwn, link_words
from models.core.mrkdwn import unescape as unescape  # noqa: PLC0414
from models.core.normalize import sanitize as sanitize  # noqa: PLC0414
from models.sources.handles import write_handle

Block = dict[str, Any]
Element = dict[str, Any]

DATE_TIME_FORMAT = "{date_short_pretty} at {time}"
NO_TEXT = "(no text)"
NO_NAME = "(no name)"
URL_MAX_CHARS = 3_000  # https://docs.slack.dev/reference/block-kit/block-elements/button-element
NAME_MAX_GRAPHEMES = (
    50  # what X allows, https://help.x.com/en/managing-your-account/how-to-customize-your-profile
)
NAME_MAX_CHARS = 500  # one grapheme may carry any number of accents

FSI, PDI = "\u2068", "\u2069"  # isolate what follows by its own first strong letter; end of that isolate

# A run of flags is paired up here because `\X` alone looks back to the start of the run at each of them,
# which takes seconds on 25,000 characters.
_GRAPHEME = regex.compile(r"\p{RI}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X")
_BIDI_CONTROL = regex.compile(r"[\u202a-\u202e\u2066-\u2069]")
# U+2800 is an empty braille cell and U+FFF9 to U+FFFB mark annotations: blank, but not among the ignorable.
_VISIBLE = regex.compile(r"[^\p{White_Space}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]")


# --- what customers write ----------------------------------------------------------------------------------


def is_visible(text: str) -> bool:
    """Whether anybody who looks at `text` sees something."""
    return _VISIBLE.search(text) is not None


def isolate_name(name: str) -> str:
    """A customer's name for one of our own lines: visible, in one line, unable to reorder what is around it.

    The name loses its own bidirectional controls and is wrapped in an isolate, as
    https://www.w3.org/International/questions/qa-bidi-unicode-controls advises. It is still plain text.
    """
    whole = one_line(sanitize(name))
    short = truncate(truncate(whole, NAME_MAX_GRAPHEMES, measure=_graphemes), NAME_MAX_CHARS)
    return f"{FSI}{short if _VISIBLE.search(short) else NO_NAME}{PDI}"


def one_line(text: str) -> str:
    """`text` with single blanks, and without the controls that would reorder what stands around it."""
    return " ".join(_BIDI_CONTROL.sub("", text).split())


def mrkdwn_handle(handle: str, network: str | None = None) -> str:
    """`@handle` (or as `network` writes it) for mrkdwn, as itself: `@_acme_` is never italics.

    https://docs.slack.dev/messaging/formatting-message-text/#basic-formatting
    """
    return escape_mrkdwn(write_handle(handle, network))


def mrkdwn_handle_link(handle: str | None, url: str, network: str | None = None) -> str:
    """Somebody's `@handle` for mrkdwn, as a link to their card, or bold where it has no address."""
    if not url:
        name = mrkdwn_handle(handle, network) if handle is not None else "somebody"
        return name if name.startswith("`") else f"*{name}*"
    return link_words(write_handle(handle, network) if handle is not None else "somebody", url)


def mrkdwn_literal(words: str) -> str:
    """One line of somebody else's `words` for mrkdwn, in which Slack formats nothing.

    For a few words in a sentence of ours, such as an issue's title; whole texts are for `quote`.
    """
    return escape_mrkdwn(one_line(words))


def mrkdwn_error(detail: str) -> str:
    """Why a call failed, in a network's words or in ours, for mrkdwn; ours may name a command as code."""
    return escape_entities(detail) if "`" in detail else mrkdwn_literal(detail)


def truncate(text: str, limit: int, *, measure: Callable[[str], int] = len, tail: str = "…") -> str:
    """`text` if it measures at most `limit`, else as many whole graphemes of it as leave room for `tail`.

    `measure` should not shrink when text is added. To fit what will be escaped, measure it escaped and
    escape afterwards: `escape_entities(truncate(text, 3_000, measure=lambda t: len(escape_entities(t))))`.
    Where not even `tail` has room, the text is cut without it.
    """
    if measure(text) <= limit:
        return text
    if measure(tail) > limit:
        tail = ""
    ends = [grapheme.end() for grapheme in _GRAPHEME.finditer(text)]
    kept = bisect_right(ends, limit, key=lambda end: measure(text[:end] + tail))
    return (text[: ends[kept - 1]] if kept else "") + tail


def _graphemes(text: str) -> int:
    return sum(1 for _ in _GRAPHEME.finditer(text))


# --- rich text, which Slack shows without parsing ----------------------------------------------------------


def text_element(text: str, *styles: str) -> Element:
    """A rich_text element that shows `text` as it is; `styles` are Slack's: bold, italic, strike, code."""
    element: Element = {"type": "text", "text": sanitize(text)}
    return element | {"style": dict.fromkeys(styles, True)} if styles else element


def quote_block(text: str, limit: int) -> Block:
    """A block that quotes a customer's `text` literally, cut to `limit` characters."""
    whole = sanitize(text)
    shown = (
        text_element(truncate(whole, limit)) if _VISIBLE.search(whole) else text_element(NO_TEXT, "italic")
    )
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [shown]}]}


def line_block(*elements: Element | str) -> Block:
    """A block with one line of rich text; a bare string is shown literally."""
    parts = [text_element(part) if isinstance(part, str) else part for part in elements]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}


def link_element(url: str, text: str) -> Element:
    """A rich_text link that reads `text`, or only the text where `url` is not a plain web address."""
    return {"type": "link", "url": url, "text": sanitize(text)} if is_web_url(url) else text_element(text)


def is_web_url(url: str) -> bool:
    """Whether `url` is a plain web address, which leads where it says."""
    if len(url) > URL_MAX_CHARS or not url.isprintable() or regex.search(r'[\s<>|"\\]', url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    # A user part serves only to dress up an address: https://bank.example@evil.example
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


# --- moments, which Slack shows in each reader's own zone --------------------------------------------------


def date_element(at: datetime, format: str = DATE_TIME_FORMAT, fallback: str = "") -> Element:  # noqa: A002 Slack's word
    """A rich_text date; `at` must know its zone, `fallback` is the UTC time unless given."""
    return {"type": "date", "timestamp": _unix(at), "format": format, "fallback": fallback or _utc(at)}


def date_token(at: datetime, format: str = DATE_TIME_FORMAT, fallback: str = "") -> str:  # noqa: A002 Slack's word
    """A date for mrkdwn, see https://docs.slack.dev/messaging/formatting-message-text/#date-formatting."""
    return f"<!date^{_unix(at)}^{format}|{escape_entities(fallback or _utc(at))}>"


def _unix(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("A moment shown in Slack must know its zone.")
    return int(at.timestamp())


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
