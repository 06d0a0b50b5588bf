"""Text and blocks of Slack as runs, which the page draws without parsing anything.

A run is a piece of text with its kind, target and styles: `{"t": "Ana", "k": "user", "to": "U0ANA"}`.
The browser only makes text nodes of runs, so no customer can inject markup.
"""

from typing import Any

from sandbox.slack.text import emoji
from sandbox.slack.text.mrkdwn import Live, plain, styled

Json = dict[str, Any]
Run = dict[str, Any]

SECTIONS = {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}


def runs(text: str, *, verbatim: bool = False) -> list[Run]:
    """Return a mrkdwn text as runs."""
    return [_run(piece, sorted(styles)) for piece, styles in styled(text, verbatim=verbatim)]


def plain_runs(text: str, *, named: bool = True) -> list[Run]:
    """Return a plain text as runs; with `named`, emoji names become emoji."""
    return [_run(piece, []) for piece in plain(text, emoji=named).pieces]


def drawn(node: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return blocks with runs in place of every text object and rich text section."""
    if isinstance(node, list):
        return [drawn(child) for child in node]
    if not isinstance(node, dict):
        return node
    kind = node.get("type")
    if kind == "mrkdwn" and isinstance(node.get("text"), str):
        return {"type": kind, "runs": runs(node["text"], verbatim=bool(node.get("verbatim")))}
    if kind == "plain_text" and isinstance(node.get("text"), str):
        return {"type": kind, "runs": plain_runs(node["text"], named=node.get("emoji") is not False)}
    if kind in SECTIONS:
        return {"type": kind, "runs": [_rich(element) for element in node.get("elements", [])]}
    return {key: drawn(child) for key, child in node.items()}


def _run(piece: str | Live, styles: list[Any]) -> Run:
    run: Run = {"t": str(piece)} if isinstance(piece, str) else _live(piece)
    return run | ({"s": styles} if styles else {})


def _live(piece: Live) -> Run:
    run = {"t": piece.text, "k": piece.kind, "to": piece.target}
    return run | _picture(piece.text) if piece.kind == "emoji" else run


def _picture(name: str) -> Run:
    """Return the character of an emoji; emoji of the workspace have none."""
    sign = emoji.drawn(name)
    return {"u": sign} if sign != name else {}


def _rich(element: Json) -> Run:
    styles = sorted(name for name, on in (element.get("style") or {}).items() if on)
    return _inline(element) | ({"s": styles} if styles else {})


def _inline(element: Json) -> Run:  # noqa: PLR0911 - one line for each kind of element
    match element:
        case {"type": "text", "text": text}:
            return {"t": str(text)}
        case {"type": "link", "url": url}:
            return {"t": str(element.get("text") or url), "k": "link", "to": str(url)}
        case {"type": "user", "user_id": user}:
            return {"t": f"@{user}", "k": "user", "to": user}
        case {"type": "channel", "channel_id": channel}:
            return {"t": f"#{channel}", "k": "channel", "to": channel}
        case {"type": "broadcast", "range": name}:
            return {"t": f"@{name}", "k": "broadcast", "to": name}
        case {"type": "emoji", "name": name}:
            tone = f":skin-tone-{element['skin_tone']}:" if element.get("skin_tone") else ""
            return {"t": f":{name}:", "k": "emoji", "to": name} | _picture(f":{name}:{tone}")
        case {"type": "date", "timestamp": at}:
            to = f"{at}^{element.get('format', '')}"
            return {"t": str(element.get("fallback") or at), "k": "date", "to": to}
    return {"t": str(element.get("value") or "")}
