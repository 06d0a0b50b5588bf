"""Whose clocks count: a person's own, as their Slack profile has it, else the team's."""

from zoneinfo import ZoneInfo

from bot.context import Desk
from bot.slack.client import SlackNoError
from bot.slack.permissions import UnknownStandingError

PATIENCE = 1.0  # seconds: whoever types "tomorrow 9am" waits for an answer


def zone_of(desk: Desk, user: str) -> ZoneInfo:
    """The time zone of `user`; TIME_ZONE where Slack does not say in time. Not within a transaction."""
    return own_zone_of(desk, user) or desk.settings.office.zone


def own_zone_of(desk: Desk, user: str) -> ZoneInfo | None:
    """The time zone of `user`; None where Slack does not say in time. Not within a transaction."""
    return desk.ask(lambda: _theirs(desk, user), PATIENCE)


def _theirs(desk: Desk, user: str) -> ZoneInfo | None:
    """What Slack says, remembered for a while with the rest that it says of them."""
    try:
        profile = desk.standing.told(desk, ("person", user), lambda: desk.slack.profile(user))
        return ZoneInfo(profile.tz) if profile.tz else None
    except (SlackNoError, UnknownStandingError):
        return None
    except (ValueError, OSError, LookupError):  # a name that this machine knows no zone by
        return None
