"""The modal with the settings of a channel. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from bot.slack.blocks.channel_settings import wording
from bot.slack.blocks.channel_settings.values import SettingsModalValue
from bot.slack.blocks.elements import Block, context_block, plain_text, section_block
from bot.slack.blocks.text import truncate, unescape
from bot.slack.typed_text import for_input
from models.policies.channel_policy import PolicyDefaults
from models.policies.typed_settings import ALWAYS, NO_HOLIDAYS, ROUND_THE_CLOCK
from models.slack.channel_settings import OwnSettings

SETTINGS_CALLBACK_ID = "channel_settings"
INPUT_MAX_CHARS = 3_000  # what Slack lets people type; more than a setting may have, so that Heard says so
PLACEHOLDER_MAX_CHARS = (
    150  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
)
DEFAULT_SHOWN_MAX_CHARS = 300
PEOPLE_MAX = 50
DIGEST_DAY_DEFAULT = "default"  # an option of its own: Slack's menus offer no way back to nothing
GROUPS = "groups"

_HINTS: Mapping[str, str] = {
    "first_reply_minutes": "Minutes of office hours, or a length such as 2h.",
    "office_hours": f"Such as Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00, or {ALWAYS}.",
    "time_zone": "For office hours and the digest, such as Europe/Berlin.",
    "holidays": f"Such as 2026-10-03, 2026-12-24..2027-01-01, or {NO_HOLIDAYS}.",
    "digest_at": "A time such as 09:00, or off.",
    "near_copy_percent": "From 0 to 100 percent. 0: never.",
    "priority_weights": "A line for each reason that counts more or less here, such as refund: 30 or "
    "question: 0. docs/reference/priority.md lists them.",
    "spike_per_minute": "If more arrive in a minute, they are shown together. 0: always one by one.",
}


@dataclass(frozen=True, slots=True)
class SettingsForm:
    """What the inputs hold, as people type it; empty means the default.

    The fields are named as those of `OwnSettings`, but `senders` are people alone, and `groups` user groups.
    """

    first_reply_minutes: str = ""
    office_hours: str = ""
    time_zone: str = ""
    holidays: str = ""
    senders: tuple[str, ...] = ()
    groups: str = ""
    digest_at: str = ""
    digest_day: str = DIGEST_DAY_DEFAULT
    near_copy_percent: str = ""
    spike_per_minute: str = ""
    priority_weights: str = ""


FORM_NAMES = tuple(one.name for one in fields(SettingsForm))


@dataclass(frozen=True, slots=True)
class SettingsModalParts:
    """What the modal shows besides what people type.

    `note` is a sentence or several on top, mrkdwn: what somebody else has changed meanwhile.
    """

    defaults: PolicyDefaults
    default_channel: str
    changed: str | None = None  # who changed them last, mrkdwn
    note: str | None = None


def form_of(own: OwnSettings) -> SettingsForm:
    """The inputs of a channel that has the values `own`."""
    senders = own.senders or ()
    return SettingsForm(
        first_reply_minutes="" if own.first_reply_minutes is None else f"{own.first_reply_minutes:.10g}",
        office_hours=ALWAYS if own.office_hours == ROUND_THE_CLOCK else own.office_hours or "",
        time_zone=own.time_zone or "",
        holidays=NO_HOLIDAYS if own.holidays == "" else own.holidays or "",
        senders=tuple(one for one in senders if not one.startswith("S")),
        groups=", ".join(one for one in senders if one.startswith("S")),
        digest_at=own.digest_at or "",
        digest_day=own.digest_day or DIGEST_DAY_DEFAULT,
        near_copy_percent="" if own.near_copy_percent is None else str(own.near_copy_percent),
        spike_per_minute="" if own.spike_per_minute is None else str(own.spike_per_minute),
        priority_weights="\n".join(wording.weight_lines(own.priority_weights)),
    )


def digests(form: SettingsForm) -> dict[str, str]:
    """A short digest of what each input of `form` holds, by its name."""
    return {name: _digest(getattr(form, name)) for name in FORM_NAMES}


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode(errors="replace")).hexdigest()[:8]


def block_id(name: str, revision: int) -> str:
    """The block_id of the input `name`.

    It is another one for each revision: Slack keeps what was typed by block_id and action_id, and after
    somebody else's change some inputs are to show something else.
    https://docs.slack.dev/reference/methods/views.update
    """
    return f"{name} {revision}"


def first_input(view: dict[str, Any]) -> str:
    """The block_id of the first input of that modal, at which a refusal of the whole stands."""
    return next(str(block["block_id"]) for block in view["blocks"] if block["type"] == "input")


def build_settings_modal(
    carried: SettingsModalValue, form: SettingsForm, parts: SettingsModalParts
) -> dict[str, Any]:
    """The modal, with what `form` holds in its inputs."""
    about = (
        f"These settings are for tickets whose cards are in <#{carried.channel}>. An empty field means the "
        f"default. {wording.KEEPS_DUE_TIMES_TEXT}"
    )
    if parts.changed is not None:
        about += f" {parts.changed}"
    blocks = [section_block(parts.note)] if parts.note is not None else []
    blocks += [context_block(about), *_inputs(carried, form, parts)]
    return {
        "type": "modal",
        "callback_id": SETTINGS_CALLBACK_ID,
        "private_metadata": carried.pack(),
        "title": plain_text("Channel settings"),
        "submit": plain_text("Save"),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def _inputs(carried: SettingsModalValue, form: SettingsForm, parts: SettingsModalParts) -> Sequence[Block]:
    is_default = carried.channel == parts.default_channel

    def default_of(name: str) -> str:
        text = wording.default_text(name, parts.defaults, is_default_channel=is_default)
        return truncate(unescape(text), DEFAULT_SHOWN_MAX_CHARS)

    def typed(name: str, *, multiline: bool = False) -> Block:
        default = default_of(name)
        hint = f"{_HINTS[name]} Default: {default}."
        if name == "digest_at" and not is_default:
            hint = f"{_HINTS[name]} Default: {default}; its tickets are in the digest of all channels."
        element: dict[str, Any] = {
            "type": "plain_text_input",
            "action_id": "value",
            "max_length": INPUT_MAX_CHARS,
            "placeholder": plain_text(truncate(default, PLACEHOLDER_MAX_CHARS)),
        }
        if multiline:
            element["multiline"] = True
        value = getattr(form, name)
        if value:
            element["initial_value"] = for_input(value)[:INPUT_MAX_CHARS]
        return _input(carried, name, wording.LABELS[name], hint, element)

    return [
        typed("first_reply_minutes"),
        typed("office_hours"),
        typed("time_zone"),
        typed("holidays"),
        _people_input(carried, form, parts.defaults),
        _groups_input(carried, form),
        typed("digest_at"),
        _digest_day_input(carried, form, default_of("digest_day")),
        typed("near_copy_percent"),
        typed("spike_per_minute"),
        typed("priority_weights", multiline=True),
    ]


def _input(carried: SettingsModalValue, name: str, label: str, hint: str, element: dict[str, Any]) -> Block:
    return {
        "type": "input",
        "block_id": block_id(name, carried.revision),
        "label": plain_text(label),
        "hint": plain_text(hint),
        "optional": True,
        "element": element,
    }


def _people_input(carried: SettingsModalValue, form: SettingsForm, defaults: PolicyDefaults) -> Block:
    element: dict[str, Any] = {
        "type": "multi_users_select",
        "action_id": "value",
        "max_selected_items": PEOPLE_MAX,
        "placeholder": plain_text("People"),
    }
    if form.senders:
        element["initial_users"] = list(form.senders)
    default = "every member" if not defaults.senders else "only those that the setting SENDERS names"
    hint = (
        "Only these people and the groups below may then send from this channel. If both are empty, the "
        f"default holds: {default}."
    )
    return _input(carried, "senders", wording.LABELS["senders"], hint, element)


def _groups_input(carried: SettingsModalValue, form: SettingsForm) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "value",
        "max_length": INPUT_MAX_CHARS,
        "placeholder": plain_text("S0123ABCD"),
    }
    if form.groups:
        element["initial_value"] = for_input(form.groups)[:INPUT_MAX_CHARS]
    hint = "IDs of user groups, separated by commas."
    return _input(carried, GROUPS, "User groups that may send", hint, element)


def _digest_day_input(carried: SettingsModalValue, form: SettingsForm, default: str) -> Block:
    options = [
        {"text": plain_text(f"Default ({default})"), "value": DIGEST_DAY_DEFAULT},
        *({"text": plain_text(name), "value": day} for day, name in wording.WEEKDAY_NAMES.items()),
        {"text": plain_text("No weekly digest"), "value": wording.OFF},
    ]
    preset = next((one for one in options if one["value"] == form.digest_day), options[0])
    element = {
        "type": "static_select",
        "action_id": "value",
        "options": options,
        "initial_option": preset,
    }
    hint = "On this day the digest covers the week, too."
    return _input(carried, "digest_day", wording.LABELS["digest_day"], hint, element)
