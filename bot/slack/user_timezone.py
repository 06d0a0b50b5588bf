"""Whose clocks count: a person's own, as their Slack profile has it, else the team's."""

from zoneinfo import ZoneInfo

from bot.context import BotContext
from bot.slack.errors import SlackRefusedError
from bot.slack.sender_permissions import PermissionUnknownError

PROFILE_WAIT_SECONDS = 1.0  # seconds: whoever types "tomorrow 9am" waits for an answer


def zone_of(ctx: BotContext, user: str) -> ZoneInfo:
    """The time zone of `user`; TIME_ZONE where Slack does not say in time. Not within a transaction."""
    return own_zone_of(ctx, user) or ctx.settings.office.zone


def own_zone_of(ctx: BotContext, user: str) -> ZoneInfo | None:
    """The time zone of `user`; None where Slack does not say in time. Not within a transaction."""
    return ctx.ask_with_timeout(lambda: _profile_zone(ctx, user), PROFILE_WAIT_SECONDS)


def _profile_zone(ctx: BotContext, user: str) -> ZoneInfo | None:
    """What Slack says, remembered for a while with the rest that it says of them."""
    try:
        profile = ctx.sender_permissions.cached_answer(ctx, ("person", user), lambda: ctx.slack.profile(user))
        return ZoneInfo(profile.tz) if profile.tz else None
    except (SlackRefusedError, PermissionUnknownError):
        return None
    except (ValueError, OSError, LookupError):  # a name that this machine knows no zone by
        return None
