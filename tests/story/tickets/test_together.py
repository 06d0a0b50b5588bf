"""Two teammates and one ticket: who has it, who is writing, and that nobody is talked over."""

from datetime import timedelta

import pytest

from bot.ingest import refresh_post
from handlers.replies import previews, submit
from tests.story.harness import DEADLINE, Bot, eventually, running, seen

pytestmark = pytest.mark.both_engines

# --- whose it is --------------------------------------------------------------------------------------------


def test_assign_from_the_thread_gives_it_to_a_teammate_who_is_told(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard assign @Ben Ode")

    bot.shows(card, "assigned to @U0BEN", without=("[Claim]",))
    bot.told(card, "@U0BEN, @U0ANA assigned this ticket to you.")
    [event] = bot.events("assign")
    assert (event.actor, event.data) == ("U0ANA", {"to": "U0BEN"})


def test_assign_from_the_card_asks_to_whom(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    asked = bot.press(card, "Assign…").view
    assert asked.title == "Assign"
    assert asked.fill({"whom": "U0BEN"}).submit().closed

    bot.shows(card, "assigned to @U0BEN")


@pytest.mark.parametrize("whom", ["", "Ben", "somebody @Ben Ode"])
def test_assign_to_nobody_in_particular_says_what_to_type(bot: Bot, whom: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, f"@Heard assign {whom}")

    bot.whisper("Who should get it? Type @Heard assign @teammate.")
    assert bot.events("assign") == []


def test_it_cannot_be_given_to_the_bot(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard assign @Heard")

    bot.whisper("Assign it to a teammate.")


UNABLE = [
    ({"deleted": True}, "account is deactivated"),
    ({"is_bot": True}, "is an app"),
    ({"is_restricted": True}, "is a guest"),
    ({"team_id": "T0ELSEWHERE"}, "belongs to another organisation"),
]


@pytest.mark.parametrize(("facts", "why"), UNABLE)
@pytest.mark.parametrize("way", ["thread", "card"])
def test_who_cannot_act_on_it_is_not_given_it(bot: Bot, facts: dict[str, object], why: str, way: str) -> None:
    for name, value in facts.items():
        setattr(bot.slack.world.users["U0BEN"], name, value)
    _, card = bot.heard("@acmebrew hello")

    if way == "thread":
        bot.say(card, "@Heard assign @Ben Ode")
        told = seen(bot.whisper(why))
    else:
        asked = bot.press(card, "Assign…").view
        outcome = asked.fill({"whom": "U0BEN"}).submit()
        told = outcome.errors["whom"]

    assert why in told
    assert "Choose" in told
    assert bot.events("assign") == []


def test_slacks_own_helper_is_not_given_it_though_slack_calls_it_no_app(bot: Bot) -> None:
    bot.slack.world.add_user("USLACKBOT", "Slackbot", "slackbot")
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard assign <@USLACKBOT>")

    bot.whisper("is an app")
    assert bot.events("assign") == []


def test_somebody_whom_the_settings_name_is_given_it_though_they_are_a_guest(database_url: str) -> None:
    with running(database_url, senders="U0ANA,U0BEN") as bot:
        bot.slack.world.users["U0BEN"].is_restricted = True
        _, card = bot.heard("@acmebrew hello")

        bot.say(card, "@Heard assign @Ben Ode")

        bot.shows(card, "assigned to @U0BEN")


def test_while_slack_does_not_tell_who_somebody_is_it_can_be_assigned(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard claim")  # so it is known who assigns
    bot.shows(card, "assigned to @U0ANA")
    bot.slack.world.faults.error("users.info", "internal_error", times=1)

    bot.say(card, "@Heard assign @Ben Ode")

    bot.shows(card, "assigned to @U0BEN")


def test_a_claim_pressed_twice_says_that_they_have_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    unclaimed = bot.now(card)
    bot.ana.press(unclaimed, "Claim")

    again = bot.ana.press(unclaimed, "Claim")

    assert "This ticket is already yours." in seen(again.ephemeral())
    assert len(bot.events("claim")) == 1


def test_take_over_is_behind_the_dots_of_a_card_that_somebody_has(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")

    bot.press(card, "Take over", by=bot.ben)

    bot.shows(card, "assigned to @U0BEN")
    assert bot.events("take over")[0].data == {"from": "U0ANA"}


def test_whoever_replies_to_a_colleagues_ticket_is_told_and_takes_it_over(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")

    modal = bot.compose(card, by=bot.ben)
    assert "@U0ANA owns this ticket. If you send a reply, it becomes yours." in modal.text
    assert modal.fill("Hello from Ben.").submit().closed

    bot.answered(post, "Hello from Ben.")
    assert len(bot.events("take over")) == 1


# --- who is writing -----------------------------------------------------------------------------------------


def test_while_somebody_writes_the_card_says_so_and_then_no_more(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    modal = bot.compose(card)
    bot.shows(card, "@U0ANA has been replying since")
    modal.fill("Hello!").submit()

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered", without=("has been replying",))


def test_whoever_presses_reply_meanwhile_sees_who_writes_and_can_take_over(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    anas = bot.compose(card).fill("Hello from Ana!")
    bot.shows(card, "@U0ANA has been replying since")

    bens = bot.compose(card, by=bot.ben).fill("Hello from Ben!")
    assert "@U0ANA has been replying since" in bens.text
    bens.press("Take over")

    bot.shows(card, "@U0BEN has been replying since", without=("@U0ANA has been replying",))
    bot.told(card, "@U0ANA, @U0BEN is writing the reply now.")
    assert bens.value() == "Hello from Ben!"
    assert "Take over" not in bens.buttons
    assert bens.submit().closed
    assert "@ben has already replied" in anas.submit().errors["reply"]
    bot.answered(post, "Hello from Ben!")


def test_a_composer_that_is_cancelled_lets_go_and_keeps_what_was_typed(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill("Half a sen")
    bot.shows(card, "has been replying")

    modal.close()

    bot.shows(card, "Waiting", without=("has been replying",))
    again = bot.compose(card)
    assert again.value() == "Half a sen"
    assert bot.replies(post) == []


def test_a_composer_that_is_cancelled_unchanged_makes_no_second_draft(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.compose(card).fill("Half a sen").close()

    bot.compose(card).close()
    bot.settled()

    assert [one.value() for one in [bot.compose(card)]] == ["Half a sen"]
    assert len(bot.drafts()) == 1


def test_cancelling_an_old_composer_does_not_end_a_colleagues(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    anas = bot.compose(card)
    bens = bot.compose(card, by=bot.ben)
    bens.press("Take over")
    bot.shows(card, "@U0BEN has been replying since")

    anas.close()
    bot.settled()

    bot.shows(card, "@U0BEN has been replying since")


# --- the target ---------------------------------------------------------------------------------------------


def test_a_post_that_was_edited_meanwhile_is_shown_and_asked_about_again(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew are you open on Mondays?")
    modal = bot.compose(card).fill("Yes!")
    bot.x.world.edit(post.id, "@acmebrew are you closed on Mondays?")
    bot.poll()
    bot.shows(card, "closed on Mondays")

    submitted = modal.submit()

    assert not submitted.closed
    assert "They edited their post after you started writing." in modal.text
    assert "closed on Mondays" in modal.text
    assert modal.value() == "Yes!"
    assert bot.replies(post) == []
    assert modal.submit().closed
    bot.answered(post, "Yes!")


def test_an_edit_nobody_has_heard_of_is_found_while_somebody_types(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew are you open on Mondays?")
    bot.x.world.edit(post.id, "@acmebrew are you closed on Mondays?")

    modal = bot.compose(card).fill("Yes!")
    bot.shows(card, "closed on Mondays")

    assert not modal.submit().closed
    assert "They edited their post" in modal.text


def test_a_post_that_is_not_shown_meanwhile_is_not_answered_before_its_author_is_told(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.delete(post.id)
    modal = bot.compose(card).fill("Hello!")
    bot.shows(card, "X isn't showing us this post right now")

    assert not modal.submit().closed

    assert "X isn't showing us this post right now" in modal.text
    assert modal.value() == "Hello!"
    assert bot.attempts == 0


def test_a_post_that_was_answered_by_hand_meanwhile_is_not_answered_twice(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.x.world.post(bot.x.world.brand.handle, "By hand: hello!", reply_to=post.id)
    modal = bot.compose(card).fill("Hello!")
    bot.shows(card, "outside Heard")

    errors = modal.submit().errors

    assert "outside Heard" in errors["reply"]
    bot.answered(post, "By hand: hello!")


# --- undo ---------------------------------------------------------------------------------------------------


def test_undoing_a_follow_up_leaves_the_ticket_answered(database_url: str) -> None:
    with running(database_url, undo_seconds=600) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.say(card, "@Heard done thanks")
        bot.say(card, "@Heard reopen")
        bot.shows(card, "Waiting")
        bot.reply(card, "Hello!")
        bot.shows(card, "[Undo]")

        bot.say(card, "@Heard undo")

        bot.shows(card, "Waiting", without=("[Undo]",))
        assert seen(bot.now(card)).count("Hello!") == 0


def test_what_happens_to_the_post_after_the_composer_opened_is_said_at_the_submit(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, card = bot.heard("@acmebrew hello")
    modal = bot.compose(card).fill("Hello!")
    eventually(lambda: bot.x.world.counts["GET /2/tweets"])
    monkeypatch.setattr(refresh_post, "REFRESH_INTERVAL", timedelta())  # as if they had typed for a minute
    monkeypatch.setattr(submit, "REFRESH_TIMEOUT_SECONDS", DEADLINE)
    bot.x.world.delete(post.id)

    assert not modal.submit().closed

    assert "X isn't showing us this post right now" in modal.text
    assert modal.value() == "Hello!"
    assert bot.attempts == 0


def test_a_preview_of_an_answer_to_words_that_changed_is_shown_again(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "REFRESH_TIMEOUT_SECONDS", DEADLINE)
    post, card = bot.heard("@acmebrew are you open on Mondays?")
    bot.say(card, "@Heard reply Yes!")
    preview = bot.whisper("Only you can see this")
    bot.x.world.edit(post.id, "@acmebrew are you closed on Mondays?")

    outcome = bot.ana.press(preview, "Send publicly")

    assert "They edited their post after you started writing." in seen(outcome.ephemeral())
    assert bot.replies(post) == []
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")
    bot.answered(post, "Yes!")


def test_what_comes_while_somebody_picks_a_reason_is_not_closed_unread(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew thanks")
    asked = bot.press(card, "No reply needed").view
    bot.post("@acmebrew but my order is wrong", reply_to=post.id)
    bot.poll()

    errors = asked.submit().errors

    assert errors["reason"] == "This conversation has changed since you opened this. Read it, then close it."
    bot.shows(card, "Waiting", "my order is wrong")
