"""Names, URLs and emoji in typed text, as Slack turns them into tokens.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.slack.text import emoji
from sandbox.slack.text.mrkdwn import escape
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]

TOP_LEVEL = "com|org|net|io|dev|app|co|eu|pt|de|uk|example"
PATTERNS = (
    r"<@(?P<id>[A-Z0-9]+)>",
    r"(?P<url>https?://[^\s<>]*[^\s<>.,;:!?)\]'\"*_~`])",
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})",
    r"(?P<phone>\+\d[\d ()-]{6,18}\d)",
    r"(?<!\w)@(?P<all>channel|here|everyone)\b",
    r"(?<!\w)@(?P<name>%s)\b",
    r"(?<!\w)#(?P<channel>[a-z0-9_-]+)",
    rf"(?<![\w@.-])(?P<domain>(?:[\w-]+\.)+(?:{TOP_LEVEL})(?:/[^\s<>]*)?)\b",
    rf":(?P<code>{emoji.NAME}(?:::skin-tone-[2-6](?:-[2-6])?)?):",
)


@dataclass(frozen=True)
class Cell:
    """A character or a token: as typed, in the message's text, and in rich_text."""

    source: str
    text: str
    element: Json

    @property
    def is_character(self) -> bool:
        return bool(self.element["type"] == "text")


def cells(text: str, world: SlackWorld) -> list[Cell]:
    """Split typed text into characters and tokens."""
    pattern, found, place = _pattern(world), list[Cell](), 0
    match = pattern.search(text)
    while match is not None:
        made = _made(match, world)
        end = match.end() if made else match.start() + 1
        found += plain(text[place : match.start()])
        found += [made] if made else plain(text[match.start() : end])
        place = end
        match = pattern.search(text, place)
    return [*found, *plain(text[place:])]


def plain(text: str) -> Iterator[Cell]:
    """Yield characters and emoji."""
    place = 0
    while place < len(text):
        found = emoji.at(text, place)
        sign, name = found or (text[place], "")
        yield _emoji(sign, sign, name) if found else Cell(sign, escape(sign), {"type": "text", "text": sign})
        place += len(sign)


def _pattern(world: SlackWorld) -> re.Pattern[str]:
    called = {re.escape(n) for user in world.users.values() for n in (user.name, user.real_name)}
    return re.compile("|".join(PATTERNS) % "|".join(sorted(called, key=len, reverse=True)), re.IGNORECASE)


def _made(match: re.Match[str], world: SlackWorld) -> Cell | None:
    """Return the token of one match; None if it names nothing that exists."""
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    if kind in {"id", "name"}:
        return _member(match[0], value, world)
    if kind == "channel":
        place = next((one for one in world.channels.values() if one.name == value.lower()), None)
        element = {"type": "channel", "channel_id": place.id if place else ""}
        return Cell(match[0], f"<#{place.id}|{place.name}>", element) if place else None
    if kind == "all":
        return Cell(match[0], f"<!{value.lower()}>", {"type": "broadcast", "range": value.lower()})
    if kind == "code":
        return _code(match, value, world)
    return _link(str(kind), value)


def _code(match: re.Match[str], name: str, world: SlackWorld) -> Cell | None:
    """Return the emoji of a name; one-letter and numeric names only count apart from letters and digits."""
    if emoji.is_touched(match, name):
        return None
    if name in world.custom_emoji:
        return Cell(match[0], f":{name}:", {"type": "emoji", "name": name})
    sign = emoji.characters(name)
    return _emoji(match[0], sign, name) if sign else None


def _emoji(source: str, sign: str, name: str) -> Cell:
    """Return a standard emoji: by name in the text, with its code points in rich_text."""
    bare, _, tones = name.partition("::skin-tone-")
    element: Json = {"type": "emoji", "name": bare, "unicode": "-".join(f"{ord(one):x}" for one in sign)}
    return Cell(source, f":{name}:", element | ({"skin_tone": int(tones[0])} if tones else {}))


def _member(source: str, value: str, world: SlackWorld) -> Cell | None:
    wanted = world.app.user_id if value == "BOT" else value
    for user in world.users.values():
        if wanted == user.id or wanted.lower() in {user.name.lower(), user.real_name.lower()}:
            return Cell(source, f"<@{user.id}>", {"type": "user", "user_id": user.id})
    return None


def _link(kind: str, value: str) -> Cell:
    phone = f"tel:{re.sub(r'[ ()-]', '', value)}"
    url = {"mail": f"mailto:{value}", "domain": f"http://{value}", "phone": phone}.get(kind, value)
    if url == value:
        return Cell(value, f"<{escape(url)}>", {"type": "link", "url": url})
    words = f"<{escape(url)}|{escape(value)}>"
    return Cell(value, words, {"type": "link", "url": url, "text": value})
