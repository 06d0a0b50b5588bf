"""What is attached to a customer's post: pictures with their descriptions, a poll with its choices. Pure.

What a customer typed (descriptions, choices) stands only where Slack does not parse it: rich_text, plain_text
and `alt_text`.
"""

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks.elements import Block, plain
from bot.slack.blocks.text import clean, fit, is_visible, is_web, line, literal, one_line
from models.sources.attachment import Attachment

PICTURES = 4  # on one card, as many as X lets a post have
ROOM = 600  # characters of theirs in all of it: the card as a whole must not grow too long for Slack
TITLE = 120  # characters of a description that everybody sees; a screen reader hears more
CHOICES, CHOICE = 5, 40  # X lets a poll have four, of 25 characters
NO_ALT = {
    "photo": "A picture that its author did not describe",
    "video": "A still of a video",
    "gif": "A still of a GIF",
}
_NAMES = {"photo": "Picture", "video": "Video", "gif": "GIF"}


def blocks(attached: Sequence[Attachment], *, pictures: bool) -> list[Block]:
    """All that there is to show of them; without `pictures` their descriptions alone."""
    shown = [one for one in attached if pictures and _is_picture(one)][:PICTURES]
    named = [one for one in attached if one not in shown and _words(one.alt)][:PICTURES]
    polls = [one for one in attached if one.choices][:1]
    room = (ROOM - CHOICES * CHOICE * len(polls)) // max(len(shown) + len(named), 1)
    return [
        *(_picture(one, room) for one in shown),
        *(_described(one, min(room, TITLE)) for one in named),
        *map(_poll, polls),
    ]


def has_pictures(attached: Sequence[Attachment]) -> bool:
    """Whether Slack would have to fetch something to show it."""
    return any(map(_is_picture, attached))


def _is_picture(one: Attachment) -> bool:
    return one.url is not None and one.url.startswith("https://") and is_web(one.url)


def _picture(one: Attachment, room: int) -> Block:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block."""
    words = _words(one.alt)
    seen = min(TITLE, room // 4)
    title: dict[str, Any] = {"title": plain(fit(words, seen))} if words else {}
    heard = fit(words, room - seen) if words else NO_ALT.get(one.kind, NO_ALT["photo"])
    return {"type": "image", "image_url": one.url, "alt_text": heard, **title}


def _described(one: Attachment, room: int) -> Block:
    name = _NAMES.get(one.kind, "Attachment")
    return line(literal(f"{name}: ", "italic"), fit(_words(one.alt), room))


def _poll(one: Attachment) -> Block:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#element-types."""
    choices = [
        {"type": "rich_text_section", "elements": [literal(fit(_words(choice), CHOICE) or "…")]}
        for choice in one.choices[:CHOICES]
    ]
    head = line(literal("Poll:", "italic"))
    listed = {"type": "rich_text_list", "style": "bullet", "elements": choices}
    return head | {"elements": [*head["elements"], listed]}


def _words(typed: str | None) -> str:
    """What a customer typed, in one line; empty if nobody would see anything of it."""
    words = one_line(clean(typed or ""))
    return words if is_visible(words) else ""
