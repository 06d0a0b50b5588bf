"""What the stories of tracks share: a desk, the modal, the list, and what people do with them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from models import Track
from sandbox.slack import Modal
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.workspace.message import Message
from tests.story.harness import CHANNEL, Bot, eventually, seen

COUNTS, SEARCH = "GET /2/tweets/counts/recent", "GET /2/tweets/search/recent"
LOOKS = "C0LOOKS"


def furnish(bot: Bot) -> Bot:
    """A bot that has read its mentions, and a second channel that it is in."""
    bot.slack.world.add_channel(LOOKS, "looks")
    bot.x.world.add_user("theo", "Theo Brandt", followers=12)
    bot.poll()
    return bot


def ask(bot: Bot, text: str = "track", by: Any = None, channel: str = CHANNEL) -> Modal:
    modal = (by or bot.ana).command("/mentions", text, channel).view
    assert modal is not None, "no modal opened"
    assert check_view(modal.state.given) == []
    return modal


def add(bot: Bot, query: str, **more: Any) -> Modal:
    modal = ask(bot).write({"query": query, **more})
    assert modal.submit().closed, modal.state.errors
    return modal


def tracks(bot: Bot) -> list[Track]:
    with bot.ctx.db.read() as session:
        return list(session.scalars(select(Track).where(Track.kind != "mentions").order_by(Track.id)))


def said(bot: Bot, text: str, *, minutes: float = 5, **more: Any) -> None:
    bot.post(text, author="theo", at=datetime.now(UTC) - timedelta(minutes=minutes), **more)


def press_try(bot: Bot, modal: Modal, *expected: str) -> str:
    """Press *Try it*, and what the modal shows once Heard has looked: all of `expected`."""
    modal.press("Try it")
    bot.told_all()
    shown = seen(modal.state)
    assert [one for one in (*expected, "[Try it]") if one not in shown] == [], shown
    assert check_view(modal.state.given) == []
    return shown


def listing(bot: Bot, by: Any = None) -> Message:
    """The list as that person is shown it, to press its buttons."""
    person = by or bot.ana
    outcome = person.command("/mentions", "tracks")
    assert check_message(outcome.blocks) == []
    return eventually(lambda: next(one for one in outcome.ephemerals if "last 7 days" in seen(one)))


def in_channel(bot: Bot, channel: str, *expected: str) -> Message:
    def look() -> Message:
        with bot.slack.world.lock:
            messages = list(bot.slack.world.channel(channel).messages)
        return next(one for one in messages if all(word in seen(one) for word in expected))

    return eventually(look)
