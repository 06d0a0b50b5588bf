"""The text of a message or view as a person sees it, and everything live in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.slack.block_kit.chart_rules import CHART
from sandbox.slack.text.mrkdwn import Kind, Live, Parsed, mrkdwn, plain

Json = dict[str, Any]

FORMATTING = frozenset({"bold", "italic", "strike", "code", "pre", "quote"})
# Shown only after a click, but still checked for live parts.
FOLDED = frozenset({"confirm", "options", "option_groups", "placeholder"})
# Strings that are shown literally, outside of text objects.
LITERAL = ("alt_text", "title", "title_url_text", "author_name", "provider_name")


class Surface(Protocol):
    """A message or a view: something with blocks."""

    @property
    def blocks(self) -> list[Json]: ...


@dataclass(frozen=True)
class VisibleText:
    """The visible text, the text of the notification, and what is live in both."""

    text: str
    notification: str
    live: tuple[Live, ...]

    def of(self, *kinds: Kind) -> list[Live]:
        return [token for token in self.live if token.kind in kinds]

    @property
    def broadcasts(self) -> list[Live]:
        return self.of("broadcast", "usergroup")

    @property
    def users(self) -> list[Live]:
        return self.of("user")

    @property
    def links(self) -> list[Live]:
        return self.of("link")

    @property
    def emoji(self) -> list[Live]:
        return self.of("emoji")

    @property
    def formatting(self) -> list[Live]:
        return [token for token in self.live if token.kind in FORMATTING]


def visible(message: "Surface | Json") -> VisibleText:
    """Read a message or view, as an object or as JSON, as Slack's client does."""
    blocks, text, is_mrkdwn, heads = _contents(getattr(message, "state", message))
    top = (mrkdwn(text, names=False) if is_mrkdwn else plain(text)).at("/text")
    lines, live = list[str](), list[Live](top.live)
    for index, head in enumerate(heads):
        parsed = plain(head).at(f"/head/{index}")
        lines.append(parsed.text)
        live.extend(parsed.live)
    for where, parsed, shown in _texts(blocks, "/blocks"):
        live.extend(parsed.at(where).live)
        lines.extend([parsed.text] if shown else [])
    return VisibleText("\n".join(lines) if blocks or heads else top.text, top.text, tuple(live))


def _contents(message: "Surface | Json") -> tuple[list[Json], str, bool, list[str]]:
    if isinstance(message, dict):
        given, text, is_mrkdwn = message, message.get("text") or "", message.get("mrkdwn", True)
    else:
        given = getattr(message, "given", {})
        text, is_mrkdwn = getattr(message, "text", "") if not given else "", getattr(message, "mrkdwn", True)
    heads = [given[key]["text"] for key in ("title", "submit", "close") if isinstance(given.get(key), dict)]
    blocks = message.get("blocks") or [] if isinstance(message, dict) else message.blocks
    return blocks, text if isinstance(text, str) else "", is_mrkdwn, heads


def _texts(node: Any, where: str, *, shown: bool = True) -> Iterator[tuple[str, Parsed, bool]]:  # noqa: ANN401 - any JSON
    """Yield each text with its JSON pointer, and whether it shows without a click."""
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _texts(child, f"{where}/{index}", shown=shown)
    elif isinstance(node, dict):
        yield from _node(node, where, shown=shown)


def _node(node: Json, where: str, *, shown: bool) -> Iterator[tuple[str, Parsed, bool]]:
    kind = node.get("type")
    if kind == "mrkdwn":
        yield where, mrkdwn(node["text"], verbatim=bool(node.get("verbatim"))), shown
    elif kind == "plain_text":
        yield where, plain(node["text"], emoji=node.get("emoji") is not False), shown
    elif kind == "markdown":
        yield where, mrkdwn(_commonmark(node["text"])), shown
    elif kind in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        yield where, rich(node), shown
    elif kind == CHART:
        yield from ((where, Parsed((line,)), shown) for line in chart_lines(node))
    else:
        for key, child in node.items():
            if key in LITERAL and isinstance(child, str):
                yield f"{where}/{key}", Parsed((child,)), shown
            yield from _texts(child, f"{where}/{key}", shown=shown and key not in FOLDED)


def chart_lines(block: Json) -> Iterator[str]:
    """Yield the lines of a chart: its title, then each segment or series with its values."""
    chart = block["chart"]
    yield str(block["title"])
    for segment in chart.get("segments", []):
        yield f"{segment['label']}: {segment['value']}"
    for series in chart.get("series", []):
        points = ", ".join(f"{point['label']} {point['value']}" for point in series["data"])
        yield f"{series['name']}: {points}"
    axes = chart.get("axis_config", {})
    yield from (str(axes[key]) for key in ("x_label", "y_label") if axes.get(key))


def rich(section: Json) -> Parsed:
    """Read one section of a rich_text block, whose `text` elements are literal."""
    pieces, styles = list[str | Live](), list[Live]()
    for element in section.get("elements", []):
        piece = _rich_piece(element)
        pieces.append(piece)
        shown = piece if isinstance(piece, str) else piece.text
        styles.extend(Live(_style(name), shown) for name, on in element.get("style", {}).items() if on)
    outer = {"rich_text_quote": "quote", "rich_text_preformatted": "pre"}.get(section["type"])
    if outer:
        styles.append(Live(_style(outer), Parsed(tuple(pieces)).text))
    return Parsed(tuple(pieces), tuple(styles))


def _rich_piece(element: Json) -> str | Live:  # noqa: PLR0911 - one line for each kind of element
    match element:
        case {"type": "text", "text": text}:
            return str(text)
        case {"type": "link", "url": url}:
            return Live("link", element.get("text") or url, url)
        case {"type": "user", "user_id": user}:
            return Live("user", f"@{user}", user)
        case {"type": "channel", "channel_id": channel}:
            return Live("channel", f"#{channel}", channel)
        case {"type": "usergroup", "usergroup_id": group}:
            return Live("usergroup", f"@{group}", group)
        case {"type": "broadcast", "range": name}:
            return Live("broadcast", f"@{name}", name)
        case {"type": "emoji", "name": name}:
            return Live("emoji", f":{name}:", name)
        case {"type": "date", "timestamp": at}:
            return Live("date", element.get("fallback") or str(at), str(at))
    return str(element.get("value") or "")


def _style(name: str) -> Kind:
    styles: dict[str, Kind] = {
        "bold": "bold",
        "italic": "italic",
        "strike": "strike",
        "code": "code",
        "quote": "quote",
        "pre": "pre",
    }
    return styles.get(name, "bold")


def _commonmark(text: str) -> str:
    """Turn links and bold of standard markdown into mrkdwn: a link can hide its target."""
    text = re.sub(r"\[([^\]\n]+)\]\((https?://[^)\s]+)\)", r"<\2|\1>", text)
    return re.sub(r"\*\*(.+?)\*\*", r"*\1*", text)
