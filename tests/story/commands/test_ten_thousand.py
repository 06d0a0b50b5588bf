"""Ten thousand wait: what is answered stays short, says what was left out and what to type instead."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.jobs import digest
from bot.slack import home_tab
from models import Author, Card, Cursor, Mention, Ticket
from models.core.database import Database
from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.view import View
from tests.story.harness import CHANNEL, DEADLINE, SPLIT_AT, Bot, eventually, running, sound
from tests.story.tickets.test_home import boxes, shows

MANY = 10_000
OWNERS = ("U0ANA", "U0BEN", None, None)
HOSTILE = 20  # of those who are due first
WORDS = "<&> " * 1000  # as long as a post can be, and each letter takes five in Slack
HANDLE = "<&>" * 100  # no network allows it; all the same it must not hide the others
FILTERS = {
    "x": 10_000,
    "#mentions": 10_000,
    "unclaimed": 5_000,
    "mine": 2_500,
    "@ben": 2_500,
    "overdue": 1_000,
    "overdue unclaimed x #mentions": 500,
}


def crowd(url: str) -> None:
    """The first tenth was due already, the last tenth sleeps; the longest wait and the long names come first."""
    at = datetime.now(UTC)
    numbers = range(1, MANY + 1)
    batches: list[tuple[Any, list[dict[str, Any]]]] = [
        (Author, [{"id": number, **author(number)} for number in numbers]),
        (Ticket, [{"id": number, **ticket(number, at)} for number in numbers]),
        (Mention, [mention(number, at) for number in numbers]),
        (Card, [card(number) for number in numbers]),
    ]
    db = Database(url)
    with db.write() as session:
        for table, rows in batches:
            session.execute(insert(table), rows)
    db.close()


def author(number: int) -> dict[str, Any]:
    handle = HANDLE if number <= HOSTILE else f"person{number}"
    return {
        "network": "x",
        "network_id": str(number),
        "handle": handle,
        "verified": False,
        "protected": False,
    }


def ticket(number: int, at: datetime) -> dict[str, Any]:
    since = at - timedelta(days=9) + timedelta(minutes=number)
    sleeps = number > MANY * 9 // 10
    return {
        "network": "x",
        "account_id": "99",
        "conversation_id": f"c{number}",
        "author_id": number,
        "channel": CHANNEL,
        "state": "snoozed" if sleeps else "waiting",
        "owner": OWNERS[number % len(OWNERS)],
        "snoozed_until": at + timedelta(days=3) if sleeps else None,
        "opened_at": since,
        "seen_at": since,
        "waiting_since": since,
        "due_at": at + timedelta(days=1 if number > MANY // 10 else -1, seconds=number),
        "target_post_id": f"p{number}",
        "revision": 1,
        "drawn_revision": 1,
        "nudges": 7,  # everybody has been reminded already
    }


def mention(number: int, at: datetime) -> dict[str, Any]:
    return {
        "network": "x",
        "account_id": "99",
        "post_id": f"p{number}",
        "latest_id": f"p{number}",
        "conversation_id": f"c{number}",
        "author_id": number,
        "ticket_id": number,
        "text": WORDS if number <= HOSTILE else "hello",
        "media": [],
        "url": f"https://x.com/i/status/{number}",
        "posted_at": at - timedelta(days=9) + timedelta(minutes=number),
        "seen_at": at,
        "matched": "mentions us",
    }


def card(number: int) -> dict[str, Any]:
    return {"ticket_id": number, "key": f"k{number}", "channel": CHANNEL, "ts": f"17000{number:05d}.000100"}


def answer(bot: Bot, typed: str) -> str:
    """What Ana reads on asking that: one message, which Slack takes."""
    outcome = bot.ana.command("/mentions", typed)
    assert outcome.ok
    assert check_message(outcome.blocks) == []
    text = visible(outcome.acked).text
    assert len(text) < SPLIT_AT
    return text


def fits(view: View) -> None:
    assert check_view(view.given) == []


@pytest.mark.both_engines
def test_ten_thousand_that_wait_are_listed_shown_and_told_in_what_slack_takes(database_url: str) -> None:
    crowd(database_url)
    with running(database_url) as bot:
        bot.slack.world.limits.answer_seconds = DEADLINE  # how fast it is, the benchmarks say
        the_list_says_how_many_and_how_to_see_fewer(bot)
        home_shows_them_page_by_page(bot)
        the_digest_names_ten(bot)


def the_list_says_how_many_and_how_to_see_fewer(bot: Bot) -> None:
    found = answer(bot, "open")

    assert found.startswith("10,000 waiting, the first 2")
    assert (
        "Narrow it down: mine, unclaimed, overdue, a #channel, a @teammate, a network or our @account"
        in found
    )
    assert 20 < found.count("was due") < 40
    for typed, count in FILTERS.items():
        found = answer(bot, f"open {typed}")
        assert found.startswith(f"{count:,} waiting ")
        assert "10,000 open tickets in total: /mentions open." in found
    bot.slack.world.add_channel("C0ELSE", "elsewhere")
    assert answer(bot, "open x #elsewhere").startswith("0 waiting on X and in ")
    assert "Unknown filter “everything”. Try mine, unclaimed" in answer(bot, "open everything")


def home_shows_them_page_by_page(bot: Bot) -> None:
    bot.ana.open_home(DEADLINE)
    fits(shows(bot.ana, "Waiting (10,000)", "1 to 20 of 10,000.", "My tickets (2,500)"))
    bot.ana.press(bot.ana.home, "Next")
    fits(shows(bot.ana, "21 to 40 of 10,000"))
    assert boxes(bot.ana)[0] == "@person21 on X: hello"

    home_tab.show(bot.ctx, "U0ANA", page=499)

    fits(shows(bot.ana, "9,981 to 10,000 of 10,000"))
    assert boxes(bot.ana)[-1] == "@person10000 on X: hello"
    assert "Next" not in bot.ana.home.buttons
    bot.ana.press(bot.ana.home, "Previous")
    fits(shows(bot.ana, "9,961 to 9,980 of 10,000"))


def the_digest_names_ten(bot: Bot) -> None:
    bot.poll()
    with bot.ctx.db.write() as session:
        session.execute(update(Cursor).values(started_at=datetime.now(UTC) - timedelta(days=3)))

    digest.write_due(bot.ctx)

    def look() -> Message:
        with bot.slack.world.lock:
            said = list(bot.slack.world.channel(CHANNEL).messages)
        return next(one for one in said if "10,000 unanswered" in one.text)

    assert "… and 9,990 more: /mentions open" in sound(eventually(look)).text
