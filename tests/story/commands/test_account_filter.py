"""`@handle` of one of our accounts as a filter: where a network has several, of only that one."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.commands import export
from models import Account
from models.tickets.incoming_post import IngestTarget
from models.tickets.ingest import ingest_page
from tests.models.ledger import PROMISE, said
from tests.stage import CHANNEL
from tests.story.commands.test_commands import words
from tests.story.harness import Bot, eventually, seen


@pytest.fixture
def two(bot: Bot) -> Bot:
    """Joe spoke to @acmebrew; somebody whom nobody knows, to @FernPress: both are ours, on X."""
    bot.heard("@acmebrew good coffee", author="joe")
    now = datetime.now(UTC)
    place = IngestTarget(network="x", account_id="77", channel=CHANNEL, sla_policy=PROMISE)
    with bot.ctx.db.write() as session:
        Account.record_profile(
            session,
            network="x",
            network_id="77",
            handle="FernPress",
            name="Fern",
            at=now,
            source="connected",
        )
        post = said(501, now - timedelta(minutes=3), author="555", text="good books")
        ingest_page(session, [post], place, at=now)
    bot.settled()
    return bot


def ask(bot: Bot, text: str) -> str:
    return words(bot.ana.command("/mentions", text))


@pytest.mark.both_engines
def test_open_lists_what_waits_for_one_account(two: Bot) -> None:
    fern = ask(two, "open @fernpress")
    acme = ask(two, "open for @ACMEBREW, on X")

    assert fern.startswith("1 waiting for @FernPress:")
    assert "@joe" not in fern
    assert "2 open tickets in total" in fern
    assert acme.startswith("1 waiting for @acmebrew and on X:")
    assert "@joe" in acme
    assert ask(two, "open @acmebrew @fernpress").startswith("2 waiting")
    assert ask(two, "mine @fernpress").startswith("0 waiting assigned to @U0ANA and for @FernPress.")


@pytest.mark.both_engines
def test_stats_count_one_account(two: Bot) -> None:
    fern = ask(two, "stats @fernpress today")

    assert "for @FernPress" in fern.splitlines()[0]
    assert "Heard 1  ·  Answered 0  ·  Waiting 1" in fern
    assert "Heard 2  ·" in ask(two, "stats today")
    assert "No data for @FernPress for January 2026" in ask(two, "stats 2026-01 @fernpress")
    assert "Use only one of each kind: account" in ask(two, "stats @acmebrew @fernpress")


def test_a_reading_that_fails_is_said_of_the_account_that_was_asked_for(two: Bot) -> None:
    two.x.world.faults.add("*", "down")
    two.poll()

    assert "hasn't responded since" in ask(two, "open @acmebrew")
    assert "hasn't responded since" not in ask(two, "open @fernpress")
    assert "hasn't responded since" in ask(two, "stats @acmebrew")
    assert "hasn't responded since" not in ask(two, "stats @fernpress")


@pytest.mark.parametrize(
    "text", ["open @nobodys", "stats @nobodys", "search @nobodys", "search good @nobodys"]
)
def test_an_unknown_handle_names_our_accounts(two: Bot, text: str) -> None:
    assert ("Our accounts: @acmebrew, @FernPress." in ask(two, text)) == (text != "search good @nobodys")


def test_our_only_account_is_not_listed(bot: Bot) -> None:
    bot.heard("@acmebrew hello")

    assert "Our accounts" not in ask(bot, "open @nobodys")
    assert ask(bot, "open @acmebrew").startswith("1 waiting for @acmebrew:")


# --- search -------------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_search_finds_what_is_for_one_account(two: Bot) -> None:
    assert "good coffee" in ask(two, "search good")

    fern = ask(two, "search good @FERNPRESS")
    everything = ask(two, "search *@acmebrew*")

    assert fern.startswith("Newest first for @FernPress (our account): good")
    assert ("good books" in fern, "good coffee" in fern) == (True, False)
    assert everything.startswith("Newest first for @acmebrew (our account)\n")
    assert ("good coffee" in everything, "good books" in everything) == (True, False)
    both = ask(two, "search good @acmebrew @fernpress")
    assert both.startswith("Newest first for @acmebrew or @FernPress (our accounts): good")
    assert "good coffee" in both
    assert "good books" in both
    assert ask(two, "search tea @fernpress").startswith("Nothing found for @FernPress (our account): tea")
    assert "good coffee" in ask(two, 'search "@acmebrew good"')


def test_search_of_an_account_has_pages(two: Bot) -> None:
    for number in range(12):
        two.post(f"@acmebrew trouble {number}.", author="joe")
    two.poll()
    outcome = two.ana.command("/mentions", "search @acmebrew")

    assert "trouble 11." in words(outcome)
    told = seen(two.ana.press(outcome.first_answer(), "More").ephemeral())
    assert "good coffee" in told
    assert "Further back for @acmebrew (our account)" in told
    assert "good books" not in told


# --- export -------------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_the_file_of_one_account(two: Bot) -> None:
    two.ana.command("/mentions", "export tickets @fernpress jsonl today")

    eventually(lambda: two.whisper("1 ticket:", "direct messages"))
    [message] = [one for one in two.ana.direct_messages() if one.files]
    row = json.loads(two.ana.download(message))
    assert (row["account"], row["account_id"], row["text"]) == ("FernPress", "77", "good books")


def test_an_export_of_an_unknown_account_is_a_sentence(two: Bot) -> None:
    two.ana.command("/mentions", "export tickets @nobodys")

    eventually(lambda: two.whisper("Unknown word “@nobodys”.", "Our accounts: @acmebrew, @FernPress."))


def test_the_command_line_for_the_same_file_names_the_account(two: Bot) -> None:
    asked = export.parse_export(two.ctx, ["tickets", "@FERNPRESS", "x"], ZoneInfo("UTC"))

    assert asked.command == "python -m bot export tickets --account FERNPRESS --network x"
