"""What does not fit on a card: the whole post, and what it answers or quotes, as a modal. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.slack.blocks.elements import Block, context, plain
from bot.slack.blocks.text import clean, fit, line, quote

PIECE = 2_900  # characters of one quote
BLOCKS_MAX = 90  # of the 100 that a modal may have: https://docs.slack.dev/reference/views


@dataclass(frozen=True, slots=True)
class Shown:
    """One post in the modal: our own word about it, and its text (None while it is being fetched)."""

    about: str  # plain text, such as "What it answers, by @acmebrew"
    text: str | None


def whole(posts: list[Shown], *, note: str | None = None) -> dict[str, Any]:
    """The modal, oldest post first. `note` is a sentence of ours below, mrkdwn."""
    blocks: list[Block] = []
    for post in posts:
        blocks.append(line(post.about))
        blocks += _quotes(post.text) if post.text is not None else [context(":hourglass: Fetching it …")]
    if len(blocks) > BLOCKS_MAX:
        blocks = [*blocks[:BLOCKS_MAX], context("The rest is too long for Slack.")]
    if note is not None:
        blocks.append(context(note))
    return {"type": "modal", "title": plain("Context"), "close": plain("Close"), "blocks": blocks}


def _quotes(text: str) -> list[Block]:
    return [quote(piece, PIECE) for piece in _pieces(clean(text))]


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces that Slack takes, cut between graphemes; within one only if it alone is too long."""
    while len(text) > PIECE:
        # One character beyond tells whether a grapheme ends there; more would be read again for each piece.
        piece = fit(text[: PIECE + 1], PIECE, tail="") or text[:PIECE]
        yield piece
        text = text[len(piece) :]
    yield text
