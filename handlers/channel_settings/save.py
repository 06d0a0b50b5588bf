"""The settings of a channel, saved: all of them or nothing, told to the channel, and nobody's words lost."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs import digest
from bot.jobs.priorities import fill_missing
from bot.slack.blocks.channel_settings import modal as face
from bot.slack.blocks.channel_settings import wording
from bot.slack.blocks.channel_settings.values import SettingsModalValue
from handlers.channel_settings import checks
from handlers.channel_settings import form as forms
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from handlers.tracks.admins import require_admin
from models import ChannelSettings, Notice
from models.slack import channel_settings
from models.slack.channel_settings import ALL_DEFAULT, OwnSettings, SettingChange, SettingsMovedOnError
from models.tickets import priorities

_DIGEST_SETTINGS = {"digest_at", "digest_day", "time_zone"}


@door.submit(face.SETTINGS_CALLBACK_ID, value=SettingsModalValue, at=lambda act: face.first_input(act.view))
def save(act: Act[SettingsModalValue]) -> dict[str, Any] | None:
    """Save what was typed; if somebody else was faster, show what they changed beside what was typed."""
    ctx, carried = act.ctx, act.value
    require_admin(ctx, act.who.id, to=checks.ADMIN_ACT)
    form = forms.read(act.view, carried)
    own = forms.parse(ctx, form, carried)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = ChannelSettings.of(session, carried.channel)
        policy = ctx.policy(session, carried.channel)
    if (known.revision if known is not None else 0) != carried.revision:
        return _show_again(ctx, carried, form)
    checks.require_channel(ctx, carried.channel)
    before = known.own if known is not None else ALL_DEFAULT
    if own.senders != before.senders:
        new = [one for one in own.senders or () if one not in (before.senders or ())]
        checks.check_senders(ctx, act.who.id, policy, new, carried)
    try:
        with act.change_once() as session:
            changes = _change(act, session, own)
    except SettingsMovedOnError:
        return _show_again(ctx, carried, form)
    if any(one.name == "priority_weights" for one in changes):
        ctx.run_in_background(partial(fill_missing, ctx))
    return None


def _change(act: Act[SettingsModalValue], session: Session, own: OwnSettings) -> tuple[SettingChange, ...]:
    ctx, channel, at, by = act.ctx, act.value.channel, act.ctx.now(), act.who.id
    priorities.lock_rules(session)
    changes = channel_settings.change(session, channel, own, revision=act.value.revision, at=at, by=by)
    if not changes:
        return changes
    if any(one.name in _DIGEST_SETTINGS for one in changes):
        digest.skip_past(ctx, session, channel, at=at)
    if any(one.name == "priority_weights" for one in changes):
        priorities.forget_all(session, channel=channel)
    said = wording.changed_text(
        by,
        changes,
        ctx.settings.policy_defaults,
        is_default_channel=channel == ctx.settings.slack_channel,
    )
    Notice.enqueue(session, said, at=at, channel=channel)
    return changes


def _show_again(ctx: BotContext, carried: SettingsModalValue, form: face.SettingsForm) -> dict[str, Any]:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = ChannelSettings.of(session, carried.channel)
    return {"response_action": "update", "view": forms.rebuild(ctx, carried, form, known)}
