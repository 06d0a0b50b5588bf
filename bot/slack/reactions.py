"""Ledger → emoji: what became of a teammate's words, on the very message that they wrote.

Both calls may be repeated without harm, so nothing is leased: two workers who do the same are told that it
is done already.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from bot.context import Desk
from bot.slack.client import SlackError, SlackLaterError, SlackNoError
from models import Budget
from models.slack.reaction import Mark

log = logging.getLogger(__name__)

BATCH = 20
AGAIN = timedelta(seconds=5)  # and twice as long after each try
TRIES = 8  # an emoji is a courtesy: after so many failures, ten minutes in all, it is left
REACTIONS = "slack reaction"  # the budget that rests while Slack asks to be left alone

# It is there already, or gone already: https://docs.slack.dev/reference/methods/reactions.add#errors
_DONE = {"already_reacted", "no_reaction"}


def work(desk: Desk) -> float:
    """Put on and take off what differs. Gives the seconds until it is worth another look."""
    for mark_id in _differing(desk):
        if desk.stop.is_set():
            return 0.0
        if not _change(desk, mark_id):
            break
    return 2.0


def _differing(desk: Desk) -> list[int]:
    """What is to be changed now; nothing while Slack asks us to slow down."""
    at = desk.now()
    with desk.db.read() as session:
        if Budget.rests(session, REACTIONS, at=at):
            return []
        return [mark.id for mark in Mark.differing(session, BATCH, at=at)]


def _change(desk: Desk, mark_id: int) -> bool:
    """Make one message show what it should; False if Slack wants to be left alone first."""
    with desk.db.read() as session:
        mark = session.get_one(Mark, mark_id)
        channel, ts, wanted, shown = mark.channel, mark.ts, mark.wanted, mark.shown
    try:
        if shown is not None and shown != wanted:
            _quietly(lambda: desk.slack.unreact(channel, ts, shown))
            _note(desk, mark_id, None)
        if wanted is not None:
            _quietly(lambda: desk.slack.react(channel, ts, wanted))
            _note(desk, mark_id, wanted)
    except SlackLaterError as later:
        at = desk.now()
        with desk.db.write() as session:
            Budget.pause(session, REACTIONS, at=at, until=at + timedelta(seconds=later.seconds))
        return False
    except SlackError as error:
        _failed(desk, mark_id, wanted, error)
    return True


def _quietly(call: Callable[[], None]) -> None:
    try:
        call()
    except SlackNoError as error:
        if error.error not in _DONE:
            raise


def _note(desk: Desk, mark_id: int, shown: str | None) -> None:
    with desk.db.write() as session:
        session.get_one(Mark, mark_id).shown = shown


def _failed(desk: Desk, mark_id: int, wanted: str | None, error: SlackError) -> None:
    """A definite no (the message is gone, a scope is missing) ends it; the rest is tried a few times."""
    log.info("a message could not be marked: %s", error)
    with desk.db.write() as session:
        mark = session.get_one(Mark, mark_id)
        mark.not_before = desk.now() + AGAIN * 2**mark.tries
        mark.tries += 1
        if isinstance(error, SlackNoError) or mark.tries >= TRIES:
            mark.shown = wanted
