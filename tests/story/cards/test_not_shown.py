"""A customer's post is not shown for a while, or for good: what the team sees, and what becomes of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.jobs import missing_post_checks
from handlers.replies import previews, submit
from sandbox.slack.workspace.message import Message
from tests.story.commands.test_commands import words
from tests.story.harness import DEADLINE, Bot, Clock, eventually, running, seen

NOT_SHOWN = "X isn't showing us this post right now"
LOOK_UP = "GET /2/tweets"


@pytest.fixture
def bot(database_url: str, clock: Clock) -> Iterator[Bot]:
    with running(database_url, now=clock) as bot:
        yield bot


def passes(bot: Bot, clock: Clock, **time: float) -> None:
    clock.ahead += timedelta(**time)
    missing_post_checks.run_due(bot.ctx)


def missed(bot: Bot, text: str = "@acmebrew my kettle exploded") -> Message:
    """The card of a post that X has stopped to show when somebody pressed Reply."""
    _, card = bot.heard(text)
    bot.x.world.change_user("maria", protected=True)
    bot.compose(card)
    bot.shows(card, NOT_SHOWN)
    return card


@pytest.mark.both_engines
def test_an_account_is_locked_for_a_day_and_opened_again(bot: Bot, clock: Clock) -> None:
    card = missed(bot)
    shown = bot.shows(card, NOT_SHOWN, "my kettle exploded", "Waiting", without=("Deleted by",))
    assert "Reply" in shown.buttons

    passes(bot, clock, hours=1)
    bot.shows(card, NOT_SHOWN, "my kettle exploded", "Waiting")
    passes(bot, clock, hours=19)
    bot.shows(
        card,
        "No reply needed",
        "(no longer shown on X)",
        "No longer shown on X since",
        without=("my kettle exploded", "Deleted by"),
    )
    assert "kettle" not in bot.now(card).text
    assert "No results for" in words(bot.ben.command("/mentions", "search kettle exploded"))

    bot.x.world.change_user("maria", protected=False)
    bot.poll()

    bot.told(card, "X shows this post again, so the ticket is waiting again")
    shown = bot.shows(card, "Waiting", "my kettle exploded", without=("no longer shown",))
    assert "Reply" in shown.buttons
    assert "kettle exploded" in words(bot.ben.command("/mentions", "search kettle exploded"))


def test_the_composer_says_so_before_anything_is_typed_and_the_reply_may_be_sent(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew my kettle exploded")
    bot.x.world.faults.add(LOOK_UP, "lagging_replica", times=1)
    bot.compose(card)
    bot.shows(card, NOT_SHOWN)

    modal = bot.compose(card, by=bot.ben)
    assert NOT_SHOWN in seen(modal)
    assert "my kettle exploded" in seen(modal)
    assert modal.fill("We are sorry!").submit().errors == {}

    bot.answered(post, "We are sorry!")  # only one of X's servers lagged behind


def test_who_had_the_composer_open_is_told_first_and_sends_with_the_second_press(
    bot: Bot, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "REFRESH_TIMEOUT_SECONDS", DEADLINE)
    post, card = bot.heard("@acmebrew my kettle exploded")
    modal = bot.compose(card).fill("We are sorry!")
    eventually(lambda: bot.x.world.counts[LOOK_UP])  # the look at it while somebody types
    clock.ahead += timedelta(minutes=2)
    bot.x.world.change_user("maria", suspended=True)

    outcome = modal.submit()
    assert outcome.view is not None
    assert NOT_SHOWN in seen(outcome.view)
    assert outcome.view.value() == "We are sorry!"
    assert bot.attempts == 0
    outcome.view.submit()

    bot.told(card, "X refused your reply", "We are sorry!", "Your text is kept")
    bot.shows(card, NOT_SHOWN, "Waiting", "my kettle exploded")
    assert bot.compose(card).value() == "We are sorry!"
    assert bot.replies(post) == []


def test_a_reply_from_the_thread_is_shown_once_more_with_the_reason(
    bot: Bot, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "REFRESH_TIMEOUT_SECONDS", DEADLINE)
    _, card = bot.heard("@acmebrew my kettle exploded")
    bot.say(card, "@Heard reply We are sorry!")
    preview = bot.whisper("This would be public", "We are sorry!")
    clock.ahead += timedelta(minutes=2)
    bot.x.world.change_user("maria", protected=True)

    bot.ana.press(preview, "Send publicly")

    again = bot.whisper("This would be public", NOT_SHOWN)
    assert bot.attempts == 0
    bot.ana.press(again, "Send publicly")
    bot.told(card, "X refused your reply", "We are sorry!")


def test_what_is_not_shown_can_be_reopened_and_answered_by_who_knows_better(bot: Bot, clock: Clock) -> None:
    card = missed(bot)
    passes(bot, clock, hours=1)
    passes(bot, clock, hours=19)
    bot.shows(card, "no longer shown on X")
    bot.press(card, "Reopen")
    bot.shows(card, "Waiting", "No longer shown on X since")

    modal = bot.compose(card)

    assert NOT_SHOWN in seen(modal)
    assert "kettle" not in seen(modal)
    bot.shows(card, "Waiting")


def test_the_history_of_a_person_says_what_is_no_longer_shown(bot: Bot, clock: Clock) -> None:
    card = missed(bot)
    passes(bot, clock, hours=1)
    passes(bot, clock, hours=19)
    bot.shows(card, "no longer shown on X")

    history = bot.ana.command("/mentions", "search @maria").view

    assert history is not None
    assert "(no longer shown)" in seen(history)
    assert "kettle" not in seen(history)
