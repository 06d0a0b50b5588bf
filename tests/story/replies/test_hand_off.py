"""Answers that X takes from a person only: kept, handed over with a filled-in page, and confirmed."""

from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.slack.workspace.message import Message
from sandbox.x import XPost
from tests.story.harness import Bot, seen, sound

WORDS = "Thank you & welcome, see https://acme.example/?a=1&b=2 + #1!"


@pytest.fixture
def handed_off(bot: Bot) -> tuple[Bot, XPost, Message]:
    """A reply that X refused, since its author only answered us."""
    bot.x.world.implicit_counts = False
    ours = bot.x.world.publish("New: a winter stout")
    post, card = bot.heard("looks great", reply_to=ours.id)
    assert bot.reply(card, WORDS).closed
    bot.shows(card, "I posted it")
    return bot, post, card


def link(bot: Bot, card: Message) -> str:
    """Where the card's button leads."""
    return bot.press(card, "Open on X").opened_url or ""


def test_what_x_refuses_from_an_app_is_handed_off_with_the_words_kept(
    handed_off: tuple[Bot, XPost, Message],
) -> None:
    bot, post, card = handed_off

    notice = bot.told(card, "@U0ANA", "not published", "Open on X", WORDS)
    now = bot.shows(card, "must be posted by hand", "Sign in to X as @acmebrew", WORDS)

    sound(notice)
    sound(now)
    assert now.buttons[:3] == ["Open on X", "I posted it", "I did not post it"]
    assert "Reply" not in now.buttons
    page = urlsplit(link(bot, card))
    assert (page.netloc, page.path) == ("x.com", "/intent/post")
    assert parse_qs(page.query) == {"in_reply_to": [post.id], "text": [WORDS]}


def test_a_handed_off_reply_is_never_tried_again(handed_off: tuple[Bot, XPost, Message]) -> None:
    bot, _, card = handed_off

    for _ in range(3):
        bot.ctx.wake_loops()
        bot.poll()
        bot.confirm_hand_offs()
    bot.settled()

    assert bot.attempts == 1
    bot.shows(card, "I posted it")


def test_i_posted_it_counts_as_answered(handed_off: tuple[Bot, XPost, Message]) -> None:
    bot, _, card = handed_off

    bot.press(card, "I posted it", by=bot.ben)

    now = bot.shows(card, "Answered by hand by @U0ANA", "@U0ANA answered by hand")
    assert now.buttons[0] == "Follow up"
    assert "*Handed off* 1" in str(bot.ana.command("/mentions", "stats").blocks)
    assert bot.attempts == 1


def test_i_did_not_post_it_gives_the_words_back(handed_off: tuple[Bot, XPost, Message]) -> None:
    bot, _, card = handed_off

    pressed = bot.press(card, "I did not post it")

    assert "The ticket is waiting again. Your text is kept" in seen(pressed.ephemeral())
    bot.shows(card, "Waiting", "can only be replied to by hand on X", without=("I posted it",))
    modal = bot.compose(card)
    assert modal.value() == WORDS
    assert "doesn't let Heard send this reply" in modal.text
    assert "Hand off" in modal.text


def test_what_is_known_to_be_refused_goes_straight_to_the_hand_off(
    handed_off: tuple[Bot, XPost, Message],
) -> None:
    bot, _, card = handed_off
    bot.press(card, "I did not post it")
    bot.shows(card, "Waiting", without=("I posted it",))

    bot.reply(card, "Second try")

    bot.shows(card, "I posted it", "Second try")
    assert "Second+try" in link(bot, card) or "Second%20try" in link(bot, card)
    assert bot.attempts == 1


@pytest.mark.parametrize("look", ["watch", "confirm_hand_offs"])
def test_a_reply_posted_by_hand_is_seen_and_confirmed(
    handed_off: tuple[Bot, XPost, Message], look: str
) -> None:
    bot, post, card = handed_off
    by_hand = bot.x.world.post("acmebrew", "Thanks a lot!", reply_to=post.id)

    getattr(bot, look)()

    bot.shows(card, "Answered by hand by @U0ANA", f"/status/{by_hand.id}")
    assert bot.attempts == 1


def test_a_decision_that_was_made_is_not_made_again(handed_off: tuple[Bot, XPost, Message]) -> None:
    bot, _, card = handed_off
    before = bot.now(card)
    first = bot.ana.press(before, "I posted it")
    bot.shows(card, "Answered by hand")

    first.replay()
    late = bot.ben.press(before, "I did not post it")

    assert "already decided" in seen(late.ephemeral())
    bot.shows(card, "Answered by hand")
    assert len(bot.events("I posted it")) == 1
