"""Who may speak in public: a channel's senders, held against what Slack says of people, places and groups."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Protocol, TypeVar, cast

from bot.slack.client import ChannelInfo, Profile, SlackClient
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
Senders = Sequence[str] | None
"""The ids of users and user groups who may send; None is every member."""

ANSWER_FRESH_AGE = timedelta(minutes=5)
# While Slack is away, an answer that is older still counts: whoever could send an hour ago will hardly be
# somebody else now, and a team must not fall silent because Slack has a bad quarter of an hour. No longer
# than that, for then somebody who was shut out could go on.
ANSWER_MAX_AGE = timedelta(hours=1)
FAILURE_PAUSE = timedelta(
    seconds=5
)  # after a failure: a person who presses a button waits three seconds in all
MAX_NAMED_PEOPLE = 5  # people named in one sentence

# Slack would tell us nothing whatever: this says nothing of the one that we asked about.
_NO_ACCESS_ERRORS = {
    "account_inactive",
    "ekm_access_denied",
    "invalid_auth",
    "not_authed",
    "org_login_required",
    "team_added_to_org",
    "token_expired",
    "token_revoked",
}
NOT_VISIBLE_ERRORS = {"user_not_visible"}
# A server that does not tell of people has no guests; and whoever pressed something is somebody: people of
# other organisations are met in shared channels alone, from which nobody sends.
UNKNOWN_USER_ERRORS = {"unknown_method", "user_not_found", "users_not_found"}

SHARED_CHANNEL_REFUSAL = (
    "No one can send public replies from this channel, because it is shared with another organisation."
)
GUEST_REFUSAL = "Guests cannot send public replies, unless Heard's settings list them."
FOREIGN_REFUSAL = (
    "People from other organisations cannot send public replies, unless Heard's settings list them."
)
DEACTIVATED_REFUSAL = "This account was deactivated, so no public replies are sent for it."
APP_REFUSAL = "Only a person can send public replies, and this account is an app."
FIX_HINT = "Ask your Heard admin to fix this: `/mentions doctor` says how."
UNKNOWN_REFUSAL = (
    "I couldn't check with Slack whether you may send; please try again in a moment. Your text is kept."
)


class SlackAccess(Protocol):
    """What a permission check needs: Slack, and the time."""

    @property
    def slack(self) -> SlackClient:
        """The calls to Slack."""

    @property
    def now(self) -> Callable[[], datetime]:
        """The time."""


class Outsider(Enum):
    """What somebody is who is no member of the workspace."""

    DEACTIVATED = auto()
    APP = auto()
    FOREIGN = auto()  # of another organisation, met by Slack Connect
    GUEST = auto()


VISITORS = frozenset({Outsider.FOREIGN, Outsider.GUEST})  # people here whom SENDERS may name
_REFUSALS = {
    Outsider.DEACTIVATED: DEACTIVATED_REFUSAL,
    Outsider.APP: APP_REFUSAL,
    Outsider.FOREIGN: FOREIGN_REFUSAL,
    Outsider.GUEST: GUEST_REFUSAL,
}


def outsider_of(profile: Profile) -> Outsider | None:
    """What somebody is by their profile; None for a member."""
    if profile.is_deleted:
        return Outsider.DEACTIVATED
    if profile.is_bot:
        return Outsider.APP
    if profile.is_foreign:
        return Outsider.FOREIGN
    return Outsider.GUEST if profile.is_guest else None


class PermissionUnknownError(Exception):
    """Slack could not be asked, and nothing is known from before. The message is for who wants to send."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN_REFUSAL)


@dataclass(frozen=True, slots=True)
class _CachedAnswer:
    answer: object  # or the definite no that Slack gave instead
    at: datetime

    def is_fresh(self, at: datetime, fresh: timedelta) -> bool:
        """Whether it is younger than `fresh`; one from the future is from before the clock was set back."""
        return abs(at - self.at) < fresh


