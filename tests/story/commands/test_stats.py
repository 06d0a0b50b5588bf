"""What /mentions stats answers: of whom, in whose time, with which charts, and what it does not know."""

import pytest

from sandbox.slack import visible
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, eventually


@pytest.mark.both_engines
def test_figures_of_one_person_or_channel_leave_the_others_out(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello", author="maria")
    bot.heard("@acmebrew me too", author="joe")
    bot.reply(card, "Hello!", by=bot.ana)
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    of_ana = words(bot.ben.command("/mentions", "stats today <@U0ANA|ana>"))
    there = words(bot.ben.command("/mentions", f"stats <#{card.channel}|mentions> x 30d"))

    assert "for @U0ANA" in of_ana
    assert "Heard 1  ·  Answered 1  ·  Waiting 0" in of_ana
    assert "No one is waiting for a first reply." in of_ana
    assert "Heard 2  ·  Answered 1  ·  Waiting 1" in there
    assert "on X" in there


@pytest.mark.both_engines
def test_a_filter_that_matches_nothing_says_what_was_looked_for(bot: Bot) -> None:
    bot.heard("@acmebrew hello")

    answer = words(bot.ana.command("/mentions", "stats 2026-01 <@U0BEN|ben>"))

    assert "No data for @U0BEN for January 2026" in answer
    assert "/mentions stats 30d" in answer


def test_figures_say_that_more_may_have_been_said_while_x_does_not_answer(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.x.world.faults.add("*", "down")
    bot.poll()

    answer = words(bot.ana.command("/mentions", "stats"))

    assert "X hasn't responded since" in answer
    assert "these numbers may be incomplete" in answer


@pytest.mark.both_engines
def test_charts_follow_the_words(bot: Bot) -> None:
    bot.heard("@acmebrew hello")

    outcome = bot.ana.command("/mentions", "stats 30d")

    def charts() -> list[str]:
        blocks = [block for answer in outcome.answers for block in answer.blocks]
        return [block["title"] for block in blocks if block["type"] == "data_visualization"]

    assert visible(outcome.acked).text
    assert "Share to channel" in str(outcome.acked["blocks"])
    eventually(lambda: len(charts()) == 2)
    assert "When people post" in charts()[1]
