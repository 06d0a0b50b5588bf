"""What needs us first: the card says why, Home and `/mentions open top` are ordered by it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.ingest import profiles
from bot.jobs import priorities as job
from bot.slack import home_tab
from models import Customer, CustomerList, Ticket
from models.sources.customer import CustomerEntry
from models.tickets import priorities
from sandbox.slack import visible
from tests.story.harness import CHANNEL, Bot, seen

HOSTILE = "REFUND <!channel> *now* <https://evil.example|refund> :tada: <@U0ANA>"


def import_customers(bot: Bot, *entries: tuple[str, str, str]) -> None:
    """As the command does it."""
    with bot.ctx.db.write() as session:
        number = CustomerList.begin(session, at=bot.ctx.now())
        Customer.add_batch(session, number, [CustomerEntry(*entry) for entry in entries])
        CustomerList.complete(session, number, at=bot.ctx.now())
        priorities.forget_all(session)


def queue(answer: str) -> list[str]:
    return re.findall(r"@(maria|joe|kim|lu) on", answer)


def listed_in_home(bot: Bot) -> list[str]:
    """Whose tickets Ana's Home lists as waiting, in order."""
    elements = [element for block in bot.ana.home.blocks for element in block.get("elements", [])]
    labels = [one["options"][0]["text"]["text"] for one in elements if one.get("type") == "checkboxes"]
    return [label.split()[0].removeprefix("@") for label in labels]


@pytest.fixture
def waiting(bot: Bot) -> Bot:
    """Maria says hello, Joe wants a refund, Kim asks; the later, the more urgent."""
    now = datetime.now(UTC)
    for number, (author, words) in enumerate(
        (("maria", "hello"), ("joe", "I want a refund"), ("kim", "is it open?"))
    ):
        bot.post(f"@acmebrew {words}", author=author, at=now - timedelta(minutes=20 - number))
    bot.poll()
    bot.card("is it open?")
    bot.settled()
    return bot


# --- the card -----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_the_card_says_why_in_one_line_with_the_words_that_it_goes_by(bot: Bot) -> None:
    import_customers(bot, ("x", "maria", "Pro <plan> *gold*"))
    bot.x.world.add_user("maria", "Maria", followers=12_400)
    bot.heard("@acmebrew hi there")
    bot.heard("@acmebrew hello again")
    _, card = bot.heard("@acmebrew can I get my MONEY BACK?")

    shown = seen(bot.shows(card, "Why first"))
    (line,) = [one for one in shown.splitlines() if "Why first" in one]
    assert line == (
        "Why first: question · refund (“my MONEY BACK”) · 12,400 followers · third time this week · "
        "known customer: Pro <plan> *gold*"
    )


def test_nothing_is_said_where_nothing_speaks_for_it(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew thank you")

    assert "Why first" not in seen(card)


def test_the_line_follows_an_edit_and_a_further_post_and_ends_with_the_answer(bot: Bot) -> None:
    post, card = bot.heard("@acmebrew hello")
    bot.post("@acmebrew it is broken", reply_to=post.id)
    bot.poll()
    bot.shows(card, "Why first: broken (“broken”)")

    bot.press(card, "No reply needed").view.submit()
    bot.shows(card, "No reply needed", without=("Why first",))


def test_what_a_customer_wrote_stays_text(bot: Bot) -> None:
    _, card = bot.heard(f"@acmebrew {HOSTILE}")

    block = next(one for one in card.blocks if "Why first" in str(one))
    assert block["elements"][0]["type"] == "plain_text"
    assert block["elements"][0]["emoji"] is False


def test_an_import_of_customers_reaches_open_tickets(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello", author="kim")
    import_customers(bot, ("", "kim", "Pro plan"))
    job.fill_missing(bot.ctx)

    bot.shows(card, "Why first: known customer: Pro plan")


def test_tickets_from_before_get_their_reasons(waiting: Bot) -> None:
    with waiting.ctx.db.write() as session:
        session.execute(update(Ticket).values(priority=None, priority_reasons=None, drawn_revision=0))
    waiting.ctx.cards_wake.set()
    waiting.shows(waiting.card("refund"), "Why first: refund")

    job.fill_missing(waiting.ctx)
    assert queue(visible(waiting.ana.command("/mentions", "open top").acked).text) == ["joe", "kim", "maria"]


# --- the order ----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_open_top_lists_by_points_and_says_what_each_is_for(waiting: Bot) -> None:
    by_due_time = visible(waiting.ana.command("/mentions", "open").acked).text
    answer = visible(waiting.ana.command("/mentions", "open top").acked).text

    assert queue(by_due_time) == ["maria", "joe", "kim"]
    assert queue(answer) == ["joe", "kim", "maria"]
    assert answer.splitlines()[0] == "3 waiting, by priority:"
    assert "20 points: refund +20" in answer
    assert "10 points: question +10" in answer
    assert "0 points" in answer
    assert "due times" in answer.lower()


def test_waiting_time_is_counted_and_told(bot: Bot) -> None:
    bot.heard("@acmebrew hello", at=datetime.now(UTC) - timedelta(hours=3, minutes=1))

    answer = visible(bot.ana.command("/mentions", "open top").acked).text
    assert "3 points: waiting 3 h +3" in answer


def test_open_top_takes_the_other_filters(waiting: Bot) -> None:
    waiting.ben.press(waiting.card("refund"), "Claim")
    waiting.shows(waiting.card("refund"), "assigned to @U0BEN")

    assert queue(visible(waiting.ana.command("/mentions", "open top unclaimed").acked).text) == [
        "kim",
        "maria",
    ]
    assert queue(visible(waiting.ben.command("/mentions", "mine top").acked).text) == ["joe"]
    assert "top" in visible(waiting.ana.command("/mentions", "open tops").acked).text


def test_home_is_ordered_by_priority_and_says_so(waiting: Bot) -> None:
    waiting.ana.open_home()
    text = visible(waiting.ana.home).text

    assert listed_in_home(waiting) == ["joe", "kim", "maria"]
    assert "Ordered by priority" in text
    assert "Why first: refund" in text
    assert "Why first: question" in text


def test_a_reply_that_needs_a_person_comes_before_all(waiting: Bot) -> None:
    waiting.x.world.implicit_counts = False
    _, card = waiting.heard("thanks", author="lu", reply_to=waiting.x.world.publish("New: a stout").id)
    waiting.reply(card, "Hi Lu!")
    waiting.shows(card, "I posted it")
    home_tab.show(waiting.ctx, waiting.ana.id)

    assert listed_in_home(waiting) == ["lu", "joe", "kim", "maria"]
    assert "those that need a person first" in visible(waiting.ana.home).text
    assert queue(visible(waiting.ana.command("/mentions", "open top").acked).text) == [
        "lu",
        "joe",
        "kim",
        "maria",
    ]


def test_a_profile_that_comes_late_is_counted(bot: Bot) -> None:
    bot.x.world.add_user("kim", "Kim", followers=150_000)
    bot.x.world.faults.add("GET /2/users", "down")
    _, card = bot.heard("@acmebrew hello", author="kim")
    assert "Why first" not in seen(card)
    bot.x.world.faults.clear()

    profiles.fetch_missing(bot.ctx, bot.ctx.networks["x"])
    bot.shows(card, "Why first: 150,000 followers")
    assert card.channel == CHANNEL
