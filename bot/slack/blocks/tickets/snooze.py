"""The modal that asks until when a ticket sleeps. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.slack.blocks.elements import Block, context, packed, plain
from models.core import natural_time

SNOOZE = "snooze"
QUICK_BLOCK, DATE_BLOCK, TIME_BLOCK, WORDS_BLOCK = "quick", "date", "time", "words"
QUICK = ("1 hour", "3 hours", "tomorrow 9:00", "next monday 9:00")
_LABELS = ("In 1 hour", "In 3 hours", "Tomorrow 9:00", "Monday 9:00")
WORDS_MAX = 60


def snooze(carried: dict[str, Any], *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The modal for somebody with the clocks of `zone`; `carried` comes back with the submit."""
    options = [
        {"text": plain(label), "value": said, "description": plain(_resolved(said, now, zone))}
        for said, label in zip(QUICK, _LABELS, strict=True)
    ]
    return {
        "type": "modal",
        "callback_id": SNOOZE,
        "private_metadata": packed(carried),
        "title": plain("Snooze"),
        "submit": plain("Snooze"),
        "close": plain("Cancel"),
        "blocks": [
            _asks(QUICK_BLOCK, "Until", {"type": "radio_buttons", "options": options}),
            _asks(DATE_BLOCK, "Or until a day", {"type": "datepicker"}),
            _asks(TIME_BLOCK, "At (9:00 if you leave it)", {"type": "timepicker", "timezone": zone.key}),
            _asks(WORDS_BLOCK, "Or in words", _words()),
            context(
                f"Times are in {zone.key}. What you type counts before what you pick below *Until*. If they "
                "write again it comes back at once; else it comes back to the channel and to whoever has it."
            ),
        ],
    }


def _asks(block: str, label: str, element: dict[str, Any]) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "optional": True,
        "label": plain(label),
        "element": {"action_id": "value", **element},
    }


def _words() -> dict[str, Any]:
    hint = plain("2h, tomorrow 9am, fri 14:30, 2026-12-01 10:00")
    return {"type": "plain_text_input", "max_length": WORDS_MAX, "placeholder": hint}


def _resolved(said: str, now: datetime, zone: ZoneInfo) -> str:
    return natural_time.spelled(natural_time.read(said, now=now, zone=zone), now, zone)
