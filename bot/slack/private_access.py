"""Who may read what is not public: members of the private channel in which it is shown, asked of Slack.

Unknown is no: an answer that is older than a few seconds does not count, nor does a channel of which Slack
says nothing. The rule itself is `models/privacy/read_access.py`.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import Enum, auto
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.client import ChannelInfo
from bot.slack.errors import SlackRefusedError
from bot.slack.sender_permissions import PermissionUnknownError
from models.core.database import LOCK_TIMEOUT_SECONDS
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess, private_channels

Answer = TypeVar("Answer")

PRIVACY_FRESH_AGE = timedelta(seconds=10)  # so long an answer of Slack's counts; after that it is asked again
ACCESS_WAIT_SECONDS = 1.0  # that a command or press waits for Slack's answer
NOT_PRIVATE_ERROR, PRIVACY_UNKNOWN_ERROR = "channel_not_private", "channel_privacy_unknown"
NOT_A_READER = "This is not public. Only members of the private channel that has its card can see it and act."
_LOST_CHANNEL_ERRORS = {"channel_not_found", "not_in_channel", "is_archived"}


class ChannelPrivacy(Enum):
    """What Slack says of a channel."""

    PRIVATE = auto()  # only its members see it, we are one of them, and all are of this workspace
    NOT_PRIVATE = auto()  # public, shared with another organisation, archived, or hidden from us
    UNKNOWN = auto()


def channel_privacy(ctx: BotContext, channel: str) -> ChannelPrivacy:
    """Whether what is not public may be shown in `channel`. Asks Slack: not within a transaction."""
    try:
        found = _ask_slack(ctx, _channel_key(channel), lambda: ctx.slack.channel(channel))
    except PermissionUnknownError:
        return ChannelPrivacy.UNKNOWN
    except SlackRefusedError as error:
        is_lost = error.error in _LOST_CHANNEL_ERRORS
        return ChannelPrivacy.NOT_PRIVATE if is_lost else ChannelPrivacy.UNKNOWN
    return ChannelPrivacy.PRIVATE if _is_private(found) else ChannelPrivacy.NOT_PRIVATE


def check_private(ctx: BotContext, channel: str) -> None:
    """Raise `SlackRefusedError` unless Slack says that `channel` is private.

    To be asked before each call that shows words which are not public.
    """
    privacy = channel_privacy(ctx, channel)
    if privacy is not ChannelPrivacy.PRIVATE:
        is_known = privacy is ChannelPrivacy.NOT_PRIVATE
        raise SlackRefusedError(NOT_PRIVATE_ERROR if is_known else PRIVACY_UNKNOWN_ERROR)


def read_access_of(
    ctx: BotContext,
    user: str,
    *,
    wait_seconds: float = ACCESS_WAIT_SECONDS,
    patience: float = LOCK_TIMEOUT_SECONDS,
) -> ReadAccess:
    """What `user` may read. Asks Slack only if there are private tickets: not within a transaction.

    `patience` in seconds is for the ledger. Raises what the database raises.
    """
    with ctx.db.read(patience) as session:
        channels = private_channels(session)
    if not channels:
        return PUBLIC_ONLY
    joined = ctx.ask_with_timeout(
        lambda: frozenset(one for one in channels if is_reader(ctx, user, one)), wait_seconds
    )
    return PUBLIC_ONLY if joined is None else ReadAccess(joined)


def read_access_if_known(ctx: BotContext, session: Session, user: str) -> ReadAccess:
    """As `read_access_of`, from memory alone, so that a transaction may be open."""
    channels = private_channels(session)
    return ReadAccess(frozenset(one for one in channels if _is_reader_if_known(ctx, user, one)))


def is_reader(ctx: BotContext, user: str, channel: str) -> bool:
    """Whether `channel` is private and `user` is in it, both for certain. Asks Slack."""
    if channel_privacy(ctx, channel) is not ChannelPrivacy.PRIVATE:
        return False
    try:
        return user in _ask_slack(ctx, _members_key(channel), lambda: ctx.slack.members(channel))
    except (PermissionUnknownError, SlackRefusedError):
        return False


def _is_reader_if_known(ctx: BotContext, user: str, channel: str) -> bool:
    try:
        info = _known(ctx, _channel_key(channel), ctx.slack.channel)
        members = _known(ctx, _members_key(channel), ctx.slack.members)
    except (PermissionUnknownError, SlackRefusedError):
        return False
    return _is_private(info) and user in members


def _is_private(info: ChannelInfo) -> bool:
    return info.is_private and info.is_member and not info.is_shared and not info.is_archived


def _channel_key(channel: str) -> tuple[str, str]:
    return ("privacy", channel)


def _members_key(channel: str) -> tuple[str, str]:
    return ("private members", channel)


def _ask_slack(ctx: BotContext, key: tuple[str, str], ask: Callable[[], Answer]) -> Answer:
    """Slack's answer, a few seconds old at most.

    Raises `SlackRefusedError` for a definite no, `PermissionUnknownError` if Slack does not say.
    """
    if not ctx.sender_permissions.is_fresh(ctx, key, PRIVACY_FRESH_AGE):
        ctx.sender_permissions.cached_answer(ctx, key, ask, fresh=PRIVACY_FRESH_AGE)
    return _known(ctx, key, lambda _: ask())


def _known(ctx: BotContext, key: tuple[str, str], ask: Callable[[str], Answer]) -> Answer:
    """What Slack said to `ask` within the last seconds, without asking. Raises as `_ask_slack`."""
    del ask
    if not ctx.sender_permissions.is_fresh(ctx, key, PRIVACY_FRESH_AGE):
        raise PermissionUnknownError
    return ctx.sender_permissions.cached_answer(ctx, key, None)
