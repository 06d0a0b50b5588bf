"""Taking a reply back: inside its window nothing was ever public, after it a sentence says so."""

from collections.abc import Iterator

import pytest

from tests.story.harness import Bot, running, seen


@pytest.fixture
def patient(database_url: str) -> Iterator[Bot]:
    """A bot with an undo window that outlasts any test."""
    with running(database_url, undo_seconds=600) as bot:
        yield bot


def test_inside_the_window_nothing_reaches_x_and_the_words_come_back(patient: Bot) -> None:
    post, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello & welcome!")
    held = patient.shows(card, "goes out at", "as @acmebrew", "Hello & welcome!", "Undo")
    assert "Reply" not in held.buttons

    undone = patient.ana.press(held, "Undo")

    assert "Undone: nothing was published." in seen(undone.ephemeral())
    patient.shows(card, "Waiting", without=("goes out at",))
    assert patient.compose(card).value() == "Hello & welcome!"
    assert patient.replies(post) == []
    assert patient.attempts == 0


def test_anybody_may_undo_and_the_words_stay_their_authors(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello!")

    patient.ben.press(patient.shows(card, "Undo"), "Undo")

    patient.shows(card, "Waiting", without=("goes out at",))
    assert not patient.compose(card, by=patient.ben).value()
    assert patient.compose(card, by=patient.ana).value() == "Hello!"
    assert [(event.actor, event.text) for event in patient.events("undo")] == [("U0BEN", "Hello!")]


def test_undone_words_come_back_though_their_author_has_drafted_something_since(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello!")
    held = patient.shows(card, "Undo")
    patient.say(card, "@Heard reply Something else.")
    patient.whisper("Something else.")

    patient.ana.press(held, "Undo")

    patient.shows(card, "Waiting", without=("goes out at",))
    assert patient.compose(card).value() == "Hello!"
    assert patient.drafts() == ["Something else.", "Hello!"]


def test_undone_words_are_among_the_drafts_once_their_author_drafts_something_else(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello!")
    patient.ana.press(patient.shows(card, "Undo"), "Undo")

    patient.say(card, "@Heard reply Something else.")

    patient.whisper("Something else.")
    assert patient.drafts() == ["Hello!", "Something else."]


def test_undo_pressed_twice_says_that_there_is_nothing_left(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello!")
    held = patient.shows(card, "Undo")
    patient.ana.press(held, "Undo")

    patient.ana.press(held, "Undo")

    patient.whisper("There is nothing to undo")
    assert len(patient.events("undo")) == 1


def test_a_replayed_undo_does_not_stop_the_next_reply(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Hello!")
    undone = patient.ana.press(patient.shows(card, "Undo"), "Undo")
    patient.shows(card, "Waiting", without=("goes out at",))
    patient.reply(card, "Hello again!")
    patient.shows(card, "Hello again!", "Undo")

    undone.replay()
    patient.ana.press(patient.now(card), body=undone.body)  # the same press, signed afresh

    assert len(patient.events("undo")) == 1
    patient.shows(card, "Hello again!", "Undo")


def test_what_is_edited_after_an_undo_goes_out_edited(patient: Bot) -> None:
    _, card = patient.heard("@acmebrew hello")
    patient.reply(card, "Helo!")
    patient.ana.press(patient.shows(card, "Undo"), "Undo")
    patient.shows(card, "Waiting", without=("goes out at",))

    patient.compose(card).fill("Hello!").submit()

    patient.shows(card, "Hello!", "Undo", without=("Helo!",))


def test_after_the_window_the_reply_goes_out_by_itself(database_url: str) -> None:
    with running(database_url, undo_seconds=0.4) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        assert bot.attempts == 0

        bot.answered(post, "Hello!")

        assert "Undo" not in bot.shows(card, "Answered").buttons


def test_too_late_is_a_sentence(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    slow = bot.x.world.faults.add("POST /2/tweets", "slow", times=1, seconds=6)
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")
    bot.shows(card, "on its way")
    bot.say(card, "@Heard undo", by=bot.ben)
    assert "Too late to undo" in seen(bot.whisper("Too late", to=bot.ben))

    slow.release()
    bot.shows(card, "Answered")
    bot.say(card, "@Heard undo")
    assert "Too late to undo" in seen(bot.whisper("already public"))
    assert bot.replies(post) == ["Hello!"]


def test_a_reply_that_waits_for_x_can_still_be_undone(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.faults.add("POST /2/tweets", "rate_limited", seconds=600)
    bot.reply(card, "Hello!")
    bot.told(card, "@U0ANA", "your reply is waiting", "Hello!")

    bot.ana.press(bot.shows(card, "is waiting", "Undo"), "Undo")

    bot.x.world.faults.clear()
    bot.shows(card, "Waiting", without=("Next try",))
    assert bot.replies(post) == []
