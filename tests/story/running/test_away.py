"""A database that is gone: whoever presses is told so in time, and what they typed stays where they typed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests import databases, postgres
from tests.story.harness import Bot, proportional_waits, running, seen


@pytest.fixture
def bot(postgresql: databases.Lend, tmp_path: Path) -> Iterator[Bot]:
    with postgresql(tmp_path) as url, running(url) as bot:
        yield bot


@contextmanager
def away(bot: Bot) -> Iterator[None]:
    """Take the database away from the bot, connections and all."""
    url = make_url(bot.ctx.settings.url)
    name = str(url.database)
    allow = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with postgres.connect(url.set(database="template1")) as server:
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            with proportional_waits(bot):
                yield
        finally:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_words_stay_in_the_composer_and_go_out_once_the_ledger_is_back(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew is the tap list up?")
    with away(bot):
        modal = bot.compose(card)
        modal.fill("It is!")
        refused = modal.submit()

        assert "database can't be reached right now" in refused.errors["reply"]
        assert modal.value() == "It is!"

    assert modal.submit().closed
    bot.answered(post, "It is!")
    bot.shows(card, "Answered by @U0ANA")


def test_a_press_is_answered_with_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    with away(bot):
        pressed = bot.ana.press(card, "Claim")
        assert "can't be reached right now, so nothing was changed" in seen(pressed.ephemeral())
        assert "can't be reached right now" in bot.ana.command("/mentions", "open").text

    bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")


def test_what_is_said_meanwhile_is_heard_afterwards(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    with away(bot):
        post = bot.post("@acmebrew anybody?")

    bot.poll()
    assert bot.card_of(post)
