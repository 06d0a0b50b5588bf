"""What is attached to a customer's post: pictures with their descriptions, a poll with its choices. Pure.

What a customer typed (descriptions, choices) stands only where Slack does not parse it: rich_text, plain_text
and `alt_text`.
"""

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks.elements import Block, plain_text
from bot.slack.blocks.text import is_visible, is_web_url, line_block, one_line, text_element, truncate
from models.core.normalize import sanitize
from models.sources.attachment import Attachment

PICTURES_MAX = 4  # on one card, as many as X lets a post have
TEXT_MAX_CHARS = (
    600  # characters of theirs in all of it: the card as a whole must not grow too long for Slack
)
TITLE_MAX_CHARS = 120  # characters of a description that everybody sees; a screen reader hears more
POLL_CHOICES_MAX, POLL_CHOICE_MAX_CHARS = 5, 40  # X lets a poll have four, of 25 characters
MISSING_ALT_TEXTS = {
    "photo": "A picture without a description",
    "video": "Video preview",
    "gif": "GIF preview",
}
_KIND_NAMES = {"photo": "Picture", "video": "Video", "gif": "GIF"}


def build_blocks(attached: Sequence[Attachment], *, pictures: bool) -> list[Block]:
    """All that there is to show of them; without `pictures` their descriptions alone."""
    shown = [one for one in attached if pictures and _is_picture(one)][:PICTURES_MAX]
    named = [one for one in attached if one not in shown and _clean_line(one.alt)][:PICTURES_MAX]
    polls = [one for one in attached if one.choices][:1]
    room = (TEXT_MAX_CHARS - POLL_CHOICES_MAX * POLL_CHOICE_MAX_CHARS * len(polls)) // max(
        len(shown) + len(named), 1
    )
    return [
        *(_image_block(one, room) for one in shown),
        *(_description_line(one, min(room, TITLE_MAX_CHARS)) for one in named),
        *map(_poll_block, polls),
    ]


def has_pictures(attached: Sequence[Attachment]) -> bool:
    """Whether Slack would have to fetch something to show it."""
    return any(map(_is_picture, attached))


def _is_picture(one: Attachment) -> bool:
    return one.url is not None and one.url.startswith("https://") and is_web_url(one.url)


def _image_block(one: Attachment, room: int) -> Block:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block."""
    words = _clean_line(one.alt)
    seen = min(TITLE_MAX_CHARS, room // 4)
    title: dict[str, Any] = {"title": plain_text(truncate(words, seen))} if words else {}
    heard = (
        truncate(words, room - seen) if words else MISSING_ALT_TEXTS.get(one.kind, MISSING_ALT_TEXTS["photo"])
    )
    return {"type": "image", "image_url": one.url, "alt_text": heard, **title}


def _description_line(one: Attachment, room: int) -> Block:
    name = _KIND_NAMES.get(one.kind, "Attachment")
    return line_block(text_element(f"{name}: ", "italic"), truncate(_clean_line(one.alt), room))


def _poll_block(one: Attachment) -> Block:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#element-types."""
    choices = [
        {
            "type": "rich_text_section",
            "elements": [text_element(truncate(_clean_line(choice), POLL_CHOICE_MAX_CHARS) or "…")],
        }
        for choice in one.choices[:POLL_CHOICES_MAX]
    ]
    head = line_block(text_element("Poll:", "italic"))
    listed = {"type": "rich_text_list", "style": "bullet", "elements": choices}
    return head | {"elements": [*head["elements"], listed]}


def _clean_line(typed: str | None) -> str:
    """What a customer typed, in one line; empty if nobody would see anything of it."""
    words = one_line(sanitize(typed or ""))
    return words if is_visible(words) else ""
