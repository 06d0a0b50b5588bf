"""What does not fit on a card: the whole post, and what it answers or quotes, as a modal. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context_block, plain_text
from bot.slack.blocks.text import line_block, quote_block, truncate
from models.core.normalize import sanitize

QUOTE_MAX_CHARS = 2_900  # characters of one quote
BLOCKS_MAX = 90  # of the 100 that a modal may have: https://docs.slack.dev/reference/views


@dataclass(frozen=True, slots=True)
class FullPost:
    """One post in the modal: our own word about it, and its text (None while it is being fetched)."""

    about: str  # plain text, such as "In reply to, by @acmebrew"
    text: str | None


def build_full_post_modal(posts: list[FullPost], *, note: str | None = None) -> dict[str, Any]:
    """The modal, oldest post first. `note` is a sentence of ours below, mrkdwn."""
    blocks: list[Block] = []
    for post in posts:
        blocks.append(line_block(post.about))
        blocks += (
            _quote_blocks(post.text)
            if post.text is not None
            else [context_block(":hourglass: Fetching it …")]
        )
    if len(blocks) > BLOCKS_MAX:
        blocks = [*blocks[:BLOCKS_MAX], context_block("The rest is too long for Slack.")]
    if note is not None:
        blocks.append(context_block(note))
    return {"type": "modal", "title": plain_text("Context"), "close": plain_text("Close"), "blocks": blocks}


def _quote_blocks(text: str) -> list[Block]:
    return [quote_block(piece, QUOTE_MAX_CHARS) for piece in _split_text(sanitize(text))]


def _split_text(text: str) -> Iterator[str]:
    """`text` in pieces that Slack takes, cut between graphemes; within one only if it alone is too long."""
    while len(text) > QUOTE_MAX_CHARS:
        # One character beyond tells whether a grapheme ends there; more would be read again for each piece.
        piece = truncate(text[: QUOTE_MAX_CHARS + 1], QUOTE_MAX_CHARS, tail="") or text[:QUOTE_MAX_CHARS]
        yield piece
        text = text[len(piece) :]
    yield text
