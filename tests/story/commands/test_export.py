"""`/mentions export`: a file for who asked, and for nobody else."""

import csv
import io
import json

import pytest

from bot.slack.membership import GUEST_REFUSAL
from handlers.commands import export
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, eventually, running, seen


def told(bot: Bot, *expected: str) -> str:
    return eventually(lambda: seen(bot.whisper(*expected)))


def test_the_file_comes_by_direct_message_to_who_asked_alone(bot: Bot) -> None:
    bot.heard("@acmebrew =1+1 please")
    outcome = bot.ana.command("/mentions", "export tickets today")
    outcome.replay()

    told(bot, "1 ticket:", "direct messages")
    assert bot.ctx.running_tasks.wait_until_idle(10)
    [message] = [one for one in bot.ana.direct_messages() if one.files]
    data = bot.ana.download(message)
    assert data.startswith("\ufeff".encode())
    [row] = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    assert (row["handle"], row["state"]) == ("maria", "waiting")
    assert "=1+1 please" in row["text"]
    assert bot.ben.direct_messages() == []


@pytest.mark.both_engines
def test_json_lines_with_filters(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.reply(card, "=Hello!")
    bot.answered(post, "=Hello!")
    bot.shows(card, "Answered")

    bot.ana.command("/mentions", "export replies published jsonl x <@U0ANA> 30d")

    told(bot, "1 reply:")
    [message] = [one for one in bot.ana.direct_messages() if one.files]
    row = json.loads(bot.ana.download(message))
    assert (row["text"], row["actor"], row["to"]) == ("=Hello!", "U0ANA", "maria")


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("export secrets", "I can't export “secrets”"),
        ("export tickets 2026-13", "no day or month"),
        ("export tickets 2026-10-15..2026-10-01", "ends before it begins"),
        ("export tickets <!channel>", "Unknown word “<!channel>”"),
        (
            "export tickets lost",
            "A state is one of: waiting, snoozed, answered, no-reply-needed, not-about-us",
        ),
        ("export tickets csv 30d today", "two of the same kind"),
        ("export tickets answered", "No tickets match"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(bot: Bot, text: str, sentence: str) -> None:
    for _ in range(10):  # as a person would, while the local Slack is too slow on a busy machine
        bot.ana.command("/mentions", text)
        bot.told_all()
        if any(sentence in seen(one) for one in bot.ana.ephemerals()):
            break

    told(bot, sentence)
    assert bot.ana.direct_messages() == []


def test_without_a_word_it_says_what_can_be_exported(bot: Bot) -> None:
    assert "Which one?" in words(bot.ana.command("/mentions", "export"))


@pytest.mark.both_engines
def test_too_much_for_slack_names_the_command_line(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_MAX", 0)
    bot.heard("@acmebrew hello")
    bot.ana.command("/mentions", "export tickets 30d waiting")

    told(bot, "python -m bot export tickets --period 30d --state waiting")


def test_a_guest_gets_no_file(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.slack.world.users["U0ANA"].is_restricted = True

    assert bot.ana.command("/mentions", "export tickets").text == GUEST_REFUSAL
    assert bot.ana.direct_messages() == []


def test_for_a_file_slack_is_asked_anew_who_wants_it(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    assert "Which one?" in words(bot.ana.command("/mentions", "export"))  # so that it is known who Ana is
    bot.slack.world.users["U0ANA"].is_restricted = True

    bot.ana.command("/mentions", "export tickets")

    told(bot, GUEST_REFUSAL)
    assert bot.ana.direct_messages() == []


@pytest.mark.both_engines
@pytest.mark.parametrize(
    "method", ["conversations.open", "files.getUploadURLExternal", "files.completeUploadExternal"]
)
def test_when_slack_does_not_take_the_file_they_are_told(database_url: str, method: str) -> None:
    with running(database_url, troubles=True) as bot:
        bot.heard("@acmebrew hello")
        bot.slack.world.faults.error(method, "missing_scope")

        bot.ana.command("/mentions", "export tickets")

        told(bot, "Slack rejected it (missing_scope)")
