"""Commands as people type them: copied blanks, marks, punctuation, a customer called like a teammate."""

import pytest
from slack_bolt import Ack, Respond

from handlers.commands import search
from handlers.commands.slash_command import SlashCommand
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_view
from tests.story.commands.test_commands import words
from tests.story.harness import CHANNEL, Bot, eventually, seen

# --- in a thread ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "*@Heard* claim",
        "*@Heard claim*",
        "@Heard\u00a0claim",
        "@Heard: *Claim*.",
        "\u200b@Heard `claim`",
        "@Heard _claim_ please",
        "@Heard\u2009/claim",
        "@Heard please claim this one",
    ],
)
def test_a_word_in_a_thread_is_known_whatever_stands_around_it(bot: Bot, typed: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, typed)

    bot.shows(card, "assigned to @U0ANA")


@pytest.mark.parametrize(
    "typed",
    [
        "@Heard *reply* We are open, at 5*3 Main St",
        "@Heard reply: We are open, at 5*3 Main St",
        "@Heard reply\u00a0We are open, at 5*3 Main St",
        "@Heard reply\nWe are open, at 5*3 Main St",
        "@Heard _Reply:_\u200bWe are open, at 5*3 Main St",
    ],
)
def test_the_words_of_a_reply_are_what_follows_the_command(bot: Bot, typed: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, typed)

    bot.whisper("Only you can see this")
    assert bot.drafts() == ["We are open, at 5*3 Main St"]


def test_a_line_that_is_bold_as_a_whole_is_a_command_and_its_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "*@Heard reply We are open*")

    bot.whisper("Only you can see this")
    assert bot.drafts() == ["We are open"]


@pytest.mark.parametrize(
    "typed", ["assign to @Ben Ode", "assign: @Ben Ode, please.", "*assign* it to @Ben Ode"]
)
def test_assign_is_understood_in_a_sentence(bot: Bot, typed: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, f"@Heard {typed}")

    bot.shows(card, "assigned to @U0BEN")


def test_assign_to_me_is_a_claim_by_another_word(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard assign to me")

    bot.shows(card, "assigned to @U0ANA")


@pytest.mark.parametrize(
    ("typed", "reason"), [("done.", "other"), ("done: thanks", "thanks"), ("_done_ - thanks", "thanks")]
)
def test_a_reason_is_what_follows_done(bot: Bot, typed: str, reason: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, f"@Heard {typed}")

    bot.shows(card, f"No reply needed ({reason}) by @U0ANA")


@pytest.mark.parametrize(
    "typed",
    ["snooze until 9am tomorrow please", "*snooze*: tomorrow\u00a09am", "Snooze it until 9 tomorrow morning"],
)
def test_a_snooze_in_english_order_is_said_back(bot: Bot, typed: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, f"@Heard {typed}")

    assert ", 09:00 Europe/Lisbon" in seen(bot.whisper("Snoozed until"))
    bot.shows(card, "Snoozed")


@pytest.mark.parametrize(
    "typed", ["*@Ben Ode* can you?", "\u200b@Ben Ode can you?", "*@here* who knows this?"]
)
def test_what_is_said_to_teammates_in_marks_is_never_proposed_as_a_reply(bot: Bot, typed: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    message = bot.ana.say(CHANNEL, typed, thread_ts=card.ts)

    bot.ana.shortcut(message, "send_as_public_reply")

    bot.whisper("starts with a teammate's name")
    assert bot.drafts() == []


# --- /mentions ------------------------------------------------------------------------------------------------


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("open\u00a0mine", "1 waiting"),
        ("*open* mine", "1 waiting"),
        ("Open: _mine_.", "1 waiting"),
        ("open\u200bmine", "1 waiting"),
        ("open overdue, and mine please", "0 waiting overdue"),
        ("open for @ana in #mentions", "1 waiting"),
        ("`mine`", "1 waiting"),
        ("please open mine", "1 waiting"),
    ],
)
def test_a_command_is_known_whatever_stands_around_its_words(bot: Bot, typed: str, found: str) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.heard("@acmebrew hello", author="joe")
    bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")

    answer = words(bot.ana.command("/mentions", typed))

    assert found in answer
    assert "2 open tickets in total" in answer


def test_an_unknown_word_is_named_without_its_marks(bot: Bot) -> None:
    assert "I don't know the command “opne”. Did you mean “open”?" in words(
        bot.ana.command("/mentions", "*opne*\u00a0mine")
    )


@pytest.mark.parametrize(
    "typed", ["search @ana", "search\u00a0@ana", "*search* *@ana*", "search: @ana.", "search @ANA"]
)
def test_a_customer_who_is_called_like_a_teammate_is_found(bot: Bot, typed: str) -> None:
    bot.heard("@acmebrew where is my parcel?", author="ana")

    outcome = bot.ben.command("/mentions", typed)

    modal = eventually(lambda: bot.ben.opened_by(outcome.trigger))
    assert check_view(modal.state.given) == []
    assert "where is my parcel?" in modal.text


def test_words_beside_such_a_name_are_looked_for_as_they_were_typed(bot: Bot) -> None:
    bot.heard("@acmebrew ask @ana about my parcel", author="maria")

    answer = words(bot.ben.command("/mentions", "search @ana parcel"))

    assert "about my parcel" in answer
    assert "U0ANA" not in answer


def test_a_name_that_slack_sends_without_its_label_is_looked_up(bot: Bot) -> None:
    bot.heard("@acmebrew ask @ana about my parcel", author="maria")
    command = {"text": "search <@U0ANA> parcel", "user_id": "U0BEN", "channel_id": CHANNEL}

    answer = search.handle_search(
        bot.ctx, SlashCommand("search", "<@U0ANA> parcel", command, Ack(), Respond(response_url=None))
    )

    assert answer is not None
    assert "about my parcel" in visible(answer).text


@pytest.mark.both_engines
def test_a_handle_that_ends_in_an_underscore_keeps_it(bot: Bot) -> None:
    bot.heard("@acmebrew hello", author="_zoe_")

    outcome = bot.ana.command("/mentions", "search @_zoe_")

    assert "@_zoe_" in eventually(lambda: bot.ana.opened_by(outcome.trigger)).text


@pytest.mark.parametrize("typed", ["stats last week", "stats for last\u00a0week.", "*stats* *last week*"])
def test_a_period_in_english_is_counted(bot: Bot, typed: str) -> None:
    outcome = bot.ana.command("/mentions", typed)

    assert "Heard 0" in words(outcome)
    assert visible(outcome.acked).broadcasts == []
