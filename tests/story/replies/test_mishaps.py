"""What people are told when X is slow, full, broke or broken: a sentence in the thread, and never a second post."""

import pytest
from sqlalchemy import select

from models import Reply, Ticket
from tests.story.harness import Bot, running, seen, sound


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("rate_limited", "X asks us to slow down."),
        ("unauthorized", "X has rejected our keys; someone needs to renew them."),
        ("credits", "Your X API credit has run out; someone needs to top it up."),
        ("forbidden_blanket", "X is temporarily refusing our requests."),
    ],
)
def test_a_reply_that_has_to_wait_says_why_once_and_goes_out_later(bot: Bot, fault: str, told: str) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.faults.add("POST /2/tweets", fault, times=1, seconds=1)

    bot.reply(card, "Hello!")

    notice = bot.told(card, "@U0ANA, your reply is waiting: " + told, "Undo", "Hello!")
    sound(notice)
    assert [link.target for link in sound(notice).links if not link.auto] == []
    sound(bot.shows(card, "@U0ANA's reply is waiting: " + told, "Undo"))
    assert bot.attempts == 1
    assert bot.replies(post) == []


def test_a_reply_while_x_is_down_waits_and_goes_out(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.faults.add("*", "down")
    bot.reply(card, "Hello!")
    bot.told(card, "@U0ANA, your reply is waiting: X can't be reached.", "Hello!")

    bot.x.world.faults.clear()

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered by @U0ANA")
    assert len(bot.thread(card)) == 1


@pytest.mark.parametrize(
    "fault", ["answer_lost_after", "reset", "server_error_after", "truncated", "garbled"]
)
def test_a_lost_answer_is_looked_for_and_never_sent_again(database_url: str, fault: str) -> None:
    with running(database_url, reconcile_seconds=(0.3, 0.6, 0.9)) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", fault, times=1)

        bot.reply(card, "Hello & welcome!")

        notice = bot.told(card, "X didn't confirm your reply", "Please do not post it by hand")
        assert "Hello & welcome!" in sound(notice).text
        assert ".)" not in sound(notice).text
        reply = bot.x.world.replies_to(post.id)[0]
        bot.shows(card, "Answered by @U0ANA", f"/status/{reply.id}")
        assert bot.attempts == 1


def test_what_nobody_can_find_is_asked_about_and_sent_again_only_by_a_person(database_url: str) -> None:
    with running(database_url, reconcile_seconds=(0.2, 0.4)) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        bot.reply(card, "Hello!")

        bot.told(card, "X didn't confirm @U0ANA's reply to @maria", "It was posted", "Hello!")
        now = bot.shows(card, "Did it post?")
        sound(now)
        assert now.buttons[:3] == ["It was posted", "Send again", "Discard"]
        assert bot.attempts == 1

        bot.ben.press(now, "Send again")

        bot.answered(post, "Hello!")
        bot.shows(card, "Answered by @U0ANA")
        assert bot.attempts == 2


def test_a_discarded_reply_gives_its_words_back(database_url: str) -> None:
    with running(database_url, reconcile_seconds=(0.2, 0.4)) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        bot.reply(card, "Hello!")

        pressed = bot.ana.press(bot.shows(card, "Did it post?"), "Discard")

        assert "Discarded." in seen(pressed.ephemeral(10))
        bot.shows(card, "Waiting", without=("Did it post?",))
        assert bot.compose(card).value() == "Hello!"
        assert bot.replies(post) == []


def test_it_is_there_is_taken_on_a_persons_word(database_url: str) -> None:
    with running(database_url, reconcile_seconds=(0.2, 0.4)) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        bot.reply(card, "Hello!")

        pressed = bot.ben.press(bot.shows(card, "Did it post?"), "It was posted")

        assert "because you say so" in seen(pressed.ephemeral(10))
        bot.shows(card, "Answered by @U0ANA")
        assert ("U0BEN", "it is there") in [(event.actor, event.act) for event in bot.events()]
        assert bot.attempts == 1
        with bot.ctx.db.read() as session:  # one moment has one time, wherever it is shown
            reply, ticket = session.scalars(select(Reply)).one(), session.scalars(select(Ticket)).one()
        assert reply.settled_at == ticket.first_reply_at == ticket.closed_at == reply.sent_at


@pytest.mark.both_engines
def test_show_context_shows_the_whole_post_and_what_it_answers(bot: Bot) -> None:
    ours = bot.x.world.publish("New: a winter stout")
    _, card = bot.heard("looks great " + "x" * 5_000, reply_to=ours.id)

    modal = bot.press(card, "Show context").view

    bot.slack.world.until(lambda: "New: a winter stout" in modal.text)
    assert "x" * 2_000 in modal.text
    assert modal.text.count("x") > 5_000
