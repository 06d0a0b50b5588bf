"""A named person: a public name and a sign-off, chosen once, shown before it is sent, counted in the length."""

import pytest

from tests.story.harness import CHANNEL, Bot, running, seen


def choose(bot: Bot, name: str = "Ana Lima", style: str = "name") -> None:
    modal = bot.ana.command("/mentions", "me", CHANNEL).view
    assert modal.fill({"name": name, "style": style}).submit().closed
    bot.whisper(f"Your public name is now {name}")


def test_who_chose_a_name_signs_with_it_and_sees_that_before(bot: Bot) -> None:
    choose(bot)
    post, card = bot.heard("@acmebrew hello")

    modal = bot.compose(card)
    assert "Signed “– Ana”" in modal.text
    assert "including your sign-off" in modal.text
    modal.fill("Hello!").submit()

    bot.answered(post, "Hello! – Ana")


@pytest.mark.parametrize(("style", "public"), [("initials", "Hello! ^AL"), ("none", "Hello!")])
def test_each_style(bot: Bot, style: str, public: str) -> None:
    choose(bot, style=style)
    post, card = bot.heard("@acmebrew hello")

    bot.reply(card, "Hello!")

    bot.answered(post, public)


def test_who_never_chose_signs_nothing(bot: Bot) -> None:
    choose(bot)
    post, card = bot.heard("@acmebrew hello")

    bot.reply(card, "Hello!", by=bot.ben)

    bot.answered(post, "Hello!")


def test_a_reply_that_is_too_long_with_its_sign_off_says_by_how_much(bot: Bot) -> None:
    choose(bot)
    _, card = bot.heard("@acmebrew hello")

    errors = bot.reply(card, "x" * 278).errors

    assert errors == {
        "reply": "That is 4 characters too many with your sign-off “– Ana”: X counts 284, and allows at most 280."
    }


def test_what_comes_back_is_without_the_sign_off_and_goes_out_with_one(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        choose(bot)
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        bot.shows(card, "Hello! – Ana", "[Undo]")
        bot.press(card, "Undo")
        bot.shows(card, "[Reply]")

        modal = bot.compose(card)

        assert modal.value() == "Hello!"
        modal.submit()
        bot.shows(card, "Hello! – Ana", "[Undo]", without=("– Ana – Ana",))


def test_who_signs_by_hand_does_not_sign_twice(bot: Bot) -> None:
    choose(bot)
    post, card = bot.heard("@acmebrew hello")

    bot.reply(card, "Hello! – Ana")

    bot.answered(post, "Hello! – Ana")


def test_a_preview_from_a_thread_is_signed(bot: Bot) -> None:
    choose(bot)
    post, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")

    assert "Hello! – Ana" in seen(preview)
    bot.ana.press(preview, "Send publicly")
    bot.answered(post, "Hello! – Ana")


def test_sign_offs_can_be_switched_off_for_all(database_url: str) -> None:
    with running(database_url, sign_offs=False) as bot:
        modal = bot.ana.command("/mentions", "me", CHANNEL).view
        assert "Sign-offs are turned off" in modal.text
        modal.fill({"name": "Ana Lima", "style": "name"}).submit()
        post, card = bot.heard("@acmebrew hello")

        bot.reply(card, "Hello!")

        bot.answered(post, "Hello!")


def test_the_log_has_the_slack_user_whatever_the_name(bot: Bot) -> None:
    choose(bot, name="The Brewer")
    post, card = bot.heard("@acmebrew hello")

    bot.reply(card, "Hello!")

    bot.answered(post, "Hello! – The")
    assert bot.events("reply submitted")[0].actor == "U0ANA"


@pytest.mark.parametrize("name", ["   ", "…"])
def test_a_name_needs_letters(bot: Bot, name: str) -> None:
    modal = bot.ana.command("/mentions", "me", CHANNEL).view

    errors = modal.fill({"name": name, "style": "name"}).submit().errors

    assert errors == {"name": "Enter the name that people may see."}
