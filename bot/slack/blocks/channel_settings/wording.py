"""How the settings of a channel are called and said, as mrkdwn. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.slack.blocks.elements import format_duration
from bot.slack.blocks.text import mrkdwn_literal, truncate
from models.core.mrkdwn import as_code
from models.policies.channel_policy import PolicyDefaults
from models.policies.typed_settings import ROUND_THE_CLOCK
from models.priority.weights import Weights, format_weights
from models.slack.channel_settings import OwnSettings, SettingChange

# By the names of `OwnSettings`, in the order in which people read them.
LABELS: Mapping[str, str] = {
    "first_reply_minutes": "First reply within",
    "office_hours": "Office hours",
    "time_zone": "Time zone",
    "holidays": "Holidays",
    "senders": "Who may send public replies",
    "digest_at": "Daily digest at",
    "digest_day": "Weekly digest on",
    "near_copy_percent": "Warn if a reply matches an earlier one by",
    "spike_per_minute": "Mentions a minute shown one by one",
    "priority_weights": "What comes first",
}
WEEKDAY_NAMES = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
OFF = "off"
NO_OWN_DIGEST = "none of its own"
KEEPS_DUE_TIMES_TEXT = "Tickets that already wait keep their due times."
NAMES_LISTED_MAX = 10  # senders named in one line
TEXT_SHOWN_MAX_CHARS = 500
_CHANGES_DUE_TIMES = frozenset({"first_reply_minutes", "office_hours", "time_zone", "holidays"})


def value_text(name: str, value: Any) -> str:  # noqa: ANN401 - the value of any setting
    """A value of the setting `name` in words; None is said as what it means where there is no default."""
    return _SAY[name](value)


def default_text(name: str, defaults: PolicyDefaults, *, is_default_channel: bool) -> str:
    """What holds where the channel has no value of its own, in words."""
    if name == "digest_at" and not is_default_channel:
        return NO_OWN_DIGEST
    return value_text(name, getattr(defaults, name, None))


def current_lines(own: OwnSettings, defaults: PolicyDefaults, *, is_default_channel: bool) -> list[str]:
    """One line for each setting as it is now."""
    return [
        f"• *{label}*: {_said(name, getattr(own, name), defaults, is_default_channel=is_default_channel)}"
        for name, label in LABELS.items()
    ]


def change_lines(
    changes: Sequence[SettingChange], defaults: PolicyDefaults, *, is_default_channel: bool
) -> list[str]:
    """One line for each setting that was changed, from what to what; nothing about what has no label."""
    lines = []
    for one in changes:
        if one.name in LABELS:
            before, after = (
                _said(one.name, value, defaults, is_default_channel=is_default_channel)
                for value in (one.before, one.after)
            )
            lines.append(f"• *{LABELS[one.name]}*: {before} → {after}")
    return lines


def changed_text(
    by: str, changes: Sequence[SettingChange], defaults: PolicyDefaults, *, is_default_channel: bool
) -> str:
    """What the channel is told of a change by that Slack user."""
    lines = change_lines(changes, defaults, is_default_channel=is_default_channel)
    if any(one.name in _CHANGES_DUE_TIMES for one in changes):
        lines.append(KEEPS_DUE_TIMES_TEXT)
    return "\n".join([f":gear: <@{by}> changed Heard's settings of this channel:", *lines])


def _said(name: str, value: Any, defaults: PolicyDefaults, *, is_default_channel: bool) -> str:  # noqa: ANN401
    if value is not None:
        return value_text(name, value)
    return f"{default_text(name, defaults, is_default_channel=is_default_channel)} (default)"


def _say_text(value: str) -> str:
    return mrkdwn_literal(truncate(value, TEXT_SHOWN_MAX_CHARS))


def _say_office_hours(value: str | None) -> str:
    return _say_text(value) if value and value != ROUND_THE_CLOCK else "round the clock"


def _say_senders(value: Sequence[str] | None) -> str:
    """People are named; a group stands as its id, since its name would ring all of them."""
    if not value:
        return "every member"
    shown = [as_code(one) if one.startswith("S") else f"<@{one}>" for one in value[:NAMES_LISTED_MAX]]
    more = len(value) - len(shown)
    return ", ".join([*shown, *([f"{more} more"] if more else [])])


def weight_lines(stored: Mapping[str, Any] | None) -> list[str]:
    """The weights of a channel that differ from the usual ones, as people type them."""
    return format_weights(Weights.of_stored(stored)).splitlines()


def _say_weekday(value: str) -> str:
    return WEEKDAY_NAMES.get(value[:3].lower(), OFF)


_SAY: Mapping[str, Callable[[Any], str]] = {
    "first_reply_minutes": lambda value: format_duration(timedelta(minutes=value)),
    "office_hours": _say_office_hours,
    "time_zone": _say_text,
    "holidays": lambda value: _say_text(value) if value else "none",
    "senders": _say_senders,
    "digest_at": lambda value: _say_text(value.lower()),
    "digest_day": _say_weekday,
    "near_copy_percent": lambda value: f"{value} %" if value else "never",
    "spike_per_minute": lambda value: f"{value:,}" if value else "all of them",
    "priority_weights": lambda value: ", ".join(weight_lines(value)) or "the usual points for each reason",
}
