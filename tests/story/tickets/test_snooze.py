"""A ticket sleeps until a time in somebody's own words and by their own clocks, and comes back to them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.jobs import snooze_wakeup
from models import Ticket
from tests.story.harness import CHANNEL, Bot, eventually, running, seen

LISBON = ZoneInfo("Europe/Lisbon")


@pytest.fixture
def in_utc(database_url: str) -> Iterator[Bot]:
    """A team whose own zone is not that of Ana's Slack profile, which is Europe/Lisbon."""
    with running(database_url, time_zone="Asia/Kolkata") as bot:
        yield bot


def until(bot: Bot) -> datetime:
    with bot.ctx.db.read() as session:
        at = session.get_one(Ticket, 1).snoozed_until
    assert at is not None
    return at


def end_it(bot: Bot) -> None:
    """Let the time come, and the clock look."""
    with bot.ctx.db.write() as session:
        session.execute(update(Ticket).values(snoozed_until=datetime.now(UTC) - timedelta(seconds=1)))
    snooze_wakeup.run_due(bot.ctx)


def lines(bot: Bot) -> list[str]:
    """What the bot has said in the channel itself, cards aside."""
    with bot.slack.world.lock:
        found = list(bot.slack.world.channel(CHANNEL).messages)
    return [seen(one) for one in found if not one.is_reply and "[" not in seen(one)]


def test_said_in_the_thread_it_sleeps_and_the_moment_is_said_back_in_ones_own_zone(in_utc: Bot) -> None:
    bot = in_utc
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, "@Heard snooze tomorrow 9am")

    bot.whisper("Snoozed until", ", 09:00 Europe/Lisbon")
    bot.shows(card, "Snoozed", "[Reply]", without=("due",))
    assert f"{until(bot).astimezone(LISBON):%H:%M}" == "09:00"
    [event] = bot.events("snooze")
    assert (event.actor, event.data) == ("U0ANA", {"until": until(bot).isoformat()})


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("", "Enter a time."),
        ("soon <!channel>", "I don't understand the time"),
        ("today 0:00", "That time has passed: "),
        ("2 years", "I don't understand the time"),
        ("100w", "That is too far ahead: "),
    ],
)
def test_what_is_no_time_says_what_to_type(bot: Bot, words: str, answer: str) -> None:
    _, card = bot.heard("@acmebrew hello")

    bot.say(card, f"@Heard snooze {words}")

    bot.whisper(answer, "Try 2h, 90 min, tomorrow 9am")
    assert bot.events("snooze") == []


def test_behind_the_dots_it_asks_until_when_with_quick_choices(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    asked = bot.press(card, "Snooze…").view
    assert "Tomorrow 9:00" in str(asked.blocks)
    assert "Times are in Europe/Lisbon" in asked.text
    before = datetime.now(UTC)
    assert asked.fill({"quick": "In 3 hours"}).submit().closed

    assert timedelta(hours=3) <= until(bot) - before < timedelta(hours=3, minutes=1)
    bot.whisper("Snoozed until", "Europe/Lisbon")
    bot.shows(card, "Snoozed")


def test_a_day_and_a_time_can_be_picked(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    day = (datetime.now(LISBON) + timedelta(days=3)).date()

    asked = bot.press(card, "Snooze…").view
    assert asked.fill({"date": f"{day}", "time": "16:45"}).submit().closed

    assert f"{until(bot).astimezone(LISBON):%Y-%m-%d %H:%M}" == f"{day} 16:45"


def test_words_count_before_what_was_picked_and_a_mistake_leaves_the_modal_open(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    asked = bot.press(card, "Snooze…").view

    refused = asked.fill({"quick": "In 1 hour", "words": "5/12"}).submit()
    assert "I don't understand the time “5/12”. Try 2h, 90 min, tomorrow 9am," in refused.errors["words"]
    assert bot.events("snooze") == []
    assert asked.fill({"words": "2h"}).submit().closed

    assert until(bot) - datetime.now(UTC) > timedelta(minutes=110)


def test_with_nothing_chosen_it_asks_until_when(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")

    refused = bot.press(card, "Snooze…").view.submit()

    assert "Enter a time." in refused.errors["quick"]


@pytest.mark.both_engines
def test_when_it_is_over_the_thread_names_its_owner_and_the_channel_has_it_again(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.press(card, "Claim", by=bot.ben)
    bot.shows(card, "assigned to @U0BEN")
    bot.say(card, "@Heard snooze 2h")
    bot.shows(card, "Snoozed")

    end_it(bot)

    bot.shows(card, "Waiting", "assigned to @U0BEN", "due")
    bot.told(card, "@U0BEN, the snooze is over: @maria is waiting again.")
    [line] = eventually(lambda: [one for one in lines(bot) if "The snooze is over" in one])
    assert "@maria" in line
    assert "assigned to @U0BEN" in line
    assert f"/archives/{CHANNEL}/p{card.ts.replace('.', '')}" in line
    with bot.ctx.db.read() as session:
        ticket = session.get_one(Ticket, 1)
    assert ticket.due_at is not None
    assert ticket.due_at > datetime.now(UTC) + timedelta(minutes=29)  # never late at once


@pytest.mark.both_engines
def test_nobody_has_it_so_whoever_snoozed_it_is_named(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard snooze 2h", by=bot.ben)
    bot.shows(card, "Snoozed")

    end_it(bot)

    bot.told(card, "@U0BEN, the snooze is over")


def test_a_new_post_of_theirs_ends_it(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard snooze 2h")
    bot.shows(card, "Snoozed")

    bot.post("@acmebrew anybody there?", reply_to=post.id)
    bot.poll()

    bot.shows(card, "Waiting", "anybody there?", without=("Snoozed",))


def test_reply_and_reopen_work_while_it_sleeps(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.say(card, "@Heard snooze 2h")
    bot.shows(card, "Snoozed")
    bot.say(card, "@Heard reopen")
    bot.shows(card, "Waiting", "due")
    bot.say(card, "@Heard snooze 3h")
    bot.shows(card, "Snoozed")

    assert bot.reply(card, "Hello Maria!").closed

    bot.answered(post, "Hello Maria!")
    bot.shows(card, "Answered", without=("Snoozed",))


def test_a_closed_ticket_cannot_be_snoozed(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    asked = bot.press(card, "Snooze…").view
    bot.say(card, "@Heard done thanks", by=bot.ben)
    bot.shows(card, "No reply needed")

    refused = asked.fill({"words": "2h"}).submit()

    assert "This ticket is closed: no reply needed. Reopen it first." in refused.errors["words"]
