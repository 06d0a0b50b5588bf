"""Who may see what Heard knows, and act: members of the workspace.

Guests and people of other organisations read the cards in their channels, as anybody there does, and nothing
else. If their own id is in SENDERS, they may also claim, reply and close those cards. Which button, modal or
command needs what is in `handlers/access.py`; Home, direct messages and exports ask here as well.

Slack's answers are shared with `bot/slack/permissions.py`: kept for five minutes, usable for an hour while
Slack is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TypeVar

from bot.context import Desk
from bot.slack.client import Profile, SlackNoError
from bot.slack.permissions import (
    FRESH,
    NOT_OURS,
    SAYS_NOTHING,
    VISITORS,
    Outsider,
    UnknownStandingError,
    because,
    outsider,
)

Answer = TypeVar("Answer")

WAIT_SECONDS = 0.8  # that a press waits for Slack's answer; the trigger of a modal lives three seconds in all

GUEST = (
    "Only members of this workspace can use Heard. Guests can read the cards in their channels; to answer "
    "them, a guest has to be named in Heard's settings."
)
FOREIGN = (
    "Only members of this workspace can use Heard. People from other organisations can read the cards in the "
    "channels that they share with it."
)
GONE = "This account was deactivated, so it cannot use Heard."
APP = "Only a person can use Heard, and this account is an app."
UNKNOWN = "I could not ask Slack who you are, so nothing was done. Please try again in a moment."
NAMED_ONLY = (
    "As a guest you can claim, reply to and close the cards in your channels. The rest of Heard is for "
    "members of this workspace."
)
NOT_IN_CHANNEL = "You can only act on cards in channels that you are in."
NOT_YOUR_REPLY = "As a guest you can only decide about a reply of your own."


_REFUSALS = {
    Outsider.DEACTIVATED: GONE,
    Outsider.APP: APP,
    Outsider.FOREIGN: FOREIGN,
    Outsider.GUEST: GUEST,
}


class Kind(Enum):
    """What somebody is to this workspace."""

    MEMBER = auto()
    NAMED_GUEST = auto()  # a guest, or a person of another organisation, whose own id is in SENDERS
    OUTSIDER = auto()  # any other guest or foreigner, a deactivated account, an app
    UNKNOWN = auto()  # Slack could not be asked, and nothing is known from before


@dataclass(frozen=True, slots=True)
class Access:
    """Who somebody is; `refusal` is the sentence to whoever is no member."""

    kind: Kind
    refusal: str | None = None

    @property
    def is_member(self) -> bool:
        """Whether nothing is kept from them."""
        return self.kind is Kind.MEMBER


MEMBER = Access(Kind.MEMBER)


def access_of(
    desk: Desk,
    user: str,
    *,
    team: str | None = None,
    wait_seconds: float | None = None,
    fresh: timedelta = FRESH,
) -> Access:
    """Who `user` is. Asks Slack what is not known: not within a transaction.

    `team` is the workspace that the press itself named; it counts where Slack tells nothing of the person.
    With `wait_seconds` a slow Slack is not waited for: then what was known within the last hour counts, and
    the answer is remembered when it comes.
    """
    try:
        profile = profile_of(desk, user, wait_seconds=wait_seconds, fresh=fresh)
    except UnknownStandingError:
        return Access(Kind.UNKNOWN, UNKNOWN)
    except SlackNoError as error:
        return _untold(desk, user, error, team)
    return _told(desk, user, profile)


def access_if_known(desk: Desk, user: str) -> Access:
    """As `access_of`, from memory alone."""
    try:
        profile: Profile = desk.standing.told(desk, _person(user), None)
    except UnknownStandingError:
        return Access(Kind.UNKNOWN, UNKNOWN)
    except SlackNoError as error:
        return _untold(desk, user, error, None)
    return _told(desk, user, profile)


def profile_of(
    desk: Desk, user: str, *, wait_seconds: float | None = None, fresh: timedelta = FRESH
) -> Profile:
    """What Slack says of `user`, asked as in `access_of`.

    Raises `SlackNoError` for a definite no, `UnknownStandingError` if nothing is known in time.
    """
    return _from_slack(desk, _person(user), lambda: desk.slack.profile(user), wait_seconds, fresh)


def is_named(desk: Desk, user: str) -> bool:
    """Whether SENDERS names `user`, who may then act wherever they belong."""
    return user in (desk.settings.senders or ())


def is_in_channel(desk: Desk, user: str, channel: str, *, wait_seconds: float | None = None) -> bool:
    """Whether `user` is in `channel`. Raises `UnknownStandingError` if Slack could not be asked.

    A server that does not know the question cannot say who is where: then they are taken to be in it.
    """
    try:
        members = _from_slack(
            desk, ("members", channel), lambda: desk.slack.members(channel), wait_seconds, FRESH
        )
    except SlackNoError as error:
        return error.error == "unknown_method"
    return user in members


# --- what Slack says ----------------------------------------------------------------------------------------


def _person(user: str) -> tuple[str, str]:
    """The key that `bot/slack/permissions.py` keeps a profile under."""
    return ("person", user)


def _from_slack(
    desk: Desk,
    key: tuple[str, str],
    ask: Callable[[], Answer],
    wait_seconds: float | None,
    fresh: timedelta,
) -> Answer:
    """Slack's answer, waited for no longer than `wait_seconds`.

    Raises `SlackNoError` for a definite no, `UnknownStandingError` if nothing is known in time.
    """
    standing = desk.standing
    if wait_seconds is None:
        return standing.told(desk, key, ask, fresh=fresh)
    if not standing.is_fresh(desk, key, fresh):
        answer = desk.ask(lambda: standing.told(desk, key, ask, fresh=fresh), wait_seconds)
        if answer is not None:
            return answer
    return standing.told(desk, key, None)


def _told(desk: Desk, user: str, profile: Profile) -> Access:
    """Who somebody is by their profile."""
    what = outsider(profile)
    if what is None:
        return MEMBER
    if what in VISITORS:
        return _visitor(desk, user, _REFUSALS[what])
    return Access(Kind.OUTSIDER, _REFUSALS[what])


def _untold(desk: Desk, user: str, error: SlackNoError, team: str | None) -> Access:
    """Who somebody is of whom Slack tells nothing.

    A server without `users.info` has no guests. Whoever Slack does not find is of this workspace, as all are
    who press something in it, unless the press itself comes from another one.
    """
    if error.error in NOT_OURS or (error.error != "unknown_method" and _is_elsewhere(desk, team)):
        return _visitor(desk, user, FOREIGN)
    if error.error in SAYS_NOTHING:
        return MEMBER
    why = because(error, "users:read")
    return Access(
        Kind.OUTSIDER,
        f"Slack does not tell Heard who is a guest ({why}), so nobody can use it. Whoever runs Heard can "
        "mend that: `python -m bot doctor` says how.",
    )


def _visitor(desk: Desk, user: str, refusal: str) -> Access:
    if is_named(desk, user):
        return Access(Kind.NAMED_GUEST, NAMED_ONLY)
    return Access(Kind.OUTSIDER, refusal)


def _is_elsewhere(desk: Desk, team: str | None) -> bool:
    """Whether `team` is known to be another workspace than ours; not told apart within a Grid."""
    ours = desk.slack.identity_if_known()
    if not team or ours is None or ours.enterprise_id:
        return False
    return team != ours.team_id
