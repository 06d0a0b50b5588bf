"""The rich_text blocks that come with what people write. Pure.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block. Bold, italic and the like are styles
there, and go: there is no such thing in a public reply. Lists, quotes and code keep their lines.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.typed_text import emoji
from bot.slack.typed_text.links import link_text
from bot.slack.typed_text.value import TextBuilder

RichTextElement = Mapping[str, Any]
BULLETS = ("•", "◦", "▪")
QUOTE_PREFIX = "> "


def read_blocks(blocks: Sequence[RichTextElement], channels: Mapping[str, str], reading: TextBuilder) -> None:
    """Add what `blocks` show to `reading`; `channels` has the names of channels by id."""
    for block in blocks:
        for part in block.get("elements") or []:
            _part(part, channels, reading)


def _part(part: RichTextElement, channels: Mapping[str, str], reading: TextBuilder) -> None:
    kind, margin = part.get("type"), QUOTE_PREFIX if part.get("border") else ""
    if kind == "rich_text_list":
        _list(part, margin, channels, reading)
        return
    reading.begin_line(QUOTE_PREFIX if kind == "rich_text_quote" else margin)
    for element in part.get("elements") or []:
        _inline(element, channels, reading)


def _list(part: RichTextElement, margin: str, channels: Mapping[str, str], reading: TextBuilder) -> None:
    """A list: its items under each other, with the bullets or numbers that Slack shows."""
    indent, first = int(part.get("indent") or 0), int(part.get("offset") or 0) + 1
    for number, item in enumerate(part.get("elements") or [], first):
        reading.begin_line(margin)
        sign = f"{number}." if part.get("style") == "ordered" else BULLETS[min(indent, len(BULLETS) - 1)]
        reading.add(f"{'  ' * indent}{sign} ")
        for element in item.get("elements") or []:
            _inline(element, channels, reading)


def _inline(element: RichTextElement, channels: Mapping[str, str], reading: TextBuilder) -> None:
    match element:
        case {"type": "text", "text": str(text)}:
            reading.add(text)
        case {"type": "link", "url": str(url)}:
            reading.add("".join(link_text(url, str(element.get("text") or ""))))
        case {"type": "emoji"}:
            _emoji(element, reading)
        case {"type": "user", "user_id": user}:
            reading.add_token(f"<@{user}>", f"<@{user}>")
        case {"type": "usergroup", "usergroup_id": group}:
            reading.add_token(f"<!subteam^{group}>", f"<!subteam^{group}>")
        case {"type": "channel", "channel_id": channel} if channels.get(channel):
            reading.add(f"#{channels[channel]}")
        case {"type": "channel", "channel_id": channel}:
            reading.add_token(f"<#{channel}>", f"<#{channel}>")
        case {"type": "broadcast", "range": name}:
            reading.add(f"@{name}")
        case (
            {"type": "date", "fallback": str(text)}
            | {"type": "color", "value": str(text)}
            | {"text": str(text)}
        ):
            reading.add(text)
        case _:  # something newer than this code: it is named rather than lost
            reading.add_token(f"<{element.get('type')}>", f"<{element.get('type')}>")


def _emoji(element: RichTextElement, reading: TextBuilder) -> None:
    """An emoji: `unicode` is what the typist saw; without it the name, and a custom one has no characters."""
    name, unicode = str(element.get("name") or ""), element.get("unicode")
    made = emoji.from_code_points(unicode) if isinstance(unicode, str) else None
    if made is None:
        name, _, tones = name.partition("::")
        tone = element.get("skin_tone")
        made = emoji.characters(name, f":{tones}:" if tones else f":skin-tone-{tone}:" if tone else "")
    if made is not None:
        reading.add(made)
    else:
        reading.add_token(f":{name}:", f":{name}:")
