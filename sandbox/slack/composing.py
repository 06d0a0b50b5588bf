"""What becomes of the words that a person types into Slack's message box.

Slack escapes them, turns names, urls and emoji into tokens, and sends both a text and a rich_text block
(https://docs.slack.dev/messaging/formatting-message-text).
"""

import re
from typing import Any

from sandbox.slack.markup import escape
from sandbox.slack.world import SlackWorld

Json = dict[str, Any]

# The few that people type all day; Slack replaces each emoji character by its name.
EMOJI = {
    "👍": "+1",
    "👎": "-1",
    "👏": "clap",
    "🙏": "pray",
    "👋": "wave",
    "👀": "eyes",
    "💪": "muscle",
    "🎉": "tada",
    "🔥": "fire",
    "🚀": "rocket",
    "✅": "white_check_mark",
    "❌": "x",
    "💯": "100",
    "💙": "blue_heart",
    "💚": "green_heart",
    "😀": "grinning",
    "😂": "joy",
    "🙂": "slightly_smiling_face",
    "😊": "blush",
    "😉": "wink",
    "😍": "heart_eyes",
    "😢": "cry",
    "😭": "sob",
    "😅": "sweat_smile",
    "🤔": "thinking_face",
    "🙌": "raised_hands",
    "😎": "sunglasses",
    "😡": "rage",
}
TOP_LEVEL = "com|org|net|io|dev|app|co|eu|pt|de|uk|example"
PATTERNS = (
    r"<@(?P<id>[A-Z0-9]+)>",
    r"(?P<url>https?://[^\s<>]*[^\s<>.,;:!?)\]'\"])",
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,})",
    r"(?<!\w)@(?P<all>channel|here|everyone)\b",
    r"(?<!\w)@(?P<name>%s)\b",
    r"(?<!\w)#(?P<channel>[a-z0-9_-]+)",
    rf"(?<![\w@.-])(?P<domain>(?:[\w-]+\.)+(?:{TOP_LEVEL})(?:/[^\s<>]*)?)\b",
    r":(?P<code>\+1|-1|[a-z0-9_]+):",
    rf"(?P<emoji>{'|'.join(EMOJI)})\ufe0f?",
)


def typed(text: str, world: SlackWorld) -> tuple[str, list[Json]]:
    """Return the text as events carry it, and the rich_text block that goes with it."""
    names = "|".join(
        sorted(
            {re.escape(n) for u in world.users.values() for n in (u.name, u.real_name)}, key=len, reverse=True
        )
    )
    pattern = re.compile("|".join(PATTERNS) % names, re.IGNORECASE)
    words, elements, end = list[str](), list[Json](), 0
    for match in pattern.finditer(text):
        made = _made(match, world)
        if made is None:
            continue
        _add(words, elements, text[end : match.start()])
        words.append(made[0])
        elements.append(made[1])
        end = match.end()
    _add(words, elements, text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return "".join(words), [{"type": "rich_text", "elements": [section]}] if elements else []


def as_command(text: str, world: SlackWorld) -> str:
    """Return a command's words as `should_escape` asks: names become ids with the name beside them."""
    if not world.escape_commands:
        return text
    words, _ = typed(text, world)
    return re.sub(r"<@(\w+)>", lambda match: f"<@{match[1]}|{world.users[match[1]].name}>", words)


def _add(words: list[str], elements: list[Json], plain: str) -> None:
    if plain:
        words.append(escape(plain))
        elements.append({"type": "text", "text": plain})


def _made(match: re.Match[str], world: SlackWorld) -> tuple[str, Json] | None:
    """Return token and element for one match; None if it names nothing that exists."""
    kind, value = match.lastgroup, match[match.lastgroup or 0]
    if kind in {"id", "name"}:
        return _member(value, world)
    if kind == "channel":
        found = next((c for c in world.channels.values() if c.name == value.lower()), None)
        return (f"<#{found.id}|{found.name}>", {"type": "channel", "channel_id": found.id}) if found else None
    if kind == "all":
        return f"<!{value.lower()}>", {"type": "broadcast", "range": value.lower()}
    if kind in {"emoji", "code"}:
        name = EMOJI.get(value, value)
        known = name in EMOJI.values()
        return (f":{name}:", {"type": "emoji", "name": name}) if known else None
    return _link(str(kind), value)


def _member(value: str, world: SlackWorld) -> tuple[str, Json] | None:
    wanted = world.app.user_id if value == "BOT" else value
    for user in world.users.values():
        if wanted == user.id or wanted.lower() in {user.name.lower(), user.real_name.lower()}:
            return f"<@{user.id}>", {"type": "user", "user_id": user.id}
    return None


def _link(kind: str, value: str) -> tuple[str, Json]:
    url = {"mail": f"mailto:{value}", "domain": f"http://{value}"}.get(kind, value)
    if url == value:
        return f"<{escape(url)}>", {"type": "link", "url": url}
    return f"<{escape(url)}|{escape(value)}>", {"type": "link", "url": url, "text": value}
