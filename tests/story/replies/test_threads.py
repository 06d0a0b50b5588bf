"""What is said in a card's thread: private unless its author presses Send publicly on an exact preview."""

import pytest
from sqlalchemy import update

from models import Card
from tests.story.harness import CHANNEL, Bot, running, seen, sound


def test_what_teammates_say_in_a_thread_stays_there(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    for words in (
        "Tell her we are closed",
        "reply We are closed",
        "Heard reply We are closed",
        "@Ben Ode reply?",
    ):
        bot.say(card, words)
    bot.say(card, "@Ben Ode can you? @Heard reply We are closed")
    bot.settled()

    assert bot.ana.ephemerals() == []
    assert bot.thread(card) == []
    assert bot.attempts == 0


def test_a_preview_shows_exactly_what_would_be_public(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply We are open, see acme.example/taps & say *hi* 👋🏼 2*3*4")

    preview = bot.whisper("Only you can see this")
    shown = sound(preview)
    assert "public on X, from @acmebrew to @maria" in shown.text
    assert "We are open, see acme.example/taps & say hi 👋🏼 2*3*4" in shown.text
    assert "of 280 characters as X counts them" in shown.text
    assert preview.buttons == ["Send publicly", "Edit", "Keep private"]
    assert preview.thread_ts == card.ts
    assert bot.ben.ephemerals() == []
    assert bot.attempts == 0


def test_send_publicly_publishes_just_that_once(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello & welcome!")
    preview = bot.whisper("Only you can see this")

    sent = bot.ana.press(preview, "Send publicly")
    sent.replay()

    bot.answered(post, "Hello & welcome!")
    bot.shows(card, "Answered by @U0ANA")
    bot.whisper("On its way.")
    assert bot.attempts == 1


def test_keep_private_ends_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")
    before = preview.snapshot()

    bot.ana.press(preview, "Keep private")
    bot.whisper("Kept private. Nothing was published.")
    late = bot.ana.press(before, "Send publicly")

    assert "already decided" in seen(late.ephemeral())
    assert bot.attempts == 0


def test_edit_opens_the_composer_with_the_words_and_replaces_them(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Helo!")
    preview = bot.whisper("Only you can see this")
    before = preview.snapshot()

    modal = bot.ana.press(preview, "Edit").view
    assert modal.value() == "Helo!"
    assert modal.fill("Hello!").submit().closed

    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")
    bot.ana.press(before, "Send publicly")
    assert bot.replies(post) == ["Hello!"]
    assert bot.attempts == 1


@pytest.mark.parametrize("first", ["its author", "somebody else"])
def test_edit_on_a_preview_that_is_answered_by_now_opens_no_second_answer(bot: Bot, first: str) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this")
    before = preview.snapshot()
    if first == "its author":
        bot.ana.press(preview, "Send publicly")
    else:
        bot.reply(card, "Hello!", by=bot.ben)
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    shown = bot.ana.press(before, "Edit").view

    assert "has already replied. To add something, press Follow up on the card." in shown.text
    assert "Hello!" in shown.text
    assert "submit" not in shown.state.given


def test_only_its_author_decides_about_a_preview(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this").snapshot()
    preview.ephemeral_to = "U0BEN"  # as if it had been forwarded to him

    for label in ("Send publicly", "Keep private"):
        assert "Only its author" in seen(bot.ben.press(preview, label).ephemeral())

    assert bot.attempts == 0


def test_somebody_elses_edit_does_not_show_or_take_the_draft(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard reply Hello!")
    preview = bot.whisper("Only you can see this").snapshot()
    preview.ephemeral_to = "U0BEN"

    shown = bot.ben.press(preview, "Edit").view

    assert "Only its author" in shown.text
    assert "Hello!" not in shown.text


def test_what_is_too_long_has_a_preview_without_a_send(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply " + "好" * 141)

    preview = bot.whisper("2 characters too many")
    assert preview.buttons == ["Edit", "Keep private"]
    assert bot.ana.press(preview, "Edit").view.value() == "好" * 141


def test_a_slack_name_in_the_words_has_a_preview_without_a_send(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply ask @Ben Ode about it")

    assert bot.whisper("means something only in Slack").buttons == ["Edit", "Keep private"]


def test_a_reply_without_words_asks_for_them(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply")

    assert "Write your text after reply" in seen(bot.whisper("Write your text"))


def test_words_on_lines_of_their_own_keep_their_lines(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard reply\nHello!\n\nWe are open.")
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")

    bot.answered(post, "Hello!\n\nWe are open.")


def test_an_event_that_slack_delivers_twice_shows_one_preview(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.slack.world.faults.duplicate_events(2)

    bot.say(card, "@Heard reply Hello!")
    bot.whisper("Only you can see this")
    bot.say(card, "@Heard dance")
    bot.whisper("In a card's thread I understand")

    assert len([one for one in bot.ana.ephemerals() if "Only you can see this" in seen(one)]) == 1


def test_a_preview_of_what_they_left_behind_is_shown_anew(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    bot.say(card, "@Heard reply It is!")
    preview = bot.whisper("Only you can see this")
    second = bot.post("@acmebrew I meant the kitchen", reply_to=post.id)
    bot.poll()
    bot.shows(card, "I meant the kitchen")

    pressed = bot.ana.press(preview, "Send publicly")

    assert "They posted again" in seen(pressed.ephemeral())
    assert bot.attempts == 0
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")
    bot.answered(second, "It is!")


def test_a_preview_that_slack_would_not_show_loses_no_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.slack.world.faults.error("chat.postEphemeral", "channel_not_found", times=1)

    bot.say(card, "@Heard reply Hello!")

    assert "couldn't show you the preview" in seen(bot.whisper("Your text is kept"))
    assert bot.compose(card).value() == "Hello!"


# --- plain words ------------------------------------------------------------------------------------------


def test_a_thread_understands_what_the_buttons_do(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard claim")
    bot.shows(card, "assigned to @U0ANA")
    bot.say(card, "@Heard take over", by=bot.ben)
    bot.shows(card, "assigned to @U0BEN")
    bot.say(card, "@Heard release", by=bot.ben)
    bot.shows(card, without=("assigned to",))
    bot.say(card, "@Heard done just saying <hi>")
    bot.shows(card, "No reply needed (just saying <hi>) by @U0ANA")
    bot.say(card, "@Heard reopen", by=bot.ben)
    sound(bot.shows(card, "Waiting"))

    bot.told_all()
    assert bot.ana.ephemerals() == bot.ben.ephemerals() == []


@pytest.mark.parametrize("word", ["claim", "take over"])
def test_taking_what_one_has_is_answered_too(bot: Bot, word: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, f"@Heard {word}")
    bot.shows(card, "assigned to @U0ANA")

    bot.say(card, f"@Heard {word}")

    assert "This ticket is already yours." in seen(bot.whisper("already"))
    assert len(bot.events("claim", "take over")) == 1


def test_a_thread_can_undo(database_url: str) -> None:
    with running(database_url, undo_seconds=60) as bot:
        _, card = bot.heard("@acmebrew hello")
        bot.reply(card, "Hello!")
        bot.shows(card, "Undo")

        bot.say(card, "@Heard undo")

        bot.whisper("Undone: nothing was published.")
        bot.shows(card, "Waiting", without=("goes out at",))
        assert bot.attempts == 0


@pytest.mark.parametrize("words", ["@Heard dance", "@Heard", "@Heard replying is fun", "@Heard CLAIMS"])
def test_an_unknown_word_gets_help(bot: Bot, words: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, words)

    assert "In a card's thread I understand" in seen(bot.whisper("stays private"))
    assert bot.attempts == 0


def test_words_are_understood_in_any_case(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard, Claim")

    bot.shows(card, "assigned to @U0ANA")


@pytest.mark.both_engines
def test_outside_a_cards_thread_heard_says_where_it_works(bot: Bot) -> None:
    said = bot.ana.say(CHANNEL, "lunch?")

    bot.ana.say(CHANNEL, "@Heard reply Hello!", thread_ts=said.ts)
    in_thread = bot.whisper("I only take commands in a card's thread.")
    bot.ben.say(CHANNEL, "@Heard reply Hello!")

    assert in_thread.thread_ts == said.ts
    assert bot.whisper("I only take commands in a card's thread.", to=bot.ben).thread_ts is None


@pytest.mark.both_engines
def test_in_the_thread_of_a_card_that_is_only_just_being_placed_heard_says_so(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    message = bot.ben.say(CHANNEL, "We open at nine, come by!", thread_ts=card.ts)
    where = update(Card).where(Card.channel == CHANNEL)
    with bot.ctx.db.write() as session:  # Slack shows it already, and has not answered yet
        session.execute(where.values(ts=None, placing_since=bot.ctx.now()))

    bot.say(card, "@Heard reply Hello!")
    bot.ben.shortcut(message, "send_as_public_reply")

    assert bot.whisper("still being posted").thread_ts == card.ts
    bot.whisper("still being posted", to=bot.ben)
    with bot.ctx.db.write() as session:
        session.execute(where.values(ts=card.ts, placing_since=None))
    bot.say(card, "@Heard reply Hello!")
    bot.ana.press(bot.whisper("This would be public"), "Send publicly")
    bot.answered(post, "Hello!")


def test_a_refused_word_is_a_sentence_to_who_said_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard claim")
    bot.shows(card, "assigned to @U0ANA")

    bot.say(card, "@Heard claim", by=bot.ben)

    assert bot.whisper("@U0ANA already owns this ticket.", to=bot.ben).thread_ts == card.ts
    assert bot.ana.ephemerals() == []


@pytest.mark.both_engines
def test_editing_or_deleting_a_slack_message_changes_nothing_public(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    said = bot.ana.say(CHANNEL, "@Heard reply Hello!", thread_ts=card.ts)
    bot.ana.press(bot.whisper("Only you can see this"), "Send publicly")
    bot.answered(post, "Hello!")
    bot.shows(card, "Answered")

    bot.ana.edit(said, "@Heard reply Hello, all!")
    bot.ana.delete(said)
    bot.settled()

    assert bot.replies(post) == ["Hello!"]
    assert bot.attempts == 1
