"""A ledger that somebody else holds: the composer opens all the same, and nothing typed is lost."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text

from models.core.database import normal_url
from tests.story.harness import Bot, proportional_waits, seen


@contextmanager
def locked(bot: Bot) -> Iterator[None]:
    """Hold the ledger as a migration or a stuck admin would, for a bot that waits in proportion."""
    bot.told_all()
    engine = create_engine(normal_url(bot.ctx.settings.url), isolation_level="AUTOCOMMIT")
    with engine.connect() as held:
        if engine.dialect.name == "sqlite":
            held.execute(text("BEGIN IMMEDIATE"))
        else:
            held.execute(text("BEGIN"))
            held.execute(text("LOCK TABLE tickets, replies, mentions IN ACCESS EXCLUSIVE MODE"))
        try:
            with proportional_waits(bot):
                yield
        finally:
            held.execute(text("ROLLBACK"))
    engine.dispose()


def test_the_composer_opens_while_the_ledger_is_locked_and_sends_once_it_is_not(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")

    with locked(bot):
        modal = bot.compose(card, patient=False)
        assert "@acmebrew is the tap list up?" in modal.text
        assert "Public on X: from @acmebrew to @maria" in modal.text
        modal.fill("It is!")
        busy = modal.submit()

    assert busy.errors["reply"].startswith("Heard's database is busy right now. Nothing was sent")
    assert modal.value() == "It is!"
    assert modal.submit().closed
    bot.answered(post, "It is!")
    bot.shows(card, "Answered by @U0ANA")


def test_a_press_while_the_ledger_is_locked_is_told_to_come_again(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    with locked(bot):
        pressed = bot.ana.press(card, "Claim")
        assert "busy right now, so nothing was changed" in seen(pressed.ephemeral())

    bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")


def test_a_command_while_the_ledger_is_locked_is_answered_in_time(bot: Bot) -> None:
    bot.heard("@acmebrew hello")

    with locked(bot):
        answer = bot.ana.command("/mentions", "stats")

    assert answer.ok
    assert "heard 1, answered 0, waiting 1" in answer.text or answer.text.startswith(
        "Heard's database is busy"
    )


def test_what_is_said_to_heard_while_the_ledger_is_locked_is_done_when_slack_says_it_again(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    with locked(bot):
        bot.say(card, "@Heard reply Hello!")

    assert "Send publicly" in bot.whisper("Hello!").buttons
    told = next(one for one in bot.slack.world.deliveries if one.payload["event"]["type"] == "app_mention")
    assert told.attempts[0].status == 500
