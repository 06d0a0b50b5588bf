"""The sincerity guard: people notice when the same kind words were said to somebody else."""

import pytest

from tests.story.harness import Bot, running, seen

KIND = "Thank you so much for the kind words, they made our whole morning at the brewery!"
LONG = KIND + " 🧑\u200d⚕️" * 38  # more than 280 characters as X's library counts them, fewer as its page does
NEARLY = "Thank you so much for your kind words, they made our whole day at the brewery!"


def said(bot: Bot, words: str, *, to: str) -> None:
    post, card = bot.heard(f"@acmebrew hello from {to}", to)
    assert bot.reply(card, words).closed
    bot.answered(post, words)


def test_a_near_copy_shows_its_twin_before_it_goes_out(bot: Bot) -> None:
    said(bot, KIND, to="tom")
    post, card = bot.heard("@acmebrew I love it")
    modal = bot.compose(card, by=bot.ben).fill(NEARLY)

    submitted = modal.submit()

    assert not submitted.closed
    assert "% the same as @U0ANA's to @tom" in modal.text
    assert KIND in modal.text
    assert modal.value() == NEARLY
    assert bot.replies(post) == []


def test_send_anyway_sends_it_and_is_logged(bot: Bot) -> None:
    said(bot, KIND, to="tom")
    post, card = bot.heard("@acmebrew I love it")
    modal = bot.compose(card, by=bot.ben).fill(NEARLY)
    modal.submit()

    assert modal.state.given["submit"]["text"] == "Send anyway"
    assert modal.submit().closed

    bot.answered(post, NEARLY)
    [event] = bot.events("sent anyway")
    assert event.actor == "U0BEN"


def test_words_that_changed_after_the_warning_are_compared_anew(bot: Bot) -> None:
    said(bot, KIND, to="tom")
    post, card = bot.heard("@acmebrew I love it")
    modal = bot.compose(card, by=bot.ben).fill(NEARLY)
    modal.submit()

    assert not modal.fill(KIND + "!").submit().closed
    own = "Maria, which of the beers was it? The stout is my own favourite, come and say hello."
    assert modal.fill(own).submit().closed

    bot.answered(post, own)
    assert bot.events("sent anyway") == []


def test_an_exact_copy_to_the_same_person_is_refused(bot: Bot) -> None:
    said(bot, "Thank you!", to="tom")
    _, card = bot.heard("@acmebrew and once more", "tom")

    refused = bot.reply(card, "Thank you!", by=bot.ben)

    assert "@ana already sent exactly that to @tom" in refused.errors["reply"]
    assert bot.attempts == 1


def test_a_short_text_is_not_held_against_what_others_were_told(bot: Bot) -> None:
    said(bot, "Thank you, see you!", to="tom")
    post, card = bot.heard("@acmebrew hello", "nan")

    assert bot.reply(card, "Thank you, see you!").closed

    bot.answered(post, "Thank you, see you!")


def test_a_preview_from_a_thread_shows_the_twin_too(bot: Bot) -> None:
    said(bot, KIND, to="tom")
    post, card = bot.heard("@acmebrew I love it")

    bot.say(card, f"@Heard reply {NEARLY}", by=bot.ben)
    preview = bot.whisper("% the same as", to=bot.ben)

    assert KIND in seen(preview)
    assert preview.buttons == ["Send anyway", "Edit", "Keep private"]
    bot.ben.press(preview, "Send anyway")
    bot.answered(post, NEARLY)
    assert len(bot.events("sent anyway")) == 1


@pytest.mark.both_engines
def test_a_preview_that_became_a_copy_since_it_was_shown_is_shown_again(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew I love it")
    bot.say(card, f"@Heard reply {NEARLY}", by=bot.ben)
    preview = bot.whisper("Only you can see this", to=bot.ben)
    said(bot, KIND, to="tom")

    bot.ben.press(preview, "Send publicly")

    bot.whisper("% the same as", to=bot.ben)
    assert bot.replies(post) == []


def test_words_that_may_be_too_long_are_still_held_against_a_copy_that_came_since(bot: Bot) -> None:
    """Who was only warned of the length has not seen that it was said before."""
    post, card = bot.heard("@acmebrew I love it")
    modal = bot.compose(card, by=bot.ben).fill(LONG)
    modal.submit()
    assert "X may count this as" in modal.text
    assert "% the same" not in modal.text
    said(bot, KIND, to="tom")

    assert not modal.submit().closed

    assert "% the same as @U0ANA's to @tom" in modal.text
    assert bot.replies(post) == []
    assert modal.submit().closed
    bot.answered(post, LONG)


def test_a_preview_that_may_be_too_long_is_held_against_a_copy_that_came_since(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew I love it")
    bot.say(card, f"@Heard reply {LONG}", by=bot.ben)
    preview = bot.whisper("X may count this as", to=bot.ben)
    said(bot, KIND, to="tom")

    bot.ben.press(preview, "Send anyway")

    again = bot.whisper("% the same as", to=bot.ben)
    assert bot.replies(post) == []
    bot.ben.press(again, "Send anyway")
    bot.answered(post, LONG)


def test_a_preview_that_may_be_too_long_and_is_sent_anyway_is_logged(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew I love it")
    bot.say(card, f"@Heard reply {LONG}", by=bot.ben)

    bot.ben.press(bot.whisper("X may count this as", to=bot.ben), "Send anyway")

    bot.answered(post, LONG)
    assert [one.actor for one in bot.events("sent anyway")] == ["U0BEN"]


@pytest.mark.parametrize("percent", [0])
def test_it_can_be_switched_off(database_url: str, percent: int) -> None:
    with running(database_url, near_copy_percent=percent) as bot:
        said(bot, KIND, to="tom")
        post, card = bot.heard("@acmebrew I love it")

        assert bot.reply(card, KIND).closed

        bot.answered(post, KIND)
