"""The same work over a WebSocket: no request URL, no signature."""

from collections.abc import Iterator

import pytest

from tests.story.harness import Bot, eventually, running, seen


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    given = {"slack_app_token": "xapp-test", "slack_signing_secret": None}
    with running(
        database_url, troubles=True, **given
    ) as bot:  # a press into a closing socket is lost, as in Slack
        yield bot


def test_the_whole_story_runs_over_a_socket(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")

    bot.ben.press(card, "Claim")
    bot.shows(card, "assigned to @U0BEN")
    too_long = bot.reply(card, "x" * 281)
    assert "1 character too many" in too_long.errors["reply"]
    bot.say(card, "@Heard reply It is!")
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")

    bot.answered(post, "It is!")
    bot.shows(card, "Answered by @U0ANA")
    assert "*Answered* 1" in str(bot.ana.command("/mentions", "stats").blocks)
    assert bot.slack.events_url == ""


def test_after_a_broken_socket_the_story_goes_on(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.slack.sockets.refresh()

    modal = eventually(lambda: bot.compose(card)).fill("Hello!")
    assert eventually(lambda: modal.submit().closed)
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    assert bot.attempts == 1


def test_an_envelope_that_comes_twice_has_one_effect(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.slack.world.faults.duplicate_events()
    bot.say(card, "@Heard reply Hello!")
    sent = bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")

    sent.replay()

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    assert bot.attempts == 1
    assert len([one for one in bot.ana.ephemerals() if "Only you can see this" in seen(one)]) == 0
