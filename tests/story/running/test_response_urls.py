"""Answers by `response_url` never hold up the acknowledgement, and arrive all the same."""

from collections.abc import Callable, Iterator

import pytest

from sandbox.slack.people.outcome import Outcome
from sandbox.slack.workspace.message import Message
from tests.patience import SLOWED
from tests.story.harness import Bot, proportional_waits, running

SLOW = 8 * SLOWED  # seconds; Slack gives a press three


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, troubles=True) as bot:
        yield bot


def calls(bot: Bot) -> int:
    """How often the bot has posted to a response_url."""
    return sum(call.method == "response_url" for call in bot.slack.world.calls)


def claimed(bot: Bot) -> Message:
    """A card that Ben has, as it looked before he had it."""
    _, card = bot.heard("@acmebrew hello")
    free = bot.now(card)
    bot.ben.press(free, "Claim")
    bot.shows(card, "assigned to @U0BEN")
    return free


def _sentence(bot: Bot) -> Outcome:
    free = claimed(bot)
    bot.slack.world.faults.slow("response_url", SLOW, times=None)
    return bot.ana.press(free, "Claim")


def _preview(bot: Bot) -> Outcome:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("This would be public")
    bot.slack.world.faults.slow("response_url", SLOW, times=None)
    return bot.ana.press(preview, "Keep private")


def _list(bot: Bot) -> Outcome:
    for number in range(12):
        bot.post(f"@acmebrew teapot {number}")
    bot.poll()
    bot.ana.command("/mentions", "search teapot")
    [found] = [one for one in bot.ana.ephemerals() if "More" in one.buttons]
    bot.slack.world.faults.slow("response_url", SLOW, times=None)
    return bot.ana.press(found, "More")


@pytest.mark.parametrize("act", [_sentence, _preview, _list], ids=lambda act: act.__name__.strip("_"))
def test_an_address_that_does_not_answer_holds_up_no_press(bot: Bot, act: Callable[[Bot], Outcome]) -> None:
    with proportional_waits(bot):
        outcome = act(bot)

        assert outcome.ok
        assert outcome.status == 200
        assert calls(bot) <= 1


def test_what_the_address_does_not_take_is_whispered_after_one_try(bot: Bot) -> None:
    free = claimed(bot)
    bot.slack.world.faults.lost_before("response_url", times=None)

    bot.ana.press(free, "Claim")

    bot.whisper("@U0BEN already owns this ticket")
    bot.told_all()
    assert calls(bot) == 1


def test_an_answer_whose_receipt_is_lost_is_not_posted_there_again(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("This would be public")
    bot.slack.world.faults.lost_after("response_url", times=None)

    bot.ana.press(preview, "Keep private")

    bot.whisper("Kept private. Nothing was published.")
    bot.told_all()
    assert calls(bot) == 1


def test_a_file_that_is_made_is_told_of_though_the_address_does_not_answer(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.slack.world.faults.down("response_url")

    bot.ana.command("/mentions", "export tickets today")

    bot.whisper("1 ticket:", "direct messages")
