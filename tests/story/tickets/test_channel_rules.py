"""What people do on a card goes by the settings of its channel, also after those have changed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.ingest import track_search
from models import Ticket
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from sandbox.slack.workspace.message import Message
from tests.story.commands.tracking import LOOKS, add, furnish, in_channel, said
from tests.story.harness import CHANNEL, Bot, Clock, running


@pytest.fixture
def desk(database_url: str, clock: Clock) -> Iterator[Bot]:
    with running(database_url, now=clock, undo_seconds=60) as bot:
        yield furnish(bot)


def set_up(bot: Bot, channel: str, revision: int = 0, **values: Any) -> None:
    with bot.ctx.db.write() as session:
        own = OwnSettings(**values)
        channel_settings.change(session, channel, own, revision=revision, at=bot.ctx.now(), by="U0ANA")


def card_elsewhere(bot: Bot) -> Message:
    """A card in the other channel."""
    add(bot, "fern", channel=LOOKS)
    said(bot, "a fern of mine", minutes=1)
    track_search.search_tracks(bot.ctx, bot.ctx.networks["x"])
    return in_channel(bot, LOOKS, "a fern of mine", "[Claim]")


def ticket(bot: Bot) -> Ticket:
    with bot.ctx.db.read() as session:
        return session.scalars(select(Ticket)).one()


def owed(one: Ticket, since: datetime | None) -> timedelta:
    assert one.due_at is not None
    assert since is not None
    return one.due_at - since


def test_after_a_snooze_a_reply_is_due_by_the_target_of_the_channel(desk: Bot) -> None:
    set_up(desk, LOOKS, first_reply_minutes=7)
    card = card_elsewhere(desk)

    desk.ana.say(LOOKS, "@Heard snooze 2h", thread_ts=card.ts)
    desk.told_all()

    one = ticket(desk)
    assert one.state == "snoozed"
    assert owed(one, one.snoozed_until) == timedelta(minutes=7)


@pytest.mark.parametrize("how", ["the button", "the thread"])
def test_reopened_too_late_a_ticket_is_due_by_the_target_of_the_channel(
    desk: Bot, clock: Clock, how: str
) -> None:
    set_up(desk, LOOKS, first_reply_minutes=7)
    card = card_elsewhere(desk)
    desk.ana.say(LOOKS, "@Heard done thanks", thread_ts=card.ts)
    card = in_channel(desk, LOOKS, "No reply needed", "[Reopen]")
    clock.ahead = timedelta(hours=3)

    if how == "the button":
        desk.ana.press(card, "Reopen")
    else:
        desk.ana.say(LOOKS, "@Heard reopen", thread_ts=card.ts)
    desk.told_all()

    [event] = desk.events("reopen")
    one = ticket(desk)
    assert one.state == "waiting"
    assert owed(one, event.at) == timedelta(minutes=7)


def test_a_reply_whose_sender_was_taken_off_the_list_meanwhile_is_stopped(desk: Bot, clock: Clock) -> None:
    _, card = desk.heard("@acmebrew hello")
    assert desk.reply(card, "Hello, says Ben!", by=desk.ben).closed
    set_up(desk, CHANNEL, senders=("U0ANA",))
    clock.ahead = timedelta(seconds=61)
    desk.ctx.wake_loops()

    desk.told(card, "@U0BEN, your reply was stopped before it went out", "Hello, says Ben!")
    assert desk.attempts == 0


def test_who_was_taken_off_the_list_cannot_stop_a_colleagues_reply(desk: Bot) -> None:
    _, card = desk.heard("@acmebrew hello")
    assert desk.reply(card, "Hello, says Ana!").closed
    card = desk.shows(card, "[Undo]")
    set_up(desk, CHANNEL, senders=("U0ANA",))
    desk.ctx.sender_permissions.why_not(
        desk.ctx, "U0BEN", CHANNEL, ("U0ANA",)
    )  # so that Slack's word is known

    desk.press(card, "Undo", by=desk.ben)

    desk.whisper("Only @U0ANA may send public replies", to=desk.ben)
    desk.shows(card, "[Undo]")
