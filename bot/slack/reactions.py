"""Ledger → emoji: what became of a teammate's words, on the very message that they wrote.

Both calls may be repeated without harm, so nothing is leased: two workers who do the same are told that it
is done already.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from bot.context import BotContext
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError
from models import RateLimit
from models.slack.reaction import Reaction

log = logging.getLogger(__name__)

REACTIONS_PER_ROUND = 20
RETRY_DELAY = timedelta(seconds=5)  # and twice as long after each try
MAX_TRIES = 8  # an emoji is a courtesy: after so many failures, ten minutes in all, it is left
REACTIONS_LIMIT_KEY = "slack reaction"  # the budget that rests while Slack asks to be left alone

# It is there already, or gone already: https://docs.slack.dev/reference/methods/reactions.add#errors
_ALREADY_DONE_ERRORS = {"already_reacted", "no_reaction"}


def run_due(ctx: BotContext) -> float:
    """Put on and take off what differs. Gives the seconds until it is worth another look."""
    for mark_id in _outdated_ids(ctx):
        if ctx.stop.is_set():
            return 0.0
        if not _update_reaction(ctx, mark_id):
            break
    return 2.0


def _outdated_ids(ctx: BotContext) -> list[int]:
    """What is to be changed now; nothing while Slack asks us to slow down."""
    at = ctx.now()
    with ctx.db.read() as session:
        if RateLimit.is_paused(session, REACTIONS_LIMIT_KEY, at=at):
            return []
        return [mark.id for mark in Reaction.list_unsynced(session, REACTIONS_PER_ROUND, at=at)]


def _update_reaction(ctx: BotContext, mark_id: int) -> bool:
    """Make one message show what it should; False if Slack wants to be left alone first."""
    with ctx.db.read() as session:
        mark = session.get_one(Reaction, mark_id)
        channel, ts, wanted, shown = mark.channel, mark.ts, mark.wanted, mark.shown
    try:
        if shown is not None and shown != wanted:
            _ignore_already_done(lambda: ctx.slack.unreact(channel, ts, shown))
            _record_shown(ctx, mark_id, None)
        if wanted is not None:
            _ignore_already_done(lambda: ctx.slack.react(channel, ts, wanted))
            _record_shown(ctx, mark_id, wanted)
    except SlackLaterError as later:
        at = ctx.now()
        with ctx.db.write() as session:
            RateLimit.pause(session, REACTIONS_LIMIT_KEY, at=at, until=at + timedelta(seconds=later.seconds))
        return False
    except SlackError as error:
        _record_failure(ctx, mark_id, wanted, error)
    return True


def _ignore_already_done(call: Callable[[], None]) -> None:
    try:
        call()
    except SlackRefusedError as error:
        if error.error not in _ALREADY_DONE_ERRORS:
            raise


def _record_shown(ctx: BotContext, mark_id: int, shown: str | None) -> None:
    with ctx.db.write() as session:
        session.get_one(Reaction, mark_id).shown = shown


def _record_failure(ctx: BotContext, mark_id: int, wanted: str | None, error: SlackError) -> None:
    """A definite no (the message is gone, a scope is missing) ends it; the rest is tried a few times."""
    log.info("could not add a reaction: %s", error)
    with ctx.db.write() as session:
        mark = session.get_one(Reaction, mark_id)
        mark.not_before = ctx.now() + RETRY_DELAY * 2**mark.tries
        mark.tries += 1
        if isinstance(error, SlackRefusedError) or mark.tries >= MAX_TRIES:
            mark.shown = wanted
