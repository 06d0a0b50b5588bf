"""What is read where only a message's text is: in notifications, and by screen readers."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.jobs import reminders
from models import Ticket
from sandbox.slack import VisibleText, visible
from sandbox.slack.workspace.message import Message
from tests.models.ledger import lose
from tests.story.harness import CHANNEL, Bot, eventually
from tests.story.hostile import TEXTS


def aloud(message: Message) -> VisibleText:
    """The text of `message` alone, as Slack reads it."""
    return visible({"text": message.text})


def told_in_channel(bot: Bot, *words: str) -> Message:
    """The message in the channel, no card, that holds all of `words`."""

    def look() -> Message:
        with bot.slack.world.lock:
            found = list(bot.slack.world.channel(CHANNEL).messages)
        lines = [one for one in found if not one.is_reply and len(one.blocks) == 1]
        return next(one for one in lines if all(word in str(one.blocks) for word in words))

    return eventually(look)


def test_a_card_is_heard_with_who_where_and_their_words_however_often_it_is_redrawn(bot: Bot) -> None:
    bot.x.world.add_user("maria", "Maria Silva", followers=1)
    post, card = bot.heard("@acmebrew is the tap list up?")
    assert "Maria Silva\u2069 (@maria) on X: @acmebrew is the tap list up? (waiting)" in card.text

    bot.x.world.edit(post.id, "@acmebrew is the new tap list up?")
    bot.poll()
    edited = bot.shows(card, "the new tap list")
    assert "(@maria) on X: @acmebrew is the new tap list up? (waiting)" in edited.text

    bot.reply(card, "It is!")
    bot.answered(post, "It is!")
    assert "on X: @acmebrew is the new tap list up? (answered)" in bot.shows(card, "Answered by").text

    bot.post("thanks, and the kitchen?", reply_to=post.id)
    bot.poll()
    again = bot.shows(card, "and the kitchen?")
    assert "(@maria) on X: " in again.text
    assert "thanks, and the kitchen? (waiting)" in again.text


def test_a_follow_up_is_heard_with_its_words(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    bot.reply(card, "It is!")
    bot.answered(post, "It is!")
    bot.shows(card, "Answered by")
    bot.post("thanks, and the kitchen?", reply_to=post.id)
    bot.poll()

    text = aloud(bot.told(card, "posted again")).text

    assert "@maria posted again: “" in text
    assert "thanks, and the kitchen?”" in text
    assert text.endswith("(@maria) on X.")


def test_a_notice_in_a_thread_is_heard_with_whose_post_it_is_about(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew is the tap list up?")
    bot.say(card, "@Heard assign @Ben Ode")

    text = aloud(bot.told(card, "assigned this ticket to you")).text

    assert "@U0BEN, @U0ANA assigned this ticket to you." in text
    assert "(@maria) on X: “@acmebrew is the tap list up?”" in text


def test_a_refused_reply_is_heard_with_its_words_and_theirs(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew is the tap list up?")
    bot.x.world.faults.add("POST /2/tweets", "forbidden_blanket", times=1)
    bot.reply(card, "It is, since noon!")

    text = aloud(bot.told(card, "your reply is waiting")).text

    assert "“It is, since noon!”" in text
    assert "on X: “@acmebrew is the tap list up?”" in text


def test_who_is_overdue_is_heard_with_their_words(bot: Bot) -> None:
    bot.post("@acmebrew where is my parcel?", at=datetime.now(UTC) - timedelta(minutes=40))
    bot.poll()
    bot.card("where is my parcel?")
    bot.settled()
    reminders.send_due(bot.ctx)

    text = aloud(told_in_channel(bot, "has been waiting")).text

    assert "on X has been waiting" in text
    assert "“@acmebrew where is my parcel?”" in text


def test_a_preview_is_heard_with_the_words_that_would_be_public(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply Hello & welcome!")

    assert "public reply on X: “Hello & welcome!”" in aloud(bot.whisper("Only you can see this")).text


@pytest.mark.parametrize("words", TEXTS.values(), ids=TEXTS)
def test_no_words_are_alive_in_what_is_heard(bot: Bot, words: str) -> None:
    _, card = bot.heard(words)
    bot.say(card, "@Heard assign @Ben Ode")
    notice = bot.told(card, "assigned this ticket to you")

    for message in (bot.now(card), notice):
        shown = aloud(message)
        assert shown.broadcasts == []
        assert [link.target for link in shown.links if not link.auto] == []
        assert {one.target for one in shown.of("user")} <= {"U0ANA", "U0BEN"}
        assert len(message.text) < 1_500


def test_words_that_were_taken_back_are_not_heard_any_more(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew regrettable words")
    with bot.ctx.db.write() as session:
        ticket = Ticket.lock(session, 1)
        ticket.claim(session, by="U0ANA", at=bot.ctx.now())
    bot.x.world.delete(post.id)
    bot.compose(card).close()  # which looks at the post once more

    bot.shows(card, "isn't showing us this post right now")
    with bot.ctx.db.write() as session:
        lose(session, post.id, at=bot.ctx.now() + timedelta(hours=21))
    bot.ctx.wake_loops()

    assert "regrettable" not in bot.shows(card, "No longer shown on X").text
