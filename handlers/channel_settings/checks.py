"""Asks Slack before settings are shown or saved: is Heard in the channel, and can these people send."""

from collections.abc import Sequence

from bot.context import BotContext
from bot.slack.blocks.channel_settings import modal as face
from bot.slack.blocks.channel_settings.values import SettingsModalValue
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.membership import MEMBERSHIP_WAIT_SECONDS, find_channel, profile_of
from bot.slack.sender_permissions import (
    Outsider,
    PermissionUnknownError,
    is_group,
    outsider_of,
    unreadable_reason,
)
from handlers.door import InputError
from models.core.base import RuleBrokenError
from models.policies.channel_policy import ChannelPolicy

ADMIN_ACT = "change the settings of channels"  # in a sentence: only Ana can …
NO_CHANNEL_TEXT = (
    "Settings belong to a channel. Type `/mentions settings` in a channel where Heard shows cards."
)
NOT_IN_CHANNEL_TEXT = (
    "Heard is not in this channel, so it has no settings here. Invite it (`/invite @Heard`), then try again."
)
CHANNEL_UNKNOWN_TEXT = (
    "I couldn't check with Slack whether Heard is in this channel. Please try again in a moment."
)
GROUPS_UNKNOWN_TEXT = "I couldn't check these groups with Slack. Please try again in a moment."
NOT_A_SENDER_TEXT = "Only someone who may send from this channel can change who may."
APP_TEXT = "Apps can't send public replies. Choose people only."
DEACTIVATED_TEXT = "One of these accounts is deactivated. Choose people who can send."
_SLACKBOT_USER_ID = "USLACKBOT"  # `users.info` does not call it an app


def require_channel(ctx: BotContext, channel: str, *, name: str = "") -> None:
    """Raise `RuleBrokenError`, a sentence, unless that conversation is a channel that Heard is in.

    `name` is what a slash command calls it: a direct message of several people has the id of a channel.
    """
    if not channel.startswith(("C", "G")) or name.startswith("mpdm-"):
        raise RuleBrokenError(NO_CHANNEL_TEXT)
    found = find_channel(ctx, channel, wait_seconds=MEMBERSHIP_WAIT_SECONDS)
    if found is None:
        raise RuleBrokenError(CHANNEL_UNKNOWN_TEXT)
    if not found.is_member:
        raise RuleBrokenError(NOT_IN_CHANNEL_TEXT)


def check_senders(
    ctx: BotContext, user: str, policy: ChannelPolicy, new: Sequence[str], carried: SettingsModalValue
) -> None:
    """Raise `InputError` if `user` may not change who sends, or if somebody in `new` can't be a sender.

    `policy` is what holds now. Where Slack does not say in time who a person is, they are taken for one who
    can. Without this, whoever is not among the senders could add themselves.
    """
    people, groups = (face.block_id(name, carried.revision) for name in ("senders", face.GROUPS))
    if ctx.settings.admins is None and not _may_send(ctx, user, policy):
        raise InputError(people, NOT_A_SENDER_TEXT)
    for one in new:
        if not is_group(one):
            _check_person(ctx, one, people)
    wanted = [one for one in new if is_group(one)]
    if wanted:
        refusal = ctx.ask_with_timeout(lambda: _group_refusal(ctx, wanted), MEMBERSHIP_WAIT_SECONDS)
        if refusal is None:
            raise InputError(groups, GROUPS_UNKNOWN_TEXT)
        if refusal:
            raise InputError(groups, refusal)


def _may_send(ctx: BotContext, user: str, policy: ChannelPolicy) -> bool:
    senders = policy.senders
    if senders is None or user in senders:
        return True
    permissions = ctx.sender_permissions
    known = ctx.ask_with_timeout(
        lambda: permissions.try_why_not(ctx, user, policy.channel, senders), MEMBERSHIP_WAIT_SECONDS
    )
    return known is not None and known == (True, None)


def _check_person(ctx: BotContext, user: str, block: str) -> None:
    if user == _SLACKBOT_USER_ID:
        raise InputError(block, APP_TEXT)
    try:
        what = outsider_of(profile_of(ctx, user, wait_seconds=MEMBERSHIP_WAIT_SECONDS))
    except (PermissionUnknownError, SlackRefusedError):
        return
    if what is Outsider.APP:
        raise InputError(block, APP_TEXT)
    if what is Outsider.DEACTIVATED:
        raise InputError(block, DEACTIVATED_TEXT)


def _group_refusal(ctx: BotContext, groups: Sequence[str]) -> str | None:
    """Which of these user groups cannot be read, in one sentence; empty if all can, None if unknown."""
    for group in groups:
        try:
            ctx.slack.group(group)
        except SlackRefusedError as error:
            return f"Slack doesn't say who is in {group}: {unreadable_reason(error)}."
        except SlackError:
            return None
    return ""
