"""The pieces that several messages share: sections, contexts, buttons, and how durations are said."""

import json
from datetime import timedelta
from typing import Any

Block = dict[str, Any]

_DAY = 24 * 60
_HOUR = 60


def section(mrkdwn: str) -> Block:
    """A paragraph of our own words. Nothing that a customer typed may be in it."""
    return {"type": "section", "text": _ours(mrkdwn)}


def context(mrkdwn: str) -> Block:
    """A small grey line of our own words. Nothing that a customer typed may be in it."""
    return {"type": "context", "elements": [_ours(mrkdwn)]}


def _ours(mrkdwn: str) -> dict[str, Any]:
    """Our own words. `verbatim`: only what we marked up is live; a customer called @here rings nobody.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return {"type": "mrkdwn", "text": mrkdwn, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    """Text without markup, and without :emoji: names being replaced."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(label: str, action: str, value: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """A button; `value` comes back with the press. `more` is Slack's own: `style`, `url`."""
    made = {"type": "button", "text": plain(label), "action_id": action, **more}
    return made | {"value": packed(value)} if value is not None else made


def packed(value: dict[str, Any]) -> str:
    """`value` as the short text that a button or a modal carries."""
    return json.dumps(value, separators=(",", ":"))


def permalink(workspace: str, channel: str | None, ts: str | None) -> str:
    """The address of a message in the workspace at `workspace` (its URL); empty where that is not known."""
    if not workspace or channel is None or ts is None:
        return ""
    return f"{workspace}archives/{channel}/p{ts.replace('.', '')}"


def duration(length: timedelta) -> str:
    """A length of time as people say it: `40 s`, `4 min`, `1 h 05 min`, `2 d 3 h`."""
    seconds = max(int(length.total_seconds()), 0)
    minutes = seconds // 60
    if minutes == 0:
        return f"{seconds} s"
    if minutes < _HOUR:
        return f"{minutes} min"
    if minutes < _DAY:
        return f"{minutes // _HOUR} h {minutes % _HOUR:02d} min"
    return f"{minutes // _DAY} d {minutes % _DAY // _HOUR} h"


def counted(number: int, noun: str, several: str | None = None) -> str:
    """`1 mention`, `2 mentions`; `several` is for nouns with a plural of their own."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def persons(number: int) -> str:
    """`1 person`, `2 people`."""
    return counted(number, "person", "people")
