"""The modal of a channel's settings: built, read, checked, and built again where two people change them."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.context import BotContext
from bot.slack.blocks.channel_settings import modal as face
from bot.slack.blocks.channel_settings import wording
from bot.slack.blocks.channel_settings.modal import GROUPS, SettingsForm, SettingsModalParts
from bot.slack.blocks.channel_settings.values import SettingsModalValue
from bot.slack.blocks.text import date_token
from handlers.door import InputError, typed_text
from models import ChannelSettings
from models.policies import typed_settings
from models.priority.weights import parse_weights
from models.slack.channel_settings import ALL_DEFAULT, OwnSettings

NO_DIGEST_TIME_TEXT = "Type a time for this channel's own digest, or set the weekly digest to Default."
TOO_LONG_TEXT = "With these office hours, that would take more than a year. Type less."
TOO_MANY_HOLIDAYS_TEXT = "With these holidays, first replies could take more than a year. Type fewer days."
REVIEW_TEXT = "What you typed is still here. Please check it and press *Save* again."


def build(ctx: BotContext, channel: str, known: ChannelSettings | None) -> dict[str, Any]:
    """The modal with the settings of that channel as they are."""
    form = face.form_of(known.own if known is not None else ALL_DEFAULT)
    return _build(ctx, channel, form, face.digests(form), known)


def rebuild(
    ctx: BotContext, carried: SettingsModalValue, form: SettingsForm, known: ChannelSettings | None
) -> dict[str, Any]:
    """The modal again after somebody else's change: with what the person typed, and what is new besides.

    An input that they left alone shows what holds now; in the others their own words stay.
    """
    own = known.own if known is not None else ALL_DEFAULT
    now = face.form_of(own)
    is_typed = _differences(form, carried.shown)
    is_new = _differences(now, carried.shown)
    merged = replace(form, **{name: getattr(now, name) for name in face.FORM_NAMES if name not in is_typed})
    note = _conflict_text(ctx, carried.channel, own, known, is_new=is_new, is_typed=is_typed)
    return _build(ctx, carried.channel, merged, face.digests(now), known, note=note)


def _build(
    ctx: BotContext,
    channel: str,
    form: SettingsForm,
    shown: dict[str, str],
    known: ChannelSettings | None,
    *,
    note: str | None = None,
) -> dict[str, Any]:
    revision, changed = known.revision if known is not None else 0, None
    if known is not None and known.changed_by is not None:
        changed = f"Last changed by <@{known.changed_by}>, {date_token(known.changed_at)}."
    parts = SettingsModalParts(ctx.settings.policy_defaults, ctx.settings.slack_channel, changed, note)
    carried = SettingsModalValue(uuid.uuid4().hex, channel, revision, shown)
    return face.build_settings_modal(carried, form, parts)


def _differences(form: SettingsForm, shown: dict[str, str]) -> set[str]:
    """The names of the inputs that hold something else in `form` than when they were shown."""
    return {name for name, digest in face.digests(form).items() if digest != shown.get(name)}


def _conflict_text(
    ctx: BotContext,
    channel: str,
    own: OwnSettings,
    known: ChannelSettings | None,
    *,
    is_new: set[str],
    is_typed: set[str],
) -> str:
    """Who has changed what meanwhile, to somebody who was about to save."""
    by = f"<@{known.changed_by}>" if known is not None and known.changed_by is not None else "Someone"
    is_default = channel == ctx.settings.slack_channel
    settings = {"senders" if name == GROUPS else name for name in is_new}
    both = {"senders" if name == GROUPS else name for name in is_new & is_typed}
    lines = [
        f":warning: {by} changed these settings while this was open.{' They are now:' if settings else ''}"
    ]
    defaults = ctx.settings.policy_defaults
    for name, label in wording.LABELS.items():
        if name in settings:
            value = getattr(own, name)
            said = (
                f"{wording.default_text(name, defaults, is_default_channel=is_default)} (default)"
                if value is None
                else wording.value_text(name, value)
            )
            yours = " (you typed something else, which is below)" if name in both else ""
            lines.append(f"• *{label}*: {said}{yours}")
    return "\n".join([*lines, REVIEW_TEXT])


# --- what was typed -----------------------------------------------------------------------------------------


def read(view: dict[str, Any], carried: SettingsModalValue) -> SettingsForm:
    """What the inputs of that modal hold."""

    def text(name: str) -> str:
        return typed_text(view, face.block_id(name, carried.revision)).text.strip()

    def entered(name: str) -> dict[str, Any]:
        block = face.block_id(name, carried.revision)
        found: dict[str, Any] = view["state"]["values"].get(block, {}).get("value", {})
        return found

    day = (entered("digest_day").get("selected_option") or {}).get("value")
    return SettingsForm(
        first_reply_minutes=text("first_reply_minutes"),
        office_hours=text("office_hours"),
        time_zone=text("time_zone"),
        holidays=text("holidays"),
        senders=tuple(entered("senders").get("selected_users") or ()),
        groups=text(GROUPS),
        digest_at=text("digest_at"),
        digest_day=day or face.DIGEST_DAY_DEFAULT,
        near_copy_percent=text("near_copy_percent"),
        spike_per_minute=text("spike_per_minute"),
        priority_weights=text("priority_weights"),
    )


def parse(ctx: BotContext, form: SettingsForm, carried: SettingsModalValue) -> OwnSettings:
    """The values that were typed. Raises `InputError`, which names the first input that cannot be read."""

    def of(name: str, read_text: Callable[[str], Any]) -> Any:  # noqa: ANN401 - what it returns
        try:
            return read_text(getattr(form, name))
        except ValueError as error:
            raise InputError(face.block_id(name, carried.revision), str(error)) from None

    own = OwnSettings(
        first_reply_minutes=of("first_reply_minutes", typed_settings.read_minutes),
        office_hours=of("office_hours", typed_settings.read_office_hours),
        time_zone=of("time_zone", typed_settings.read_time_zone),
        holidays=of("holidays", typed_settings.read_holidays),
        senders=(*form.senders, *of(GROUPS, typed_settings.read_groups)) or None,
        digest_at=of("digest_at", typed_settings.read_digest_time),
        digest_day=None if form.digest_day == face.DIGEST_DAY_DEFAULT else form.digest_day,
        near_copy_percent=of("near_copy_percent", typed_settings.read_percent),
        spike_per_minute=of("spike_per_minute", typed_settings.read_spike),
        priority_weights=of("priority_weights", parse_weights).as_json() or None,
    )
    if (
        own.digest_day not in {None, wording.OFF}
        and own.digest_at is None
        and carried.channel != ctx.settings.slack_channel
    ):
        raise InputError(face.block_id("digest_at", carried.revision), NO_DIGEST_TIME_TEXT)
    defaults, at = ctx.settings.policy_defaults, ctx.now()
    if not defaults.is_within_a_year(own, at):
        if own.holidays and defaults.is_within_a_year(replace(own, holidays=""), at):
            raise InputError(face.block_id("holidays", carried.revision), TOO_MANY_HOLIDAYS_TEXT)
        raise InputError(face.block_id("first_reply_minutes", carried.revision), TOO_LONG_TEXT)
    return own
