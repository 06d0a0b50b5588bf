"""Whose a ticket is and how it ends: what teammates press, what they read, what the log remembers."""

import pytest

from models import Reply
from tests.story.harness import Bot, running, seen, sound

# --- whose it is ------------------------------------------------------------------------------------------


def test_a_claim_shows_whose_it_is(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.ana.press(card, "Claim")

    now = bot.shows(card, "assigned to @U0ANA")
    assert "Claim" not in now.buttons
    assert "Release" in now.buttons
    assert [(event.actor, event.act) for event in bot.events("claim")] == [("U0ANA", "claim")]


def test_claiming_twice_is_harmless(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.ana.press(card, "Claim")
    second = bot.ana.press(card, "Claim")

    assert "This ticket is already yours." in seen(second.ephemeral())
    assert len(bot.events("claim")) == 1


def test_who_claims_second_is_told_who_was_first(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")

    late = bot.ben.press(card, "Claim")

    assert "@U0ANA already owns this ticket." in seen(late.ephemeral())
    bot.shows(card, "assigned to @U0ANA")


def test_a_release_gives_it_back_to_the_queue(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")
    now = bot.shows(card, "assigned to @U0ANA")

    bot.ana.press(now, "Release")

    assert "Claim" in bot.shows(card, without=("assigned to",)).buttons


def test_only_the_owner_releases(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")
    now = bot.shows(card, "assigned to @U0ANA")

    refused = bot.ben.press(now, "Release")

    assert "only they can release it" in seen(refused.ephemeral())
    bot.shows(card, "assigned to @U0ANA")


def test_who_answers_has_it_even_if_somebody_else_had_claimed(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")

    assert bot.reply(card, "Hello!", by=bot.ben).closed

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered by @U0BEN")
    assert [event.act for event in bot.events("claim", "take over")] == ["claim", "take over"]


# --- how it ends ------------------------------------------------------------------------------------------


def test_no_reply_needed_can_be_closed_as_it_opens(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew thank you!")
    modal = bot.ana.press(card, "No reply needed").view

    assert modal.submit().closed

    now = bot.shows(card, "No reply needed (thanks) by @U0ANA")
    assert now.buttons == ["Reopen", "Open on X", "Add to issue…", "Author history"]
    sound(now)
    assert bot.replies(post) == []


def test_no_reply_needed_takes_a_reason_and_a_few_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew buy my <pills>")
    modal = bot.ana.press(card, "No reply needed").view

    assert modal.fill({"Why?": "Spam", "In a few words": "sells *pills* & <!channel>"}).submit().closed

    shown = sound(bot.shows(card, "No reply needed", "spam: sells"))
    assert shown.broadcasts == []
    assert [event.data["reason"] for event in bot.events("no reply needed")] == [
        "spam: sells *pills* & @channel"
    ]


def test_a_ticket_cannot_be_closed_while_its_reply_is_on_the_wire(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    modal = bot.ben.press(card, "No reply needed").view
    slow = bot.x.world.faults.add("POST /2/tweets", "slow", times=1, seconds=6)
    bot.reply(card, "Hello!")
    bot.shows(card, "on its way")
    bot.answered(post, "Hello!")

    refused = modal.submit()

    assert "Not now: @ana's reply is sending" in refused.errors["reason"]
    slow.release()
    bot.shows(card, "Answered by @U0ANA")


def test_an_outcome_stops_a_reply_that_still_waits_and_tells_its_author(database_url: str) -> None:
    with running(database_url, undo_seconds=60) as bot:
        post, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")

        bot.ben.press(bot.shows(card, "Undo"), "No reply needed").view.submit()

        notice = bot.told(card, "@U0ANA", "@U0BEN closed this ticket", "Hello!")
        sound(notice)
        bot.shows(card, "No reply needed", without=("Undo",))
        assert bot.replies(post) == []
        assert bot.attempts == 0


def test_not_about_us_ends_it_at_one_press(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew is not what I meant")

    bot.ana.press(card, "Not about us")

    assert bot.shows(card, "Not about us by @U0ANA").buttons == [
        "Reopen",
        "Open on X",
        "Add to issue…",
        "Author history",
    ]


def test_reopen_lets_it_wait_again(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Not about us")
    now = bot.shows(card, "Not about us by")

    bot.ben.press(now, "Reopen")

    assert "Reply" in bot.shows(card, "Waiting").buttons
    bot.reply(card, "Hello!")
    bot.answered(post, "Hello!")


def test_an_answered_ticket_reopens_for_a_second_answer(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "Hello!")
    now = bot.shows(card, "Answered")

    bot.ana.press(now, "Reopen")
    bot.shows(card, "Waiting", without=("Answered by",))
    bot.reply(card, "And welcome.")

    bot.answered(post, "Hello!", "And welcome.")


def test_reopening_what_is_open_says_so(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Not about us")
    closed = bot.shows(card, "Not about us by")
    bot.ana.press(closed, "Reopen")

    again = bot.ben.press(closed, "Reopen")

    assert "already open" in seen(again.ephemeral())


def test_what_a_stale_card_offers_is_refused_with_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    stale = bot.now(card)
    bot.ana.press(card, "Not about us")
    bot.shows(card, "Not about us by")

    for label in ("Claim", "Not about us"):
        assert "This ticket is closed: not about us. Reopen it first." in seen(
            bot.ben.press(stale, label).ephemeral()
        )
    assert "This ticket is closed: not about us" in bot.ben.press(stale, "Reply").view.text


# --- going on ---------------------------------------------------------------------------------------------


def test_follow_up_speaks_again_under_the_same_conversation(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    bot.reply(card, "It is!")
    bot.shows(card, "Answered", "Follow up")

    modal = bot.compose(card, by=bot.ben, label="Follow up")
    assert modal.fill("And the kitchen is open.").submit().closed

    bot.answered(post, "It is!", "And the kitchen is open.")
    bot.shows(card, "And the kitchen is open.", "Answered")


def test_two_follow_ups_at_once_are_one(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    bot.reply(card, "It is!")
    bot.shows(card, "Answered", "Follow up")
    first = bot.compose(card, label="Follow up").fill("One.")
    second = bot.compose(card, by=bot.ben, label="Follow up").fill("Two.")

    assert first.submit().closed
    bot.answered(post, "It is!", "One.")
    refused = second.submit()

    assert not refused.closed
    assert bot.replies(post) == ["It is!", "One."]


@pytest.mark.parametrize("label", ["Claim", "Not about us"])
def test_a_press_that_arrives_twice_is_one_press(bot: Bot, label: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    pressed = bot.ana.press(card, label)
    bot.told_all()

    again = pressed.replay()

    assert again.status == 200
    assert len(bot.events("claim", "not about us")) == 1
    bot.told_all()
    assert again.ephemerals == []


def test_the_log_knows_who_said_what_to_whom_and_when(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.ana.press(card, "Claim")
    bot.reply(card, "Hello & welcome!", by=bot.ana)
    bot.answered(post, "Hello & welcome!")
    bot.shows(card, "Answered")

    told = bot.events()

    acts = [(event.actor, event.act) for event in told]
    assert acts[0] == ("heard", "mention")
    assert ("U0ANA", "claim") in acts
    assert ("U0ANA", "reply submitted") in acts
    published = bot.events("reply published")[0]
    assert published.text == "Hello & welcome!"
    assert published.post_id == bot.x.world.replies_to(post.id)[0].id
    assert all(event.at.tzinfo is not None and event.ticket_id is not None for event in told)
    with bot.ctx.db.read() as session:
        assert session.get_one(Reply, published.reply_id).actor == "U0ANA"
