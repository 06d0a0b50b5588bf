"""Who may see what Heard knows, and act: members of the workspace.

Guests and people of other organisations read the cards in their channels, as anybody there does, and nothing
else. If their own id is among the senders of a channel (the setting SENDERS, or those that its team has set),
they may also claim, reply and close the cards there. Which button, modal or command needs what is in
`handlers/access.py`; Home, direct messages and exports ask here as well.

Slack's answers are shared with `bot/slack/sender_permissions.py`: kept for five minutes, usable for an hour
while Slack is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from bot.context import BotContext
from bot.slack.client import ChannelInfo, Profile
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.sender_permissions import (
    ANSWER_FRESH_AGE,
    NOT_VISIBLE_ERRORS,
    UNKNOWN_USER_ERRORS,
    VISITORS,
    Outsider,
    PermissionUnknownError,
    error_reason,
    outsider_of,
)
from models import ChannelSettings
from models.core.database import BusyError

Answer = TypeVar("Answer")

_NOT_IN_CHANNEL_ERRORS = {"channel_not_found", "not_in_channel"}  # of a channel that Slack hides from us

MEMBERSHIP_WAIT_SECONDS = (
    0.8  # that a press waits for Slack's answer; the trigger of a modal lives three seconds in all
)
NAMED_LOOKUP_SECONDS = 0.5  # that a guest's press waits for the ledger to say whether it names them

GUEST_REFUSAL = (
    "Only members of this workspace can use Heard. Guests can read the cards in their channels; to reply, "
    "a guest must be listed in Heard's settings."
)
FOREIGN_REFUSAL = (
    "Only members of this workspace can use Heard. People from other organisations can read the cards in the "
    "channels that they share with it."
)
DEACTIVATED_REFUSAL = "This account was deactivated, so it cannot use Heard."
APP_REFUSAL = "Only a person can use Heard, and this account is an app."
UNKNOWN_REFUSAL = (
    "I couldn't check with Slack who you are, so nothing was done. Please try again in a moment."
)
NAMED_GUEST_REFUSAL = (
    "As a guest you can claim, reply to and close the cards in your channels. The rest of Heard is for "
    "members of this workspace."
)
NOT_NAMED_HERE = "As a guest you can only act on cards in channels whose senders include you."
NOT_IN_CHANNEL = "You can only act on cards in channels that you are in."
NOT_YOUR_REPLY = "As a guest you can only decide about your own replies."


_REFUSALS = {
    Outsider.DEACTIVATED: DEACTIVATED_REFUSAL,
    Outsider.APP: APP_REFUSAL,
    Outsider.FOREIGN: FOREIGN_REFUSAL,
    Outsider.GUEST: GUEST_REFUSAL,
}


class MembershipKind(Enum):
    """What somebody is to this workspace."""

    MEMBER = auto()
    NAMED_GUEST = auto()  # a guest or foreigner whose own id is among the senders of a channel
    OUTSIDER = auto()  # any other guest or foreigner, a deactivated account, an app
    UNKNOWN = auto()  # Slack could not be asked, and nothing is known from before


@dataclass(frozen=True, slots=True)
class Access:
    """Who somebody is; `refusal` is the sentence to someone who is no member."""

    kind: MembershipKind
    refusal: str | None = None

    @property
    def is_member(self) -> bool:
        """Whether nothing is kept from them."""
        return self.kind is MembershipKind.MEMBER


MEMBER_ACCESS = Access(MembershipKind.MEMBER)


def access_of(
    ctx: BotContext,
    user: str,
    *,
    team: str | None = None,
    wait_seconds: float | None = None,
    fresh: timedelta = ANSWER_FRESH_AGE,
) -> Access:
    """Who `user` is. Asks Slack what is not known: not within a transaction.

    `team` is the workspace that the press itself named; it counts where Slack tells nothing of the person.
    With `wait_seconds` a slow Slack is not waited for: then what was known within the last hour counts, and
    the answer is remembered when it comes.
    """
    try:
        profile = profile_of(ctx, user, wait_seconds=wait_seconds, fresh=fresh)
    except PermissionUnknownError:
        return Access(MembershipKind.UNKNOWN, UNKNOWN_REFUSAL)
    except SlackRefusedError as error:
        return _access_without_profile(ctx, user, error, team)
    return _access_by_profile(ctx, user, profile)


def access_if_known(ctx: BotContext, user: str) -> Access:
    """As `access_of`, from memory alone."""
    try:
        profile: Profile = ctx.sender_permissions.cached_answer(ctx, _profile_key(user), None)
    except PermissionUnknownError:
        return Access(MembershipKind.UNKNOWN, UNKNOWN_REFUSAL)
    except SlackRefusedError as error:
        return _access_without_profile(ctx, user, error, None)
    return _access_by_profile(ctx, user, profile)


def profile_of(
    ctx: BotContext, user: str, *, wait_seconds: float | None = None, fresh: timedelta = ANSWER_FRESH_AGE
) -> Profile:
    """What Slack says of `user`, asked as in `access_of`.

    Raises `SlackRefusedError` for a definite no, `PermissionUnknownError` if nothing is known in time.
    """
    return _ask_slack(ctx, _profile_key(user), lambda: ctx.slack.profile(user), wait_seconds, fresh)


def is_named_sender(ctx: BotContext, user: str, channel: str) -> bool:
    """Whether the senders of `channel` name `user`, who may then act there, wherever they belong.

    Raises what the database raises.
    """
    with ctx.db.read(NAMED_LOOKUP_SECONDS) as session:
        return user in (ctx.policy(session, channel).senders or ())


def _is_named_anywhere(ctx: BotContext, user: str) -> bool:
    """Whether the senders of some channel name `user`. While the ledger does not say, SENDERS counts."""
    if user in (ctx.settings.senders or ()):
        return True
    try:
        with ctx.db.read(NAMED_LOOKUP_SECONDS) as session:
            return ChannelSettings.names_sender(session, user)
    except (SQLAlchemyError, BusyError):
        return False


def find_channel(ctx: BotContext, channel: str, *, wait_seconds: float) -> ChannelInfo | None:
    """What kind of channel it is, by Slack itself; None if Slack does not say in time.

    One that Slack hides from us is not ours.
    """
    return ctx.ask_with_timeout(lambda: _look_up_channel(ctx, channel), wait_seconds)


def _look_up_channel(ctx: BotContext, channel: str) -> ChannelInfo | None:
    try:
        return ctx.slack.channel(channel)
    except SlackRefusedError as error:
        is_hidden = error.error in _NOT_IN_CHANNEL_ERRORS
        return ChannelInfo(is_shared=False, is_archived=False, is_member=False) if is_hidden else None
    except SlackError:
        return None


def is_in_channel(ctx: BotContext, user: str, channel: str, *, wait_seconds: float | None = None) -> bool:
    """Whether `user` is in `channel`. Raises `PermissionUnknownError` if Slack could not be asked.

    A server that does not know the question cannot say who is where: then they are taken to be in it.
    """
    try:
        members = _ask_slack(
            ctx, ("members", channel), lambda: ctx.slack.members(channel), wait_seconds, ANSWER_FRESH_AGE
        )
    except SlackRefusedError as error:
        return error.error == "unknown_method"
    return user in members


def refusal_of_guest(ctx: BotContext, user: str, channel: str, *, seen_in: str | None) -> str | None:
    """Why a guest whom some channel names may not act on cards in `channel`; None if they may.

    `seen_in` is the channel in which they act, if any. Raises `PermissionUnknownError` if Slack could not be
    asked, and what the database raises.
    """
    if not is_named_sender(ctx, user, channel):
        return NOT_NAMED_HERE
    # Slack tells of a press in a channel only if they are in it; a modal may have been opened long ago.
    if channel == seen_in or is_in_channel(ctx, user, channel, wait_seconds=MEMBERSHIP_WAIT_SECONDS):
        return None
    return NOT_IN_CHANNEL


# --- what Slack says ----------------------------------------------------------------------------------------


def _profile_key(user: str) -> tuple[str, str]:
    """The key that `bot/slack/sender_permissions.py` keeps a profile under."""
    return ("person", user)


def _ask_slack(
    ctx: BotContext,
    key: tuple[str, str],
    ask: Callable[[], Answer],
    wait_seconds: float | None,
    fresh: timedelta,
) -> Answer:
    """Slack's answer, waited for no longer than `wait_seconds`.

    Raises `SlackRefusedError` for a definite no, `PermissionUnknownError` if nothing is known in time.
    """
    permissions = ctx.sender_permissions
    if wait_seconds is None:
        return permissions.cached_answer(ctx, key, ask, fresh=fresh)
    if not permissions.is_fresh(ctx, key, fresh):
        answer = ctx.ask_with_timeout(
            lambda: permissions.cached_answer(ctx, key, ask, fresh=fresh), wait_seconds
        )
        if answer is not None:
            return answer
    return permissions.cached_answer(ctx, key, None)


def _access_by_profile(ctx: BotContext, user: str, profile: Profile) -> Access:
    """Who somebody is by their profile."""
    what = outsider_of(profile)
    if what is None:
        return MEMBER_ACCESS
    if what in VISITORS:
        return _visitor_access(ctx, user, _REFUSALS[what])
    return Access(MembershipKind.OUTSIDER, _REFUSALS[what])


def _access_without_profile(ctx: BotContext, user: str, error: SlackRefusedError, team: str | None) -> Access:
    """Who somebody is of whom Slack tells nothing.

    A server without `users.info` has no guests. Whoever Slack does not find is of this workspace, as all are
    who press something in it, unless the press itself comes from another one.
    """
    if error.error in NOT_VISIBLE_ERRORS or (
        error.error != "unknown_method" and _is_other_workspace(ctx, team)
    ):
        return _visitor_access(ctx, user, FOREIGN_REFUSAL)
    if error.error in UNKNOWN_USER_ERRORS:
        return MEMBER_ACCESS
    why = error_reason(error, "users:read")
    return Access(
        MembershipKind.OUTSIDER,
        f"Slack doesn't tell Heard who is a guest ({why}), so no one can use it. Ask your Heard admin to "
        "fix this: `python -m bot doctor` says how.",
    )


def _visitor_access(ctx: BotContext, user: str, refusal: str) -> Access:
    if _is_named_anywhere(ctx, user):
        return Access(MembershipKind.NAMED_GUEST, NAMED_GUEST_REFUSAL)
    return Access(MembershipKind.OUTSIDER, refusal)


def _is_other_workspace(ctx: BotContext, team: str | None) -> bool:
    """Whether `team` is known to be another workspace than ours; not told apart within a Grid."""
    ours = ctx.slack.identity_if_known()
    if not team or ours is None or ours.enterprise_id:
        return False
    return team != ours.team_id
