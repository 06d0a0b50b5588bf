"""The pieces that several messages share: sections, contexts, buttons, and how durations are said."""

from datetime import timedelta
from typing import Any

from bot.slack.blocks.values import Value
from models.core.mrkdwn import plain_handles

Block = dict[str, Any]

_MINUTES_PER_DAY = 24 * 60
_MINUTES_PER_HOUR = 60


def section_block(mrkdwn: str) -> Block:
    """A paragraph of our own words. Nothing that a customer typed may be in it."""
    return {"type": "section", "text": _mrkdwn_text(mrkdwn)}


def context_block(mrkdwn: str) -> Block:
    """A small grey line of our own words. Nothing that a customer typed may be in it."""
    return {"type": "context", "elements": [_mrkdwn_text(mrkdwn)]}


def _mrkdwn_text(mrkdwn: str) -> dict[str, Any]:
    """Our own words. `verbatim`: only what we marked up is live; a customer called @here rings nobody.

    No address becomes a link there, so handles like `@ana@books.example` need not be code.
    https://docs.slack.dev/reference/block-kit/composition-objects/text-object
    """
    return {"type": "mrkdwn", "text": plain_handles(mrkdwn), "verbatim": True}


def plain_text(text: str) -> dict[str, Any]:
    """Text without markup, and without :emoji: names being replaced."""
    return {"type": "plain_text", "text": text, "emoji": False}


def button(label: str, action: str, value: Value | None = None, **more: str) -> dict[str, Any]:
    """A button; `value` comes back with the press. `more` is Slack's own: `style`, `url`."""
    made = {"type": "button", "text": plain_text(label), "action_id": action, **more}
    return made | {"value": value.pack()} if value is not None else made


def permalink(workspace: str, channel: str | None, ts: str | None) -> str:
    """The address of a message in the workspace at `workspace` (its URL); empty where that is not known."""
    if not workspace or channel is None or ts is None:
        return ""
    return f"{workspace}archives/{channel}/p{ts.replace('.', '')}"


def format_duration(length: timedelta) -> str:
    """A length of time as people say it: `40 s`, `4 min`, `1 h 05 min`, `2 d 3 h`."""
    seconds = max(int(length.total_seconds()), 0)
    minutes = seconds // 60
    if minutes == 0:
        return f"{seconds} s"
    if minutes < _MINUTES_PER_HOUR:
        return f"{minutes} min"
    if minutes < _MINUTES_PER_DAY:
        return f"{minutes // _MINUTES_PER_HOUR} h {minutes % _MINUTES_PER_HOUR:02d} min"
    return f"{minutes // _MINUTES_PER_DAY} d {minutes % _MINUTES_PER_DAY // _MINUTES_PER_HOUR} h"


def count_noun(number: int, noun: str, several: str | None = None) -> str:
    """`1 mention`, `2 mentions`; `several` is for nouns with a plural of their own."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def count_people(number: int) -> str:
    """`1 person`, `2 people`."""
    return count_noun(number, "person", "people")
