"""An issue gets another title, or turns out to be the same as another one."""

from typing import Any

import pytest

from bot.slack import fix_followup
from sandbox.slack import Modal, visible
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.workspace.message import Message
from tests.models.ledger import together
from tests.story.harness import CHANNEL, Bot, eventually, seen
from tests.story.issues.test_close_the_loop import FIXED, fix, issue, notice, reported
from tests.story.issues.test_issues import add, asked, words

SAME = "Rows missing in CSV"


def modal(bot: Bot, shown: Message, by: str = "ana") -> Modal:
    """The modal behind *Rename or merge…*."""
    opened = getattr(bot, by).press(shown, "Rename or merge…").view
    assert opened is not None
    assert check_view(opened.state.given) == []
    return opened


def two(bot: Bot) -> tuple[list[tuple[Any, Message]], list[tuple[Any, Message]]]:
    """Maria and Joe reported the one, Joe (in another post) and Eve the other."""
    return reported(bot, "maria", "joe"), reported(bot, "joe", "eve", title=SAME)


def said(bot: Bot, *shown: str) -> Message:
    """What the channel was told."""

    def look() -> Message:
        fix_followup.update_messages(bot.ctx)
        with bot.slack.world.lock:
            found = list(bot.slack.world.channel(CHANNEL).messages)
        return next(one for one in found if all(word in seen(one) for word in shown))

    told = eventually(look)
    assert check_message(told.blocks) == []
    assert visible(told).broadcasts == []
    return told


def told(bot: Bot, post: Any, card: Message, reply: str = "Mended!") -> None:
    bot.reply(card, reply)
    bot.answered(post, reply)
    bot.shows(card, "Answered")


# --- rename -------------------------------------------------------------------------------------------------


def test_a_new_title_shows_in_the_issue_and_on_its_cards(bot: Bot) -> None:
    (_, card), _ = reported(bot, "maria", "joe")
    opened = modal(bot, issue(bot))
    assert opened.value("title") == FIXED

    outcome = opened.fill({"title": "  Export loses *rows* <!channel> "}).submit()
    assert outcome.closed
    outcome.replay()

    bot.whisper("Export loses *rows* @channel", "[Rename or merge…]")
    bot.shows(card, "Issue: Export loses *rows* @channel")
    [event] = bot.events("issue renamed")
    assert (event.actor, event.data["from"]) == ("U0ANA", FIXED)


def test_the_title_of_another_issue_is_refused_and_picking_it_then_makes_the_two_one(bot: Bot) -> None:
    (_, (_, card)), _ = two(bot)
    opened = modal(bot, issue(bot)).fill({"title": SAME.upper()})

    refused = opened.submit()

    assert not refused.closed
    assert f"There is an issue “{SAME}” already" in refused.errors["title"]
    assert opened.value("title") == SAME.upper()
    assert opened.fill({"pick": SAME}).submit().closed
    bot.shows(card, f"Issue: {SAME}")
    assert len(bot.events("issue merged")) == 1


