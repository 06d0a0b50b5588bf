"""The customer goes on: in the same thread, with a Reply of its own, to whoever has it."""

import pytest

from tests.story.harness import Bot, running, seen


def test_what_they_answer_lands_in_the_thread_and_its_owner_is_named(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kitchen open?")
    bot.reply(card, "It is, until ten!")
    bot.answered(post, "It is, until ten!")
    bot.shows(card, "Answered")

    again = bot.post("@acmebrew *great* <!channel>, see you", reply_to=bot.x.world.replies_to(post.id)[0].id)
    bot.poll()

    notice = bot.told(card, "@U0ANA, @maria posted again:", "*great* <!channel>, see you")
    bot.shows(card, "Waiting since")
    modal = bot.ana.press(notice, "Reply").view
    assert "see you" in modal.text
    assert modal.fill("See you!").submit().closed
    bot.answered(again, "See you!")
    assert len(bot.cards()) == 1


def test_more_words_before_anybody_took_it_only_redraw_the_card(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kitchen open?")

    bot.post("@acmebrew and until when?", reply_to=post.id)
    bot.poll()

    bot.shows(card, "and until when?")
    assert bot.thread(card) == []


def test_somebody_else_who_joins_gets_a_card_of_their_own(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the kitchen open?")

    joined = bot.post("@acmebrew I wonder too", "theo", reply_to=post.id)
    bot.poll()

    assert bot.card_of(joined).ts != card.ts
    assert "Theo" in seen(bot.card_of(joined))


def test_send_and_wait_is_chosen_in_the_composer(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew it does not work")
    modal = bot.compose(card).fill("Which browser is it?").fill({"wait": "In 1 day"})

    assert modal.submit().closed

    bot.answered(post, "Which browser is it?")
    bot.shows(card, "Answered", "if they don't reply")


@pytest.mark.both_engines
def test_undoing_a_follow_up_leaves_the_ticket_answered(database_url: str) -> None:
    with running(database_url, undo_seconds=3) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        bot.answered(post, "Hello!")
        bot.shows(card, "[Follow up]")
        bot.compose(card, label="Follow up").fill("And welcome!").submit()
        bot.shows(card, "[Undo]")

        bot.press(card, "Undo")

        bot.shows(card, "Answered", "[Follow up]", without=("[Undo]", "Waiting"))
        assert bot.replies(post) == ["Hello!"]
        assert bot.compose(card, label="Follow up").value() == "And welcome!"


def test_from_the_thread_an_answered_ticket_is_followed_up(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")
    bot.shows(card, "[Follow up]")

    bot.say(card, "@Heard reply And welcome!", by=bot.ben)
    bot.ben.press(bot.whisper("Only you can see this", to=bot.ben), "Send publicly")

    bot.answered(post, "Hello!", "And welcome!")
    assert len(bot.events("follow up")) == 1


def test_a_preview_that_waited_while_somebody_else_answered_says_so(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello from Ben!", by=bot.ben)
    preview = bot.whisper("Only you can see this", to=bot.ben)
    bot.reply(card, "Hello from Ana.")
    bot.answered(post, "Hello from Ana.")
    bot.shows(card, "Answered")

    outcome = bot.ben.press(preview, "Send publicly")

    assert "@U0ANA has already replied" in seen(outcome.ephemeral())
    assert bot.replies(post) == ["Hello from Ana."]
