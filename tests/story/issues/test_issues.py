"""Top issues: a ticket is added to an issue, and the issues are ranked with their arithmetic."""

import pytest

from bot.slack.blocks.issues.ranking import MULTIPLICATION_SIGN
from sandbox.slack import CommandOutcome, Modal, visible
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.workspace.message import Message
from tests.models.ledger import together
from tests.story.harness import Bot, eventually, seen
from tests.story.hostile import RIGHT_TO_LEFT, TEXTS


def asked(bot: Bot, card: Message, by: str = "ana") -> Modal:
    """The modal behind *Add to issue…*."""
    modal = bot.press(card, "Add to issue…", by=getattr(bot, by)).view
    assert modal is not None
    assert check_view(modal.state.given) == []
    return modal


def add(bot: Bot, card: Message, title: str) -> None:
    """Type `title` in it, and wait for the card."""
    assert asked(bot, card).fill({"title": title}).submit().closed
    bot.shows(card, title)


def words(outcome: CommandOutcome) -> str:
    assert outcome.ok
    assert check_message(outcome.blocks) == []
    assert visible(outcome.acked).broadcasts == []
    return seen_answer(outcome)


def seen_answer(outcome: CommandOutcome) -> str:
    """What it reads, with a plain letter for the sign of multiplication."""
    return visible(outcome.acked).text.replace(MULTIPLICATION_SIGN, "x")


