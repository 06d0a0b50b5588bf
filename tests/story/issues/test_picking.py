"""An issue is picked among hundreds: opened, the field offers the likeliest; typing searches all titles."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.slack.blocks.issues.picker import OPTIONS_MAX, PICK_BLOCK, build_picker
from models import Issue
from tests.models.ledger import together
from tests.story.harness import DEADLINE, Bot, proportional_waits, running
from tests.story.hostile import RIGHT_TO_LEFT
from tests.story.issues.test_issues import add, asked
from tests.story.running.test_locked import locked

MANY = 250
LAST = "Receipts: printed twice, in Café Zürich"


def known(bot: Bot, *titles: str) -> list[int]:
    """Those issues, as if somebody had typed them over the months."""
    with bot.ctx.db.write() as session:
        found = [Issue.open_or_find(session, one, by="U0BEN", at=bot.ctx.now()) for one in titles]
        session.flush()
        return [one.id for one in found]


def many(bot: Bot) -> None:
    """Hundreds of them, one of them `LAST`, which nothing puts first."""
    known(bot, LAST, *(f"Problem number {number:03} of the year" for number in range(MANY - 1)))


@contextmanager
def nobody_looks(bot: Bot) -> Iterator[None]:
    """Keep everybody who would glance at the ledger waiting."""
    everybody = threading.Barrier(17)
    done = threading.Event()

    def look() -> None:
        everybody.wait(DEADLINE)
        done.wait(DEADLINE)

    waiting = [threading.Thread(target=bot.ctx.read_with_timeout, args=(look, DEADLINE)) for _ in range(16)]
    for one in waiting:
        one.start()
    everybody.wait(DEADLINE)
    try:
        with proportional_waits(bot):
            yield
    finally:
        done.set()
        for one in waiting:
            one.join(DEADLINE)


def test_one_of_hundreds_is_found_by_two_of_its_words(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    many(bot)
    modal = asked(bot, card)
    assert LAST not in modal.suggestions(PICK_BLOCK)

    for typed in ("twice receipts", "ZÜRICH   printed", "twice, - café!", LAST.upper(), "zür rec"):
        assert modal.suggestions(PICK_BLOCK, typed) == [LAST]
    assert modal.fill({PICK_BLOCK: LAST}).submit().closed

    bot.shows(card, f"Issue: {LAST}")
    assert len(bot.events("issue opened")) == MANY


def test_no_more_is_offered_than_slack_takes_and_the_best_comes_first(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    many(bot)
    known(bot, "The year", "A yearly problem", "Dark mode of theyear-end")
    modal = asked(bot, card)

    assert len(modal.suggestions(PICK_BLOCK)) == OPTIONS_MAX
    assert len(modal.suggestions(PICK_BLOCK, "year")) == OPTIONS_MAX
    assert modal.suggestions(PICK_BLOCK, "the year")[:2] == ["The year", "Problem number 248 of the year"]
    assert modal.suggestions(PICK_BLOCK, "problem number 017")[0] == "Problem number 017 of the year"
    assert modal.suggestions(PICK_BLOCK, "number teapot") == []
    assert modal.suggestions(PICK_BLOCK, "x" * 3_000) == []
    assert modal.suggestions(PICK_BLOCK, "a b c " * 500) == []


def test_opened_among_hundreds_what_is_alike_is_on_top_and_says_why(bot: Bot) -> None:
    _, first = bot.heard("@acmebrew my export to csv loses rows")
    add(bot, first, "Rows are lost")
    many(bot)
    _, second = bot.heard("@acmebrew csv export is missing half of it", author="joe")

    top, following, *_ = asked(bot, second).offered(PICK_BLOCK)

    assert (top["text"]["text"], top["description"]["text"]) == (
        "Rows are lost",
        "shares: export, csv; 1 person",
    )
    assert "description" not in following


def test_what_is_found_says_how_many_reported_it_and_what_is_fixed_comes_last(bot: Bot) -> None:
    for number, title in enumerate(("Sync stops", "Sync stops at night", "Sync stops at night")):
        _, card = bot.heard(f"@acmebrew {number}", author=f"person{number}")
        add(bot, card, title)
    fixed = known(bot, "Sync stops at noon")[0]
    with bot.ctx.db.write() as session:
        Issue.lock(session, fixed).fix(session, by="U0BEN", at=bot.ctx.now())
    _, card = bot.heard("@acmebrew another", author="eve")

    found = asked(bot, card).offered(PICK_BLOCK, "stops sync")

    shown = [(one["text"]["text"], one["description"]["text"]) for one in found]
    assert shown == [
        ("Sync stops at night", "2 people"),
        ("Sync stops", "1 person"),
        ("Sync stops at noon", "fixed"),
    ]


@pytest.mark.both_engines
def test_what_the_ticket_is_in_is_not_offered_and_each_modal_asks_for_its_own(bot: Bot) -> None:
    _, mine = bot.heard("@acmebrew one")
    _, yours = bot.heard("@acmebrew two", author="joe")
    bot.press(yours, "Claim", by=bot.ben)
    bot.shows(yours, "assigned to @U0BEN")
    add(bot, mine, "Export loses rows")
    add(bot, yours, "Export is slow")
    known(bot, "Export is empty")
    here, there = asked(bot, mine), asked(bot, yours, by="ben")

    both = together(
        lambda: here.suggestions(PICK_BLOCK, "export"), lambda: there.suggestions(PICK_BLOCK, "export")
    )

    assert both == [["Export is slow", "Export is empty"], ["Export loses rows", "Export is empty"]]
    here.close()
    theirs = asked(bot, yours)  # somebody else's ticket is everybody's to add
    assert theirs.suggestions(PICK_BLOCK, "loses") == ["Export loses rows"]
    assert theirs.fill({PICK_BLOCK: "Export loses rows"}).submit().closed
    bot.shows(yours, "Export is slow", "Export loses rows")


def test_what_was_taken_out_is_offered_again_at_once(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew one")
    add(bot, card, "Wrong one")
    known(bot, "Another")
    modal = asked(bot, card)
    assert modal.suggestions(PICK_BLOCK) == ["Another"]

    modal.press("Remove")

    assert "Wrong one" in modal.suggestions(PICK_BLOCK)


@pytest.mark.both_engines
def test_while_the_ledger_is_held_the_modal_opens_and_its_field_is_no_trouble(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    known(bot, "Export loses rows", "Too loud")

    with locked(bot):
        modal = asked(bot, card)
        opened, typed = modal.suggestions(PICK_BLOCK), modal.suggestions(PICK_BLOCK, "rows")

    everything = (["Too loud", "Export loses rows"], ["Export loses rows"])
    assert (opened, typed) == (everything if bot.ctx.db.is_sqlite else ([], []))  # where reading waits, too
    assert (modal.suggestions(PICK_BLOCK), modal.suggestions(PICK_BLOCK, "rows")) == everything
    assert bot.slack.world.troubles == []
    assert modal.fill({PICK_BLOCK: "Export loses rows"}).submit().closed
    bot.shows(card, "Issue: Export loses rows")


def test_a_modal_that_opens_without_the_ledger_has_the_field_all_the_same(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    known(bot, "Export loses rows")

    with nobody_looks(bot):
        modal = asked(bot, card)
        assert (
            "The database is slow right now. You can also type an existing issue's title below." in modal.text
        )
        assert modal.suggestions(PICK_BLOCK) == []

    assert bot.slack.world.troubles == []
    assert modal.fill({PICK_BLOCK: "Export loses rows"}).submit().closed
    bot.shows(card, "Issue: Export loses rows")


@pytest.mark.both_engines
def test_an_issue_that_is_fixed_or_gone_once_it_was_picked_is_as_before(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    fixed, gone = known(bot, "Export loses rows", "Too loud")
    one = asked(bot, card).fill({PICK_BLOCK: "Export loses rows"})
    with bot.ctx.db.write() as session:
        Issue.lock(session, fixed).fix(session, by="U0BEN", at=bot.ctx.now())
    assert one.submit().closed
    bot.shows(card, "Issue: Export loses rows")

    other = asked(bot, card).fill({PICK_BLOCK: "Too loud"})
    with bot.ctx.db.write() as session:
        session.delete(session.get_one(Issue, gone))

    assert "That issue no longer exists. Type its title to create it again." in str(other.submit().errors)
    assert other.value(PICK_BLOCK)["value"] == str(gone)


@pytest.mark.parametrize(
    "title",
    ["<!channel> *bold* `x` <@U0ANA>", "&lt;!here&gt; 5% _", RIGHT_TO_LEFT + " a", "- _ -", "🍺" * 150],
)
def test_a_hostile_title_is_offered_as_text_and_found_by_itself(bot: Bot, title: str) -> None:
    _, first = bot.heard("@acmebrew one")
    _, second = bot.heard("@acmebrew two", author="joe")
    assert asked(bot, first).fill({"title": title}).submit().closed
    bot.shows(first, "Issue: ")
    known(bot, "Another")

    modal = asked(bot, second)
    [shown] = modal.offered(PICK_BLOCK, title)

    assert (shown["text"]["type"], shown["text"]["emoji"]) == ("plain_text", False)
    assert shown in modal.offered(PICK_BLOCK)
    assert modal.fill({PICK_BLOCK: shown["value"]}).submit().closed
    assert [one.data["issue"] for one in bot.events("add to issue")] == [int(shown["value"])] * 2


@pytest.mark.both_engines
def test_another_modal_may_ask_for_another_issue_by_the_same_field(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew csv again")
    add(bot, card, "Rows are lost")
    here, *_ = known(bot, "Export to csv loses rows", "Rows are slow to load")
    view = {
        "type": "modal",
        "callback_id": "another",
        "private_metadata": json.dumps({"issue": here}),
        "title": {"type": "plain_text", "text": "Merge"},
        "submit": {"type": "plain_text", "text": "Merge"},
        "blocks": [build_picker("Into which one?", optional=False)],
    }
    trigger = bot.ana.command("/mentions", "help").trigger
    assert trigger is not None
    bot.ctx.slack.open_view(trigger.id, view)
    modal = bot.ana.modal
    assert modal is not None

    assert [one["text"]["text"] for one in modal.offered(PICK_BLOCK)] == [
        "Rows are lost",
        "Rows are slow to load",
    ]
    assert modal.offered(PICK_BLOCK)[0]["description"]["text"] == "shares: rows, csv; 1 person"
    assert modal.suggestions(PICK_BLOCK, "rows") == ["Rows are lost", "Rows are slow to load"]
    assert modal.suggestions(PICK_BLOCK, "export") == []


def test_over_a_socket_the_field_asks_as_well(database_url: str) -> None:
    given = {"slack_app_token": "xapp-test", "slack_signing_secret": None}
    with running(database_url, troubles=True, **given) as bot:
        _, card = bot.heard("@acmebrew hello")
        known(bot, "Export loses rows", "Too loud")

        assert asked(bot, card).suggestions(PICK_BLOCK, "rows export") == ["Export loses rows"]
