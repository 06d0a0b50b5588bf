"""The modal that asks until when a ticket sleeps. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.slack.blocks.elements import Block, context_block, plain_text
from bot.slack.blocks.values import SnoozeValue
from models.core import natural_time

SNOOZE_CALLBACK_ID = "snooze"
QUICK_BLOCK, DATE_BLOCK, TIME_BLOCK, TEXT_BLOCK = "quick", "date", "time", "words"
QUICK_CHOICES = ("1 hour", "3 hours", "tomorrow 9:00", "next monday 9:00")
_QUICK_LABELS = ("In 1 hour", "In 3 hours", "Tomorrow 9:00", "Monday 9:00")
TEXT_MAX_CHARS = 60


def build_snooze_modal(carried: SnoozeValue, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """The modal for somebody with the clocks of `zone`; `carried` comes back with the submit."""
    options = [
        {"text": plain_text(label), "value": said, "description": plain_text(_resolved_text(said, now, zone))}
        for said, label in zip(QUICK_CHOICES, _QUICK_LABELS, strict=True)
    ]
    return {
        "type": "modal",
        "callback_id": SNOOZE_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Snooze"),
        "submit": plain_text("Snooze"),
        "close": plain_text("Cancel"),
        "blocks": [
            _input_block(QUICK_BLOCK, "Until", {"type": "radio_buttons", "options": options}),
            _input_block(DATE_BLOCK, "Or on a day", {"type": "datepicker"}),
            _input_block(TIME_BLOCK, "Time (default 9:00)", {"type": "timepicker", "timezone": zone.key}),
            _input_block(TEXT_BLOCK, "Or in words", _text_input()),
            context_block(
                f"Times are in {zone.key}. Text overrides the choices above. It comes back early if they "
                "post again."
            ),
        ],
    }


def _input_block(block: str, label: str, element: dict[str, Any]) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "optional": True,
        "label": plain_text(label),
        "element": {"action_id": "value", **element},
    }


def _text_input() -> dict[str, Any]:
    hint = plain_text("2h, tomorrow 9am, fri 14:30, 2026-12-01 10:00")
    return {"type": "plain_text_input", "max_length": TEXT_MAX_CHARS, "placeholder": hint}


def _resolved_text(said: str, now: datetime, zone: ZoneInfo) -> str:
    return natural_time.format_local(natural_time.parse_time(said, now=now, zone=zone), now, zone)
