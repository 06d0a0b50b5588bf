"""Who can be given a ticket: somebody who can act on it. Slack is asked, so not within a transaction."""

from bot.context import Desk
from bot.slack.client import SlackNoError
from bot.slack.membership import is_named, profile_of
from bot.slack.permissions import VISITORS, Outsider, UnknownStandingError, outsider
from handlers.commands.slash_command import PERSON
from models.core import command_words
from models.core.base import RuleBrokenError

PATIENCE = 1.0  # seconds that a press may wait for Slack's answer
WHOM = "Say to whom: `@Heard assign @teammate`."
OURSELVES = "I cannot answer anybody by myself. Give it to a teammate."
DEACTIVATED = "<@{}>'s Slack account is deactivated, so nobody would see it there. Choose somebody else."
AN_APP = "<@{}> is an app and cannot answer anybody. Choose a person."
GUEST = "<@{}> is a guest here and cannot act on it. Choose a member."
FOREIGN = "<@{}> belongs to another organisation and cannot act on it. Choose a member."
NOBODY = "Slack knows nobody by that name here any more. Choose somebody else."

_REFUSALS = {
    Outsider.DEACTIVATED: DEACTIVATED,
    Outsider.APP: AN_APP,
    Outsider.FOREIGN: FOREIGN,
    Outsider.GUEST: GUEST,
}
_UNKNOWN = {"user_not_found": NOBODY, "users_not_found": NOBODY, "user_not_visible": FOREIGN}
# Slack's own helper is no app to `users.info`: `is_bot` is false for it.
# https://docs.slack.dev/reference/objects/user-object
SLACKBOT = "USLACKBOT"
# Words around the name: `assign it to @ana, please`.
_IDLE = frozenset({"to", "it", "this", "that", "one", "over", "ticket", "please", "pls", "thanks", "thx"})
_ONESELF = frozenset({"me", "myself"})


def in_words(rest: str, by: str) -> str:
    """Whom `rest` of `@Heard assign …` names, by their Slack id; `by` typed it, and may be meant by `me`.

    Raises `RuleBrokenError` unless it names just one person and says nothing else.
    """
    spaced_out = PERSON.sub(lambda token: f" <@{token[1]}> ", rest)
    said = [one for one in command_words.words(spaced_out) if one.lower() not in _IDLE]
    if len(said) != 1:
        raise RuleBrokenError(WHOM)
    if said[0].lower() in _ONESELF:
        return by
    named = PERSON.fullmatch(said[0])
    if named is None:
        raise RuleBrokenError(WHOM)
    return named[1]


def check(desk: Desk, user: str) -> None:
    """Raise `RuleBrokenError`, a sentence for whoever assigns, if `user` cannot act on a ticket.

    Where Slack does not say in time they are taken for a teammate: a claim ends by itself if nobody acts.
    """
    known = desk.slack.identity_if_known()
    if known is not None and user == known.user_id:
        raise RuleBrokenError(OURSELVES)
    if user == SLACKBOT:
        raise RuleBrokenError(AN_APP.format(user))
    refusal = _refusal(desk, user)
    if refusal is not None:
        raise RuleBrokenError(refusal.format(user))


def _refusal(desk: Desk, user: str) -> str | None:
    """What is against that person; who is named in SENDERS may act, wherever they belong."""
    try:
        what = outsider(profile_of(desk, user, wait_seconds=PATIENCE))
    except UnknownStandingError:
        return None
    except SlackNoError as no:  # a server that does not tell of people says none of these
        return _UNKNOWN.get(no.error)
    return None if what is None or (what in VISITORS and is_named(desk, user)) else _REFUSALS[what]
