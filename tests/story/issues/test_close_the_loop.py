"""Tell them it's fixed: everybody who reported an issue is gone back to, one by one, or skipped with a reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.jobs import digest
from bot.slack import fix_followup
from models import Issue, Notice, Ticket
from models.issues.queries import count_to_notify, list_fixed_issues
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message
from sandbox.slack.workspace.message import Message
from tests.models.ledger import together
from tests.story.harness import CHANNEL, Bot, eventually, running, seen, sound
from tests.story.issues.test_issues import add, words

FIXED = "Export loses rows"


def reported(bot: Bot, *authors: str, title: str = FIXED) -> list[tuple[Any, Message]]:
    """A post of each, all of one issue."""
    found = []
    for number, author in enumerate(authors):
        post, card = bot.heard(f"@acmebrew words of {author} {number}", author=author)
        add(bot, card, title)
        found.append((post, card))
    return found


def issue(bot: Bot, *shows: str, by: str = "ana", kind: str = FIXED) -> Message:
    """The issue as that person sees it, opened from `/mentions issues`."""
    who = getattr(bot, by)
    outcome = who.command("/mentions", f"issues {kind}")
    assert check_message(outcome.blocks) == []
    listed = outcome.ephemeral()
    pressed = who.press(listed, "Open")
    assert pressed.ok
    shown = bot.whisper(*shows, to=who) if shows else pressed.ephemeral()
    sound(shown)
    return shown


def fix(bot: Bot) -> Message:
    """Mark it as fixed; the list of those to go back to."""
    bot.ana.press(issue(bot, "[Mark as fixed]"), "Mark as fixed")
    return bot.whisper("Tell them it's fixed")


def notice(bot: Bot, *shown: str) -> Message:
    """The message in the channel about the fix, once it shows that."""

    def look() -> Message:
        fix_followup.update_messages(bot.ctx)
        with bot.slack.world.lock:
            found = [one for one in bot.slack.world.channel(CHANNEL).messages if not one.is_reply]
        return next(one for one in found if all(word in seen(one) for word in ("as fixed", *shown)))

    return eventually(look)


def test_an_issue_shows_its_people_their_words_and_their_cards(bot: Bot) -> None:
    (_, first), _ = reported(bot, "maria", "joe")

    shown = seen(issue(bot, "Open  ·  2 people "))

    assert "@maria" in shown
    assert "@acmebrew words of joe 1" in shown
    assert f"p{first.ts.replace('.', '')}" in shown
    assert "Reply" not in shown


def test_marking_as_fixed_lists_everybody_and_tells_the_channel_in_one_message(bot: Bot) -> None:
    reported(bot, "maria", "joe")

    shown = seen(fix(bot))

    assert "0 of 2 people told, 2 left" in shown
    assert shown.count("[Reply]") == 2
    assert shown.count("[Skip…]") == 2
    told = notice(bot, "@U0ANA marked an issue as fixed:", FIXED, "0 of 2 people told, 2 left")
    assert visible(told).broadcasts == []
    assert len(bot.events("issue fixed")) == 1


def test_people_are_told_one_by_one_through_the_ordinary_composer(bot: Bot) -> None:
    (post, card), (other, second) = reported(bot, "maria", "joe")
    bot.reply(card, "We look into it.")
    bot.answered(post, "We look into it.")
    bot.shows(card, "Answered")
    shown = fix(bot)
    assert "[Follow up]" in seen(shown)

    follow = bot.ana.press(shown, "Follow up").view
    assert follow.value() is None or follow.value() == ""
    assert follow.fill("It is mended, Maria.").submit().closed
    bot.answered(post, "We look into it.", "It is mended, Maria.")
    bot.shows(card, "It is mended, Maria.", "Answered")

    notice(bot, "1 of 2 people told, 1 left")
    assert "1 of 2 people told, 1 left" in words(bot.ben.command("/mentions", "issues fixed"))
    assert "1 person still needs to hear it's fixed" in words(bot.ben.command("/mentions", "issues"))
    bot.ana.press(shown, "Refresh")
    assert "told by @U0ANA" in seen(bot.whisper("told by @U0ANA"))
    assert bot.replies(other) == []
    [event] = bot.events("told")
    assert event.reply_id is not None
    bot.shows(second, "Waiting")


def test_an_answer_from_before_the_fix_tells_nobody_that_it_is_fixed(bot: Bot) -> None:
    ((post, card),) = reported(bot, "maria")
    bot.reply(card, "We look into it.")
    bot.answered(post, "We look into it.")
    bot.shows(card, "Answered")

    fix(bot)
    fix_followup.update_messages(bot.ctx)

    assert bot.events("told") == []


def test_telling_a_person_once_settles_all_their_tickets(bot: Bot) -> None:
    (_, first), (post, second) = reported(bot, "maria", "maria")
    shown = fix(bot)
    assert "0 of 1 person told" in seen(shown)
    assert seen(shown).count("[Reply]") == 1

    bot.reply(second, "Mended!")
    bot.answered(post, "Mended!")
    bot.shows(second, "Answered")

    notice(bot, "1 of 1 person told, everyone was told or skipped")
    assert len(bot.events("told")) == 2
    bot.shows(first, "Waiting")


@pytest.mark.both_engines
def test_a_reply_that_is_deleted_again_has_told_nobody(bot: Bot) -> None:
    ((post, card),) = reported(bot, "maria")
    fix(bot)
    bot.reply(card, "Mended!")
    bot.answered(post, "Mended!")
    bot.shows(card, "Answered")
    notice(bot, "1 of 1 person told")

    bot.press(card, "Delete public reply").view.submit()
    bot.answered(post)
    bot.shows(card, "Waiting")

    notice(bot, "0 of 1 person told, 1 left")


def test_somebody_is_skipped_with_a_reason_once(bot: Bot) -> None:
    reported(bot, "maria", "joe")
    shown = fix(bot)
    modal = bot.ana.press(shown, "Skip…").view

    outcome = modal.fill("left us <!channel>").submit()
    assert outcome.closed
    outcome.replay()

    after = bot.whisper("0 of 2 people told, 1 skipped, 1 left")
    assert "skipped by @U0ANA: left us" in seen(after)
    assert visible(after).broadcasts == []
    [event] = bot.events("skip telling")
    assert event.data["reason"] == "left us @channel"
    notice(bot, "1 skipped, 1 left")


@pytest.mark.both_engines
def test_a_press_twice_and_two_people_fix_it_once(bot: Bot) -> None:
    reported(bot, "maria")
    mine, bens = issue(bot, "[Mark as fixed]"), issue(bot, "[Mark as fixed]", by="ben")

    mine_pressed, _ = together(
        lambda: bot.ana.press(mine, "Mark as fixed"), lambda: bot.ben.press(bens, "Mark as fixed")
    )
    eventually(lambda: bot.events("issue fixed"))
    mine_pressed.replay()

    assert len(bot.events("issue fixed")) == 1
    winner = bot.events("issue fixed")[0].actor
    loser = bot.ben if winner == "U0ANA" else bot.ana
    bot.whisper(f"@{winner} has already marked this issue as fixed.", to=loser)


def test_who_reports_it_after_the_fix_is_told_to_its_fixer_in_the_channel(bot: Bot) -> None:
    reported(bot, "maria")
    fix(bot)

    _, card = bot.heard("@acmebrew still loses rows", author="joe")
    assert bot.press(card, "Add to issue…", by=bot.ben).view.fill({"pick": FIXED}).submit().closed

    bot.shows(card, f"Issue: {FIXED} (fixed)")
    notice(bot, "@U0ANA, @joe reports an issue that you marked as fixed:", FIXED)
    assert "reported again since it was fixed" in words(bot.ben.command("/mentions", "issues fixed"))
    again = issue(bot, "Reported again since it was fixed")
    bot.ana.press(again, "Reopen issue")
    bot.whisper("Open  ·  2 people")
    bot.shows(card, f"Issue: {FIXED}", without=("(fixed)",))


def test_thanks_after_the_fix_are_no_new_report(bot: Bot) -> None:
    ((post, _card),) = reported(bot, "maria")
    fix(bot)

    bot.post("@acmebrew thank you!", author="maria", reply_to=post.id)
    bot.poll()

    assert "reported again" not in words(bot.ben.command("/mentions", "issues fixed"))


@pytest.mark.both_engines
def test_an_issue_of_sixty_people_has_pages_and_each_has_a_composer(bot: Bot) -> None:
    bot.poll()  # the first look takes fifty
    for number in range(60):
        bot.post(f"@acmebrew number {number} " + "x" * 300, author=f"person{number}")
    bot.poll()
    with bot.ctx.db.write() as session:
        issue_of_all = Issue.open_or_find(session, FIXED, by="U0ANA", at=bot.ctx.now())
        for ticket_id in session.scalars(select(Ticket.id)).all():
            issue_of_all.add(session, Ticket.lock(session, ticket_id), by="U0ANA", at=bot.ctx.now())

    shown = fix(bot)

    assert "0 of 60 people told" in seen(shown)
    assert check_message(shown.blocks) == []
    assert seen(shown).count("[Reply]") == 8
    bot.ana.press(shown, "Next")
    second = bot.whisper("[Previous]", "[Next]")
    sound(second)
    assert seen(second).count("[Reply]") == 8


def test_what_is_fixed_is_still_to_be_told_after_a_restart(database_url: str) -> None:
    with running(database_url) as bot:
        reported(bot, "maria")
        fix(bot)

    with running(database_url) as bot:
        assert "1 left" in words(bot.ana.command("/mentions", "issues fixed"))


def test_who_may_not_send_can_mark_and_skip_but_only_drafts(database_url: str) -> None:
    with running(database_url, senders="U0ANA") as bot:
        ((post, _card),) = reported(bot, "maria")
        bot.ben.press(issue(bot, "[Mark as fixed]", by="ben"), "Mark as fixed")
        shown = bot.whisper("Tell them it's fixed", to=bot.ben)

        modal = bot.ben.press(shown, "Reply").view
        modal.fill("Mended").submit()

        eventually(lambda: bot.drafts() == ["Mended"])
        assert bot.replies(post) == []
        assert bot.events("issue fixed")[0].actor == "U0BEN"


@pytest.mark.both_engines
def test_a_notice_that_was_deleted_in_slack_is_let_go(bot: Bot) -> None:
    reported(bot, "maria")
    shown = fix(bot)
    bot.slack.world.delete(notice(bot, "0 of 1 person told"))
    bot.ana.press(shown, "Skip…").view.fill("left us").submit()
    eventually(lambda: bot.events("skip telling"))

    for _ in range(3):
        fix_followup.update_messages(bot.ctx)

    refused = [call.error for call in bot.slack.world.calls if call.error]
    assert refused == ["message_not_found"]
    bot.slack.world.calls[:] = [call for call in bot.slack.world.calls if not call.error]


def test_the_digest_says_who_is_still_to_be_told(bot: Bot) -> None:
    reported(bot, "maria")
    fix(bot)

    with bot.ctx.db.read() as session:
        assert count_to_notify(list_fixed_issues(session, at=bot.ctx.now())) == (1, 1)
    digest.write_due(replace(bot.ctx, now=lambda: datetime.now(UTC) + timedelta(days=2)))

    with bot.ctx.db.read() as session:
        said = [str(one.blocks) for one in session.scalars(select(Notice)).all()]
    assert any("1 person still needs to hear it's fixed" in one for one in said)