class SenderPermissions:
    """What Slack said of people, places and user groups lately, and who may speak according to that."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _CachedAnswer] = {}
        self._rest_until: datetime | None = None
        self._rests_since = datetime.min.replace(tzinfo=UTC)
        self._lock = threading.Lock()

    def why_not(self, access: SlackAccess, user: str, channel: str, senders: Senders) -> str | None:
        """Why `user` may not send a public reply from `channel`, in one sentence to them; None if they may.

        `senders` are those of the channel's policy: users and user groups; None is every member.

        Asks Slack what is not known: not within a transaction. Raises `PermissionUnknownError`.

        Members who only look into a public channel count as being in it: they join with one click.
        """
        return self._refusal(_SlackLookup(self, access, asks=True), user, channel, senders or ())

    def try_why_not(
        self, access: SlackAccess, user: str, channel: str, senders: Senders
    ) -> tuple[bool, str | None]:
        """As `why_not`, but raises nothing: whether it is known, and why not if so."""
        try:
            return True, self.why_not(access, user, channel, senders)
        except PermissionUnknownError:
            return False, None

    def why_not_if_known(self, access: SlackAccess, user: str, channel: str, senders: Senders) -> str | None:
        """As `why_not`, from memory alone; None also where it is not known."""
        try:
            return self._refusal(_SlackLookup(self, access, asks=False), user, channel, senders or ())
        except PermissionUnknownError:
            return None

    def _refusal(self, look: "_SlackLookup", user: str, channel: str, senders: Sequence[str]) -> str | None:
        refusal = _channel_refusal(look, channel) or _person_refusal(look, user, is_named=user in senders)
        if refusal is not None or not senders or user in senders:
            return refusal
        return _group_refusal(look, user, senders)

    def cached_answer(
        self,
        access: SlackAccess,
        key: tuple[str, str],
        ask: Callable[[], Answer] | None,
        *,
        fresh: timedelta = ANSWER_FRESH_AGE,
    ) -> Answer:
        """What Slack says under `key`; asked if it is not known, unless there is no `ask`.

        An answer younger than `fresh` is not asked for again. Raises `SlackRefusedError` if Slack gave a
        definite no, `PermissionUnknownError` if nothing is known.
        """
        at = access.now()
        with self._lock:
            kept = self._kept.get(key)
            rests = self._rest_until is not None and self._rests_since <= at < self._rest_until
        if kept is not None and at - kept.at >= ANSWER_MAX_AGE:
            kept = None
        if ask is not None and not rests and (kept is None or not kept.is_fresh(at, fresh)):
            kept = self._ask(key, ask, at) or kept
        if kept is None:
            raise PermissionUnknownError
        if isinstance(kept.answer, SlackRefusedError):
            raise SlackRefusedError(kept.answer.error)
        return cast("Answer", kept.answer)

    def is_fresh(
        self, access: SlackAccess, key: tuple[str, str], fresh: timedelta = ANSWER_FRESH_AGE
    ) -> bool:
        """Whether the answer under `key` is young enough not to be asked for again."""
        with self._lock:
            kept = self._kept.get(key)
        return kept is not None and kept.is_fresh(access.now(), fresh)

    def _ask(self, key: tuple[str, str], ask: Callable[[], object], at: datetime) -> _CachedAnswer | None:
        """Ask, with no lock held: others need not wait for it. None if Slack does not say."""
        try:
            kept = _CachedAnswer(ask(), at)
        except SlackError as error:
            if not isinstance(error, SlackRefusedError) or error.error in _NO_ACCESS_ERRORS:
                log.warning("could not check with Slack who may send: %s", error)
                wait = error.seconds if isinstance(error, SlackLaterError) else 0.0
                with self._lock:
                    self._rests_since = at
                    self._rest_until = at + max(FAILURE_PAUSE, timedelta(seconds=wait))
                return None
            kept = _CachedAnswer(error, at)
        with self._lock:
            self._kept[key] = kept
        return kept


@dataclass(frozen=True, slots=True)
class _SlackLookup:
    """Asks Slack for one check, or looks only at what is known."""

    cache: SenderPermissions
    access: SlackAccess
    asks: bool

    def _lookup(self, kind: str, one: str, ask: Callable[[str], Answer]) -> Answer:
        return self.cache.cached_answer(self.access, (kind, one), (lambda: ask(one)) if self.asks else None)

    def place(self, channel: str) -> ChannelInfo:
        return self._lookup("place", channel, self.access.slack.channel)

    def profile(self, user: str) -> Profile:
        return self._lookup("person", user, self.access.slack.profile)

    def group(self, group: str) -> frozenset[str]:
        return self._lookup("group", group, self.access.slack.group)


def _channel_refusal(look: _SlackLookup, channel: str) -> str | None:
    if not channel:  # a private ticket whose channel is lost: nothing is sent from elsewhere instead
        return None
    try:
        place = look.place(channel)
    except SlackRefusedError as error:
        # A private channel that we were put out of, or one that was deleted: its cards go elsewhere, and the
        # person is still asked about. A server that does not know the question has no shared channels.
        if error.error in {"channel_not_found", "unknown_method"}:
            return None
        why = error_reason(error, "channels:read and groups:read")
        return (
            f"Slack doesn't say whether this channel is shared ({why}), so no one can send from it. "
            f"{FIX_HINT}"
        )
    return SHARED_CHANNEL_REFUSAL if place.is_shared else None


def _person_refusal(look: _SlackLookup, user: str, *, is_named: bool) -> str | None:
    try:
        what = outsider_of(look.profile(user))
    except SlackRefusedError as error:
        return None if is_named else _unknown_person_refusal(error)
    return None if what is None or (is_named and what in VISITORS) else _REFUSALS[what]


def _unknown_person_refusal(error: SlackRefusedError) -> str | None:
    if error.error in UNKNOWN_USER_ERRORS:
        return None
    if error.error in NOT_VISIBLE_ERRORS:
        return FOREIGN_REFUSAL
    why = error_reason(error, "users:read")
    return f"Slack doesn't say whether you are a guest ({why}), so you can't send. {FIX_HINT}"


def _group_refusal(look: _SlackLookup, user: str, senders: Iterable[str]) -> str | None:
    """Whether they are in one of the groups. If one cannot be read, the others and the named people send."""
    people = [one for one in senders if not is_group(one)]
    readable: list[str] = []
    unreadable: dict[str, SlackRefusedError] = {}
    for group in filter(is_group, senders):
        try:
            if user in look.group(group):
                return None
        except SlackRefusedError as error:
            unreadable[group] = error
        else:
            readable.append(group)
    only = _list_senders(people, readable)
    if not unreadable:
        return f"Only {only} may send public replies."
    whose = ", ".join(
        f"<!subteam^{group}> ({unreadable_reason(error)})" for group, error in unreadable.items()
    )
    so = f"only {only} may send public replies." if only else "nobody may send public replies."
    return f"Slack doesn't say who is in {whose}, so {so} {FIX_HINT}"


def is_group(sender: str) -> bool:
    """Whether that sender is a user group."""
    return sender.startswith("S")


def unreadable_reason(error: SlackRefusedError) -> str:
    """Why a user group cannot be read, in half a sentence."""
    if error.error in {"plan_upgrade_required", "paid_teams_only"}:
        return "user groups need a paid Slack plan"
    if error.error == "no_such_subteam":
        return "that group doesn't exist"
    return error_reason(error, "usergroups:read")


def error_reason(error: SlackRefusedError, scopes: str) -> str:
    """Why Slack does not say something that these `scopes` would let us read, in half a sentence."""
    return f"Heard doesn't have {scopes}" if error.error == "missing_scope" else error.error


def _list_senders(people: list[str], groups: list[str]) -> str:
    """Spell who may: `<@U1>, <@U2> and people in <!subteam^S1>`; empty if nobody."""
    shown = [f"<@{one}>" for one in people[:MAX_NAMED_PEOPLE]]
    if len(people) > MAX_NAMED_PEOPLE:
        shown.append(f"{len(people) - MAX_NAMED_PEOPLE} more")
    shown += [f"people in <!subteam^{one}>" for one in groups]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
