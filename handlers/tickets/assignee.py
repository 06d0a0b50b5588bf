"""Who can be given a ticket: somebody who can act on it. Slack is asked, so not within a transaction."""

from bot.context import BotContext
from bot.slack.errors import SlackRefusedError
from bot.slack.membership import is_named_sender, profile_of
from bot.slack.private_access import is_reader
from bot.slack.sender_permissions import VISITORS, Outsider, PermissionUnknownError, outsider_of
from handlers.slack_tokens import USER_MENTION_PATTERN
from models.core import command_words
from models.core.base import RuleBrokenError

SLACK_TIMEOUT_SECONDS = 1.0  # seconds that a press may wait for Slack's answer
ASSIGN_USAGE = "Who should get it? Type `@Heard assign @teammate`."
ASSIGN_BOT_TEXT = "I can't reply to anyone myself. Assign it to a teammate."
DEACTIVATED_TEXT = "<@{}>'s Slack account is deactivated, so they wouldn't see it. Choose someone else."
APP_TEXT = "<@{}> is an app and can't reply to anyone. Choose a person."
GUEST_TEXT = "<@{}> is a guest and can't act on it. Choose a member."
FOREIGN_TEXT = "<@{}> belongs to another organisation and can't act on it. Choose a member."
NOT_IN_PRIVATE_CHANNEL_TEXT = (
    "<@{}> is not in the private channel that has this card, so they can't see it. Choose someone who is."
)
USER_NOT_FOUND_TEXT = "Slack no longer knows that person. Choose someone else."

_OUTSIDER_TEXTS = {
    Outsider.DEACTIVATED: DEACTIVATED_TEXT,
    Outsider.APP: APP_TEXT,
    Outsider.FOREIGN: FOREIGN_TEXT,
    Outsider.GUEST: GUEST_TEXT,
}
_LOOKUP_ERROR_TEXTS = {
    "user_not_found": USER_NOT_FOUND_TEXT,
    "users_not_found": USER_NOT_FOUND_TEXT,
    "user_not_visible": FOREIGN_TEXT,
}
# Slack's own helper is no app to `users.info`: `is_bot` is false for it.
# https://docs.slack.dev/reference/objects/user-object
SLACKBOT_USER_ID = "USLACKBOT"
# Words around the name: `assign it to @ana, please`.
_FILLER_WORDS = frozenset(
    {"to", "it", "this", "that", "one", "over", "ticket", "please", "pls", "thanks", "thx"}
)
_SELF_WORDS = frozenset({"me", "myself"})


def parse_assignee(rest: str, by: str) -> str:
    """Whom `rest` of `@Heard assign …` names, by their Slack id; `by` typed it, and may be meant by `me`.

    Raises `RuleBrokenError` unless it names just one person and says nothing else.
    """
    spaced_out = USER_MENTION_PATTERN.sub(lambda token: f" <@{token[1]}> ", rest)
    said = [one for one in command_words.split_words(spaced_out) if one.lower() not in _FILLER_WORDS]
    if len(said) != 1:
        raise RuleBrokenError(ASSIGN_USAGE)
    if said[0].lower() in _SELF_WORDS:
        return by
    named = USER_MENTION_PATTERN.fullmatch(said[0])
    if named is None:
        raise RuleBrokenError(ASSIGN_USAGE)
    return named[1]


def check_assignable(ctx: BotContext, user: str, *, channel: str | None, is_private: bool = False) -> None:
    """Raise `RuleBrokenError`, a sentence for the person who assigns, if `user` cannot act on a ticket.

    `channel` is the Slack channel of its card; if the ticket `is_private`, they must be in it.
    Where Slack does not say in time they are taken for a teammate: a claim ends by itself if nobody acts.
    """
    known = ctx.slack.identity_if_known()
    if known is not None and user == known.user_id:
        raise RuleBrokenError(ASSIGN_BOT_TEXT)
    if user == SLACKBOT_USER_ID:
        raise RuleBrokenError(APP_TEXT.format(user))
    refusal = _refusal(ctx, user, channel)
    if refusal is None and is_private and not _is_reader(ctx, user, channel or ""):
        refusal = NOT_IN_PRIVATE_CHANNEL_TEXT
    if refusal is not None:
        raise RuleBrokenError(refusal.format(user))


def _is_reader(ctx: BotContext, user: str, channel: str) -> bool:
    return ctx.ask_with_timeout(lambda: is_reader(ctx, user, channel), SLACK_TIMEOUT_SECONDS) is True


def _refusal(ctx: BotContext, user: str, channel: str | None) -> str | None:
    """What is against that person; whom the channel's senders name may act, wherever they belong."""
    try:
        what = outsider_of(profile_of(ctx, user, wait_seconds=SLACK_TIMEOUT_SECONDS))
    except PermissionUnknownError:
        return None
    except SlackRefusedError as no:  # a server that does not tell of people says none of these
        return _LOOKUP_ERROR_TEXTS.get(no.error)
    if what is None or (what in VISITORS and channel and is_named_sender(ctx, user, channel)):
        return None
    return _OUTSIDER_TEXTS[what]