def test_nothing_typed_and_nothing_picked_changes_nothing_and_says_so(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    assert asked(bot, card).fill({"title": "&lt;odd <tle> & <!here>"}).submit().closed
    bot.shows(card, "Issue: <odd <tle> & @here")
    opened = modal(bot, issue(bot, kind="odd"))

    assert "Nothing was changed" in opened.submit().errors["title"]
    assert "a visible title" in opened.fill({"title": "\u200b"}).submit().errors["title"]
    assert bot.events("issue renamed") == []


def test_another_title_and_a_pick_at_once_are_refused_with_both_kept(bot: Bot) -> None:
    two(bot)
    opened = modal(bot, issue(bot)).fill({"title": "Something else", "pick": SAME})

    assert f"put back “{FIXED}”" in opened.submit().errors["title"]

    assert opened.value("title") == "Something else"
    assert opened.fill({"title": FIXED}).submit().closed
    eventually(lambda: bot.events("issue merged"))
    assert bot.events("issue renamed") == []


@pytest.mark.parametrize("title", ["🍺" * 150, "&" * 150])
def test_the_modal_opens_with_a_title_of_any_length(bot: Bot, title: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    add(bot, card, FIXED)

    assert modal(bot, issue(bot)).fill({"title": title}).submit().closed

    shown = bot.whisper(title[:50], "[Rename or merge…]")
    assert modal(bot, shown).value("title") == title


# --- merge --------------------------------------------------------------------------------------------------


def test_two_open_ones_become_one_that_counts_each_person_once(bot: Bot) -> None:
    ((_, first), _), _ = two(bot)
    stale = issue(bot, "Open  ·  2 people")
    opened = modal(bot, stale)
    assert "the people who reported this one still need to be told" in opened.text

    outcome = opened.fill({"pick": SAME}).submit()
    assert outcome.closed
    outcome.replay()

    shown = bot.whisper(SAME, "Open  ·  3 people")
    assert "4 conversations" in seen(shown)
    bot.shows(first, f"Issue: {SAME}", without=(FIXED,))
    listed = words(bot.ben.command("/mentions", "issues"))
    assert "1 open issue" in listed
    assert SAME in words(bot.ben.command("/mentions", f"issues {FIXED}"))
    [event] = bot.events("issue merged")
    assert (event.actor, event.data["title"], event.data["into_title"]) == ("U0ANA", FIXED, SAME)


def test_a_stale_button_and_the_old_name_lead_to_the_one_that_stays(bot: Bot) -> None:
    two(bot)
    stale, yours = issue(bot), issue(bot, by="ben")
    _, card = bot.heard("@acmebrew me too", author="pat")
    choosing = asked(bot, card, by="ben")
    assert choosing.offered("pick")
    assert modal(bot, stale).fill({"pick": SAME}).submit().closed
    eventually(lambda: bot.events("issue merged"))

    assert choosing.fill({"pick": FIXED}).submit().closed
    bot.shows(card, f"Issue: {SAME}")
    bot.ben.press(yours, "Mark as fixed")
    bot.whisper(f"“{FIXED}” is now part of “{SAME}”, which", to=bot.ben)
    bot.whisper(SAME, "[Mark as fixed]", to=bot.ben)
    assert bot.events("issue fixed") == []

    _, other = bot.heard("@acmebrew and me", author="kim")
    bot.say(other, "@Heard issue export LOSES rows")
    bot.shows(other, f"Issue: {SAME}")
    assert SAME in modal(bot, stale).value("title")


@pytest.mark.both_engines
def test_who_was_told_of_either_fix_stays_told_and_both_messages_follow(bot: Bot) -> None:
    ((post, card), _), ((_, _), (other, second)) = two(bot)
    fix(bot)
    told(bot, post, card)
    notice(bot, FIXED, "1 of 2 people told")
    bot.ana.press(issue(bot, "[Mark as fixed]", kind=SAME), "Mark as fixed")
    told(bot, other, second, "Your CSV has every row again, Eve. Thanks for the hint.")
    notice(bot, SAME, "1 of 2 people told")

    opened = modal(bot, issue(bot, "Fixed", kind=SAME))
    assert "people who were told stay told" in opened.text
    assert opened.fill({"pick": FIXED}).submit().closed

    bot.whisper(FIXED, "2 of 3 people told, 1 left")
    notice(bot, FIXED, "2 of 3 people told, 1 left")
    said(bot, SAME, "It is now part of another issue", FIXED)
    assert bot.events("not told after all") == []
    assert "2 of 3 people told, 1 left" in words(bot.ben.command("/mentions", "issues fixed"))


def test_an_open_one_that_is_the_same_as_a_fixed_one_is_fixed_and_its_people_are_to_be_told(bot: Bot) -> None:
    (_, (post, card)), _ = two(bot)
    bot.ana.press(issue(bot, "[Mark as fixed]", kind=SAME), "Mark as fixed")
    eventually(lambda: bot.events("issue fixed"))
    told(bot, post, card)  # while theirs was open

    assert modal(bot, issue(bot, by="ben"), by="ben").fill({"pick": SAME}).submit().closed

    said(bot, "@U0BEN merged an open issue into one that @U0ANA marked as fixed", FIXED, SAME)
    shown = bot.whisper(SAME, "0 of 3 people told, 3 left", to=bot.ben)
    assert seen(shown).count("[Skip…]") == 3


def test_a_fixed_one_that_is_the_same_as_an_open_one_is_open(bot: Bot) -> None:
    ((post, card), _), _ = two(bot)
    shown = fix(bot)
    told(bot, post, card)
    opened = modal(bot, shown)
    assert "If it is open, everyone needs to be told" in opened.text

    assert opened.fill({"pick": SAME}).submit().closed

    said(bot, "@U0ANA merged an issue that @U0ANA marked as fixed into an open one", "It is open now")
    said(bot, FIXED, "It is now part of another issue", SAME)
    bot.whisper(SAME, "Open  ·  3 people")
    bot.shows(card, f"Issue: {SAME}", without=("(fixed)",))


@pytest.mark.both_engines
def test_two_who_merge_them_both_ways_at_once(bot: Bot) -> None:
    two(bot)
    mine = modal(bot, issue(bot)).fill({"pick": SAME})
    yours = modal(bot, issue(bot, kind=SAME, by="ben"), by="ben").fill({"pick": FIXED})

    outcomes = together(mine.submit, yours.submit)

    [refused] = [one for one in outcomes if not one.closed]
    assert "They are already merged" in refused.errors["pick"]
    assert len(bot.events("issue merged")) == 1


def test_what_was_merged_meanwhile_is_refused_with_the_words_kept(bot: Bot) -> None:
    two(bot)
    yours = modal(bot, issue(bot, by="ben"), by="ben").fill({"title": "Lost rows"})
    assert modal(bot, issue(bot)).fill({"pick": SAME}).submit().closed

    assert f"Someone has merged this one into “{SAME}”" in yours.submit().errors["title"]

    assert yours.value("title") == "Lost rows"
    assert bot.events("issue renamed") == []


def test_a_picked_one_that_was_merged_meanwhile_is_followed(bot: Bot) -> None:
    two(bot)
    reported(bot, "kim", title="Third")
    yours = modal(bot, issue(bot, kind="Third", by="ben"), by="ben").fill({"pick": FIXED})
    assert modal(bot, issue(bot)).fill({"pick": SAME}).submit().closed

    assert yours.submit().closed

    bot.whisper(SAME, "Open  ·  4 people", to=bot.ben)
