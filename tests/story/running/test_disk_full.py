"""While the disk is full nothing is written, but what waits can be seen, and people are told why."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from bot.runtime import migrations
from models.core.database import Database
from tests.story.harness import Bot, running, seen

PEOPLE = 12


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/heard.db"
    database = Database(url)
    migrations.migrate(database)
    database.close()
    return url


def fill_the_disk(bot: Bot) -> None:
    """Let the ledger's file grow no more: SQLite says what it says of a full disk."""

    def no_more(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count=1")  # no less than there are

    with bot.ctx.db.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("BEGIN")
    event.listen(bot.ctx.db.engine, "begin", no_more)


def heard(bot: Bot) -> Any:
    for number in range(PEOPLE):
        bot.post(f"@acmebrew teapot {number} {'leaks ' * 40}", author=f"fan{number}")
    bot.poll()
    card = bot.card("teapot 0 ")
    bot.settled()
    return card


def test_open_and_stats_answer_while_the_disk_is_full(url: str) -> None:
    with running(url, troubles=True) as bot:
        heard(bot)
        assert "Share to channel" in str(bot.ana.command("/mentions", "open").blocks)
        fill_the_disk(bot)

        listed = bot.ana.command("/mentions", "open")
        figures = bot.ana.command("/mentions", "stats")

        assert f"{PEOPLE} waiting" in str(listed.acked)
        assert "Share to channel" not in str(listed.blocks)
        assert f"*Heard* {PEOPLE}" in str(figures.blocks)
        assert "cannot be reached" not in f"{listed.text} {figures.text}"


def test_what_cannot_be_kept_says_that_the_disk_is_full(url: str) -> None:
    with running(url, troubles=True) as bot:
        card = heard(bot)
        fill_the_disk(bot)

        bot.say(card, f"@Heard reply {'Sorry about that! ' * 2_000}")

        bot.whisper("The disk that holds Heard's database is full")
        assert seen(bot.now(card))
