"""What of a message is read where only its top-level text is: in notifications, by screen readers. Pure.

Beside blocks, `text` is what is shown there (https://docs.slack.dev/reference/methods/chat.postMessage), so
it holds what matters of them: who, where and the words that somebody wrote. All of it is mrkdwn.
"""

from dataclasses import dataclass

from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import NO_TEXT, is_visible, mrkdwn_literal, one_line, truncate
from models.core.mrkdwn import escape_entities
from models.core.normalize import sanitize

QUOTE_MAX_CHARS = 300  # characters of what somebody wrote, as they are sent


def excerpt(text: str) -> str:
    """What somebody wrote, in one line, cut, and unable to ring or link anything."""
    whole = one_line(sanitize(text))
    if not is_visible(whole):
        return NO_TEXT
    return mrkdwn_literal(truncate(whole, QUOTE_MAX_CHARS, measure=lambda cut: len(escape_entities(cut))))


def with_excerpt(sentence: str, text: str) -> str:
    """`sentence` and what somebody wrote."""
    return f"{sentence} “{excerpt(text)}”"


@dataclass(frozen=True, slots=True)
class PostReference:
    """Whose post a message is about, and where, as mrkdwn; `words` is what they wrote, unless it is gone."""

    who: str
    words: str | None


def build_text(sentence: str, blocks: list[Block] | None, about: PostReference | None = None) -> str:
    """A message's text: its sentence, what its blocks quote, and whose post it is about.

    A message without blocks is its text, and is left alone.
    """
    if blocks is None:
        return sentence
    quoted = [excerpt(text) for text in _quoted_texts(blocks)]
    said = [sentence, *(f"“{words}”" for words in quoted)]
    if about is not None:
        is_known = about.words is None or excerpt(about.words) in quoted
        said.append(f"{about.who}." if is_known else with_excerpt(f"{about.who}:", about.words or ""))
    return " ".join(said)


def _quoted_texts(blocks: list[Block]) -> list[str]:
    """What the blocks quote, as it was written."""
    parts = [part for block in blocks if block.get("type") == "rich_text" for part in block["elements"]]
    quotes = [part for part in parts if part.get("type") == "rich_text_quote"]
    return ["".join(str(element.get("text", "")) for element in part["elements"]) for part in quotes]