def test_a_ticket_is_added_from_its_card_which_names_the_issue(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew the export loses rows")

    add(bot, card, "Export loses rows")

    bot.shows(card, "Issue: Export loses rows")
    [event] = bot.events("add to issue")
    assert (event.actor, event.data["title"]) == ("U0ANA", "Export loses rows")
    assert "Belongs to: Export loses rows" in asked(bot, card).text


def test_the_same_name_in_other_letters_is_the_same_issue(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew one")
    _, second = bot.heard("@acmebrew two", author="joe")
    add(bot, first, "Export loses rows")

    assert asked(bot, second).fill({"title": "  export LOSES-rows!"}).submit().closed

    bot.shows(second, "Issue: Export loses rows")
    assert len(bot.events("issue opened")) == 1


@pytest.mark.both_engines
def test_two_people_who_type_one_title_at_once_make_one_issue(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew one")
    _, second = bot.heard("@acmebrew two", author="joe")
    mine, yours = asked(bot, first), asked(bot, second, by="ben")
    mine.fill({"title": "No decaf"})
    yours.fill({"title": "no decaf!"})

    outcomes = together(mine.submit, yours.submit)

    assert all(one.closed for one in outcomes)
    bot.shows(first, "ecaf")
    bot.shows(second, "ecaf")
    assert len(bot.events("issue opened")) == 1
    assert len(bot.events("add to issue")) == 2


def test_what_is_alike_is_suggested_first_and_says_by_which_words(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew my export to csv loses rows")
    _, second = bot.heard("@acmebrew the app is slow on my phone", author="joe")
    _, third = bot.heard("@acmebrew csv export is missing half of it", author="eve")
    add(bot, first, "Rows are lost")
    add(bot, second, "Slow on phones")

    modal = asked(bot, third)

    options = modal.offered("pick")
    assert options[0]["text"]["text"] == "Rows are lost"
    assert options[0]["description"]["text"] == "shares: export, csv; 1 person"
    assert "shares" not in str(options[1])
    assert modal.fill({"pick": "Rows are lost"}).submit().closed
    bot.shows(third, "Issue: Rows are lost")


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u2060"])
def test_a_title_that_nobody_can_see_opens_nothing(bot: Bot, title: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    outcome = asked(bot, card).fill({"title": title}).submit()

    assert not outcome.closed
    assert bot.events("issue opened", "add to issue") == []


def test_a_pick_and_a_title_at_once_are_refused_with_both_kept(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew one")
    _, second = bot.heard("@acmebrew two", author="joe")
    add(bot, first, "Known")

    modal = asked(bot, second).fill({"pick": "Known", "title": "New"})

    assert "Choose an issue or type a new one, not both" in str(modal.submit().errors)
    assert modal.value("title") == "New"
    assert len(bot.events("add to issue")) == 1


def test_a_submit_that_arrives_twice_adds_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    modal = asked(bot, card).fill({"title": "Twice"})

    outcome = modal.submit()
    outcome.replay()

    bot.shows(card, "Issue: Twice")
    assert len(bot.events("issue opened")) == len(bot.events("add to issue")) == 1


def test_a_ticket_is_taken_out_again_in_the_modal(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    add(bot, card, "Wrong one")

    pressed = asked(bot, card).press("Remove")
    pressed.replay()

    bot.shows(card, without=("Wrong one",))
    eventually(lambda: "Belongs to" not in bot.ana.modal.text)
    assert len(bot.events("remove from issue")) == 1


def test_the_thread_adds_as_well_and_says_how_many_reported_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard issue Export <!channel> & rows")

    bot.whisper("Added to the issue “Export <!channel> & rows”: 1 person has reported it.")
    bot.shows(card, "Issue: Export <!channel> & rows")
    bot.say(card, "@Heard issue")
    bot.whisper("This ticket is already in “Export <!channel> & rows”.")
    bot.say(card, "@Heard issue " + "x" * 151)
    bot.whisper("An issue's title has at most 150 characters, and that one has 151.")


@pytest.mark.parametrize(
    "title", ["<!channel> *bold* `x` <@U0ANA>", "🍺" * 150, RIGHT_TO_LEFT + " rows", "&lt;!here&gt;", "- _ -"]
)
def test_a_hostile_title_rings_nobody_and_reorders_nothing(bot: Bot, title: str) -> None:
    _, card = bot.heard(TEXTS["channel"], author="maria")

    assert asked(bot, card).fill({"title": title[:150]}).submit().closed

    now = bot.shows(card, "Issue: ")
    assert check_message(now.blocks) == []
    assert visible(now).broadcasts == []
    answer = bot.ana.command("/mentions", "issues")
    assert "1 person x 1 recency x 1 reach = 1.0" in words(answer)
    assert eventually(lambda: "Belongs to: " in asked(bot, card).text)


def test_issues_are_ranked_with_the_arithmetic_shown(bot: Bot) -> None:
    bot.x.world.add_user("star", "Star", followers=4_000)
    _, loud = bot.heard("@acmebrew too loud", author="star")
    add(bot, loud, "Loud")
    for number in range(3):
        _, card = bot.heard(f"@acmebrew slow {number}", author=f"person{number}")
        add(bot, card, "Slow")

    answer = words(bot.ben.command("/mentions", "issues"))

    assert "2 open issues, by impact:" in answer
    assert answer.index("1. Slow") < answer.index("2. Loud")
    assert "3 people x 1 recency x 1 reach = 3.0" in answer
    assert "1 person x 1 recency x 1.6 reach = 1.6" in answer
    assert "Impact = people" in answer


def test_issues_are_found_by_words_and_what_is_not_there_is_said(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    assert "No issues yet" in words(bot.ana.command("/mentions", "issues"))
    assert "No fixed issues yet" in words(bot.ana.command("/mentions", "issues fixed"))
    add(bot, card, "Export loses rows")

    assert "1. Export loses rows" in words(bot.ana.command("/mentions", "issues rows EXPORT"))
    assert "There is no issue called “<!here> %”." in words(bot.ana.command("/mentions", "issues <!here> %"))


def test_more_than_fifteen_issues_have_pages(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    for number in range(17):
        bot.say(card, f"@Heard issue number {number:02}")
    eventually(lambda: len(bot.events("add to issue")) == 17)

    outcome = bot.ana.command("/mentions", "issues")

    assert "page 1 of 2" in words(outcome)
    bot.ana.press(bot.whisper("17 open issues, page 1 of 2"), "Next")
    second = bot.whisper("17 open issues, page 2 of 2", "17. ")
    assert "[Next]" not in seen(second)
