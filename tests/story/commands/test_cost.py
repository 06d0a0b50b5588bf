"""What /mentions cost answers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.jobs import monthly_cap
from bot.slack.blocks.commands import cost as face
from models import Track
from models.reports.costs import CostLine, CostReport
from models.sources.account import AccountHandles
from models.sources.cost import BilledUnit, format_usd, record
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message
from tests.story.commands.test_commands import words
from tests.story.commands.tracking import ask, furnish, press_try, said
from tests.story.harness import Bot, eventually, running, seen


def spend(bot: Bot, dollars: int) -> None:
    at = bot.ctx.now()
    with bot.ctx.db.write() as session:
        record(session, "x", [BilledUnit("100", "counts_call", dollars * 1_000_000)], day=at.date())


@pytest.mark.both_engines
def test_cost_says_what_x_billed_and_what_for(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello", author="maria")
    bot.reply(card, "Hello!", by=bot.ana)
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    def billed() -> str | None:
        bot.ctx.record_charges()
        total = format_usd(int(Decimal(str(bot.x.world.cost)) * 1_000_000))
        answer = words(bot.ben.command("/mentions", "cost"))
        return answer if f"About {total} in " in answer and f"{total} today" in answer else None

    answer = eventually(billed)
    assert "$0.011  X, mentions as @acmebrew" in answer
    assert "X, replies, the checks around them, and tried searches as @acmebrew" in answer
    assert "For each mention heard (1): $0.0" in answer
    assert "for each answer published (1): $0.0" in answer
    assert "There is no monthly cap." in answer
    assert "These are estimates" in answer
    assert "Share to channel" in answer


def test_nothing_billed_is_said_so(bot: Bot) -> None:
    assert "Nothing that costs money was read or sent" in words(bot.ana.command("/mentions", "cost"))


def test_over_the_cap_is_said_everywhere(database_url: str) -> None:
    with running(database_url, monthly_cap_usd="10") as bot:
        bot.heard("@acmebrew hello")
        spend(bot, 12)
        monthly_cap.check(bot.ctx)

        answer = words(bot.ana.command("/mentions", "cost"))
        assert "$2.01 over the cap of $10.00 a month." in answer
        assert "I have stopped listening until the next month." in answer
        for command in ("open", "mine", "stats"):
            assert "as the cap of $10.00 is reached" in words(bot.ana.command("/mentions", command))
        bot.ana.open_home()
        home = eventually(lambda: bot.ana.home and seen(bot.ana.home))
        assert "as the cap of $10.00 is reached: this list may be incomplete." in home
        assert "This month has reached the cap of $10.00" in home


def test_below_the_cap_its_share_is_said(database_url: str) -> None:
    with running(database_url, monthly_cap_usd="40") as bot:
        spend(bot, 10)
        assert "25% of the cap of $40.00 a month is used." in words(bot.ana.command("/mentions", "cost"))


def test_a_track_shows_as_text_and_many_lines_fit() -> None:
    track = Track(id=7, kind="search", network="x", query="*<!channel>* " + "long & " * 200)
    lines = tuple(CostLine("x", "1", track, 5_000) for _ in range(30))
    found = CostReport(150_000, 150_000, 300_000, 0, 0, lines)

    blocks = face.build_cost_answer(
        found,
        {"x": "X"},
        AccountHandles({("x", "1"): "_acme_"}),
        at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        cap=None,
        notes=[],
    )

    assert check_message(blocks) == []
    shown = visible({"text": "cost", "blocks": blocks})
    assert shown.broadcasts == []
    assert "search “*<!channel>* long & long" in shown.text
    assert "as @_acme_" in shown.text
    assert "$0.10  20 others" in shown.text
    assert "nothing to divide by yet" in shown.text


def test_what_trying_a_track_cost_is_counted_and_at_the_cap_nothing_is_tried(database_url: str) -> None:
    with running(database_url, monthly_cap_usd="10") as bot:
        furnish(bot)
        said(bot, "fern tags")
        modal = ask(bot).write({"query": "fern"})
        press_try(bot, modal, "X counts 1 post")
        press_try(bot, modal, "the only post")
        eventually(lambda: "$0.010 today" in words(bot.ana.command("/mentions", "cost")))
        assert bot.x.world.cost == pytest.approx(0.010)

        spend(bot, 10)
        press_try(
            bot, modal.write({"query": "tags"}), "The monthly cap is reached, so nothing is searched on X"
        )
        assert bot.x.world.cost == pytest.approx(0.010)
