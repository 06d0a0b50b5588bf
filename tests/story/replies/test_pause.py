"""Pause: no reply leaves, drafts stay, the channel is told."""

import pytest

from sandbox.slack import visible
from tests.story.harness import CHANNEL, Bot, eventually, running, seen


def in_channel(bot: Bot, *words: str) -> None:
    eventually(
        lambda: next(
            one
            for one in bot.ana.sees(CHANNEL)
            if not one.ephemeral_to and all(word in seen(one) for word in words)
        )
    )


def test_while_paused_nothing_can_be_sent_and_the_words_are_kept(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    assert "Paused. Drafts are kept" in bot.ana.command("/mentions", "pause", CHANNEL).text
    in_channel(bot, "@U0ANA paused all public replies")

    errors = bot.reply(card, "Hello!", by=bot.ben).errors

    assert "has paused all public replies" in errors["reply"]
    assert "kept as a draft" in errors["reply"]
    assert bot.attempts == 0
    bot.ben.command("/mentions", "resume", CHANNEL)
    in_channel(bot, "@U0BEN resumed public replies")
    modal = bot.compose(card, by=bot.ben)
    assert modal.value() == "Hello!"
    assert modal.submit().closed
    bot.answered(post, "Hello!")


def test_what_waits_for_its_undo_window_comes_back(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        bot.shows(card, "[Undo]")

        bot.ben.command("/mentions", "pause", CHANNEL)

        in_channel(bot, "1 that had not gone out went back to its author")
        bot.told(card, "@U0ANA, @U0BEN paused all public replies", "Hello!")
        bot.shows(card, "Waiting", "[Reply]", without=("[Undo]",))
        assert bot.attempts == 0


def test_a_preview_cannot_be_sent_while_paused_and_stays_a_draft(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")
    bot.ben.command("/mentions", "pause", CHANNEL)

    outcome = bot.ana.press(preview, "Send publicly")

    assert "has paused all public replies" in seen(outcome.ephemeral())
    assert bot.drafts() == ["Hello!"]
    bot.ben.command("/mentions", "resume", CHANNEL)
    bot.ana.press(preview, "Send publicly")
    bot.answered(post, "Hello!")


@pytest.mark.both_engines
def test_said_twice_it_is_told_once(bot: Bot) -> None:
    bot.ana.command("/mentions", "pause", CHANNEL)

    again = bot.ben.command("/mentions", "pause", CHANNEL)

    assert "already paused" in again.text
    bot.ana.command("/mentions", "resume", CHANNEL)
    assert "Replies are not paused." in bot.ana.command("/mentions", "resume", CHANNEL).text
    assert len(bot.events("pause", "resume")) == 2


def test_that_nothing_leaves_is_seen_wherever_somebody_looks_at_what_waits(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.ana.command("/mentions", "pause", CHANNEL)

    for person in (bot.ana, bot.ben):
        assert "@U0ANA has paused all public replies" in seen(
            person.command("/mentions", "open", CHANNEL).answers[-1]
        )
        assert "@U0ANA has paused all public replies" in visible(person.open_home()).text

    bot.ana.command("/mentions", "resume", CHANNEL)
    assert "paused" not in seen(bot.ana.command("/mentions", "open", CHANNEL).answers[-1])
    assert "paused" not in visible(bot.ana.open_home()).text


def test_while_slack_does_not_say_who_may_speak_anybody_may_pause_and_nobody_resume(bot: Bot) -> None:
    bot.slack.world.faults.error("conversations.info", "internal_error", times=None)

    assert "Paused." in bot.ana.command("/mentions", "pause", CHANNEL).text
    assert "couldn't check with Slack" in bot.ana.command("/mentions", "resume", CHANNEL).text
