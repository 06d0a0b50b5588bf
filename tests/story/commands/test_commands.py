"""What /mentions answers."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models import Cursor
from sandbox.slack import CommandOutcome, visible
from sandbox.slack.block_kit.validator import check_message
from tests.story.harness import Bot, eventually


def words(outcome: CommandOutcome) -> str:
    """What the person reads in the answer."""
    assert outcome.ok
    assert outcome.acked["response_type"] == "ephemeral"
    assert check_message(outcome.blocks) == []
    return visible(outcome.acked).text


@pytest.mark.parametrize("text", ["", "help", "HELP", "  help  "])
def test_help_says_what_can_be_asked(bot: Bot, text: str) -> None:
    answer = words(bot.ana.command("/mentions", text))

    for word in ("/mentions open", "/mentions stats", "No reply needed", "@Heard reply", "Undo"):
        assert word in answer


def test_an_unknown_word_gets_help_and_no_mischief(bot: Bot) -> None:
    outcome = bot.ana.command("/mentions", "<!channel> *now*")

    assert "I don't know the command “<!channel>”." in words(outcome)
    assert "/mentions open" in words(outcome)
    assert visible(outcome.acked).broadcasts == []


def test_nobody_waiting_is_good_news(bot: Bot) -> None:
    assert "0 unanswered" in words(bot.ana.command("/mentions", "open"))


def test_open_lists_who_waits_the_longest_first_with_owner_due_and_card(bot: Bot) -> None:
    now = datetime.now(UTC)
    bot.post("@acmebrew old", author="maria", at=now - timedelta(hours=2))
    bot.post("@acmebrew young", author="joe", at=now - timedelta(minutes=5))
    answered, card = bot.heard("@acmebrew done", author="eve")
    old, young = bot.card("@acmebrew old"), bot.card("@acmebrew young")
    bot.reply(card, "Hello!")
    bot.answered(answered, "Hello!")
    bot.shows(card, "Answered")
    bot.ana.press(young, "Claim")
    bot.shows(young, "assigned to @U0ANA")

    outcome = bot.ben.command("/mentions", "open")

    head, first, second, share = words(outcome).splitlines()
    assert share == "Share to channel"
    assert head == "2 waiting:"
    assert re.fullmatch(r":red_circle: @maria on X: waiting 2 h 0[0-4] min, .*unassigned", first)
    assert re.fullmatch(r"@joe on X: waiting [5-9] min, due .*, assigned to @U0ANA", second)
    assert [link.target for link in visible(outcome.acked).links] == [
        f"https://acme.slack.test/archives/{one.channel}/p{one.ts.replace('.', '')}" for one in (old, young)
    ]


def test_open_says_so_when_x_does_not_answer(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    bot.x.world.faults.add("*", "down")
    bot.poll()

    answer = words(bot.ana.command("/mentions", "open"))

    assert "1 waiting" in answer
    assert "X hasn't responded since" in answer
    assert "this list may be incomplete" in answer


def test_an_empty_list_is_no_good_news_while_x_does_not_answer(bot: Bot) -> None:
    bot.poll()
    bot.x.world.faults.add("*", "down")
    bot.poll()

    answer = words(bot.ana.command("/mentions", "open"))

    assert "0 unanswered" not in answer
    assert "that I know of" in answer


def test_a_long_list_says_how_much_of_it_is_shown(bot: Bot) -> None:
    for number in range(45):
        bot.post(f"@acmebrew hello {number}", author=f"person{number}")
    bot.poll()
    eventually(lambda: len(bot.cards()) == 45)

    answer = words(bot.ana.command("/mentions", "open"))

    shown = sum("unassigned" in line for line in answer.splitlines())
    assert answer.splitlines()[0] == f"45 waiting, the first {shown} by due time:"
    assert f"And {45 - shown} more." in answer
    assert len(answer) < 4_000


@pytest.fixture
def queue(bot: Bot) -> Bot:
    """Old, which Ana has; late, which nobody has; young, which Ben has."""
    now = datetime.now(UTC)
    for author, minutes in (("old", 120), ("late", 60), ("young", 1)):
        bot.post(f"@acmebrew from {author}", author=author, at=now - timedelta(minutes=minutes))
    bot.poll()
    for author, who in (("old", bot.ana), ("young", bot.ben)):
        card = bot.card(f"@acmebrew from {author}")
        who.press(card, "Claim")
        bot.shows(card, f"assigned to @{who.id}")
    bot.settled()
    return bot


def listed(answer: str) -> list[str]:
    return re.findall(r"@(old|late|young) on", answer)


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("text", "authors"),
    [
        ("open", ["old", "late", "young"]),
        ("mine", ["old"]),
        ("open mine", ["old"]),
        ("open unclaimed", ["late"]),
        ("open overdue", ["old", "late"]),
        ("open OVERDUE unclaimed x", ["late"]),
        ("open #mentions", ["old", "late", "young"]),
        ("open @ben", ["young"]),
        ("mine unclaimed", []),
    ],
)
def test_open_is_narrowed_by_filters_that_combine(queue: Bot, text: str, authors: list[str]) -> None:
    answer = words(queue.ana.command("/mentions", text))

    assert listed(answer) == authors
    if text != "open":
        assert "3 open tickets in total" in answer


@pytest.mark.parametrize("text", ["nonsense", "<!here>", "#nowhere", "*late*", "bluesky"])
def test_an_unknown_filter_is_a_sentence_that_says_what_to_type(bot: Bot, text: str) -> None:
    outcome = bot.ana.command("/mentions", f"open mine {text}")

    answer = words(outcome)
    assert "Unknown filter" in answer or "I can't tell which channel" in answer
    assert visible(outcome.acked).broadcasts == []


@pytest.mark.both_engines
def test_an_empty_filtered_list_is_no_zero_while_x_does_not_answer(bot: Bot) -> None:
    bot.poll()
    bot.x.world.faults.add("*", "down")
    bot.poll()

    answer = words(bot.ana.command("/mentions", "open mine overdue x"))

    assert "that I know of" in answer
    assert "X hasn't responded since" in answer


def test_a_reading_that_is_late_without_failing_is_said_as_unknown(bot: Bot) -> None:
    bot.poll()

    def answer_a_day_later() -> str:
        with bot.ctx.db.write() as session:
            for cursor in session.scalars(select(Cursor)):
                cursor.read_at = bot.ctx.now() - timedelta(days=1)
        answer = words(bot.ana.command("/mentions", "open"))
        assert "0 unanswered" not in answer  # else the first reading of the schedule came in between
        return answer

    answer = eventually(answer_a_day_later)
    assert "X was last read at" in answer
    assert "this list may be incomplete" in answer


def test_what_open_lists_can_be_shared(bot: Bot) -> None:
    bot.heard("@acmebrew hello")
    outcome = bot.ana.command("/mentions", "open")

    bot.ana.press(bot.ana.ephemerals()[-1], "Share to channel")

    posted = eventually(
        lambda: next(
            one for one in bot.slack.world.channel("C0MENTIONS").messages if "shared" in str(one.blocks)
        )
    )
    assert "@maria on X" in visible(posted).text
    assert outcome.ok


@pytest.mark.parametrize(("text", "days"), [("stats", 7), ("stats 7d", 7), ("stats 30d", 30)])
def test_stats_count_what_was_heard_and_answered_by_whom_and_how_fast(bot: Bot, text: str, days: int) -> None:
    now = datetime.now(UTC)
    asked = [
        (bot.post("@acmebrew hello", author=author, at=now - timedelta(minutes=minutes)), by)
        for minutes, author, by in ((600, "eve", bot.ben), (120, "joe", bot.ana), (60, "maria", bot.ana))
    ]
    bot.heard("@acmebrew me?", author="zoe")
    for post, by in asked:
        bot.reply(bot.card_of(post), f"Hello {post.id}!", by=by)
    for post, _ in asked:
        bot.shows(bot.card_of(post), "Answered")
    _, card = bot.heard("@acmebrew thanks", author="tom")
    bot.ana.press(card, "No reply needed").view.submit()
    _, card = bot.heard("@acmebrew is a song", author="sam")
    bot.ana.press(card, "Not about us")
    bot.settled()

    answer = words(bot.ben.command("/mentions", text))

    zone = ZoneInfo("Europe/Lisbon")
    today = datetime.now(zone).date()
    first = today - timedelta(days=days - 1)
    if first.day == 1 and (today + timedelta(days=1)).day == 1:
        assert answer.startswith(f"{today:%B %Y}, {zone.key}")  # a whole month, on its last day
    else:
        assert answer.startswith(f"{first.day} ")
        assert f" to {today.day} {today:%B %Y}, {zone.key}" in answer
    assert "Heard 6  ·  Answered 3  ·  Waiting 1  ·  No reply needed 1  ·  Not about us 1" in answer
    few = "0[0-4]"  # minutes that a busy machine takes until they are answered
    assert re.search(f"First reply: median 2 h {few} min, p90 8 h 2[4-8] min, 0% within 30 min", answer)
    assert re.search(f"In office hours: median 2 h {few} min", answer)
    assert "1 still waiting for a first reply" in answer
    took = r"\d+ (s|min)"
    assert re.search(f"post → seen .* → card in Slack {took} → claimed {took} → replied {took}", answer)
    assert re.search("@U0ANA: answered 2, median 1 h 3[0-4] min", answer)
    assert re.search(f"@U0BEN: answered 1, median 10 h {few} min", answer)


@pytest.mark.both_engines
def test_stats_of_nothing_are_zeros(bot: Bot) -> None:
    answer = words(bot.ana.command("/mentions", "stats"))

    assert "Heard 0  ·  Answered 0  ·  Waiting 0" in answer
    assert "none yet" in answer


@pytest.mark.parametrize(
    "period", ["nonsense", "0d", "-7d", "<!here>", "2026-13", "7d 30d", "@nobody", "#lost"]
)
def test_a_period_that_nobody_knows_is_a_sentence(bot: Bot, period: str) -> None:
    outcome = bot.ana.command("/mentions", f"stats {period}")

    assert period.rsplit(maxsplit=1)[-1] in words(outcome)
    assert visible(outcome.acked).broadcasts == []
