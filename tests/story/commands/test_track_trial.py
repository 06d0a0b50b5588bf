"""*Try it*: the price of a track first, then what it would find, in the modal, before anything is saved."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic_settings import SettingsConfigDict

from bot.networks import registry
from bot.networks.registry import NetworkSettings, Registration
from bot.networks.values import SearchRequest
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from sandbox.slack import visible
from tests.memory_network import MemoryNetwork
from tests.stage import worlds
from tests.story import hostile
from tests.story.commands.tracking import (
    COUNTS,
    LOOKS,
    SEARCH,
    ask,
    furnish,
    listing,
    press_try,
    said,
    tracks,
)
from tests.story.harness import KEYS, Bot, running, seen, settings_for, started


@pytest.fixture
def desk(bot: Bot) -> Bot:
    return furnish(bot)


def test_trying_says_the_price_first_and_then_shows_what_heard_would_take(desk: Bot) -> None:
    for number in range(7):
        said(desk, f"fern number {number}", minutes=60 - number)
    said(desk, "a fernlike thing")
    said(desk, "fern, bitte", lang="de")
    before = desk.x.world.counts.copy()
    modal = ask(desk).write({"query": "fern", "languages": "en"})

    first = press_try(desk, modal, "X counts 7 posts", "about 0.005 USD", "up to 0.035 USD")
    assert "fern number" not in first
    assert desk.x.world.counts[COUNTS] - before[COUNTS] == 1
    assert desk.x.world.counts[SEARCH] == before[SEARCH]
    second = press_try(desk, modal, "the newest 7 posts", "7 of them", "And 2 more")
    assert [f"fern number {one}" in second for one in range(7)] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
    ]
    assert second.index("fern number 6") < second.index("fern number 5")
    assert desk.x.world.counts[SEARCH] - before[SEARCH] == 1
    assert modal.value("query") == "fern"
    assert modal.value("languages") == "en"
    assert tracks(desk) == []
    assert desk.events("track added") == []
    assert modal.submit().closed
    assert len(tracks(desk)) == 1


def test_other_words_are_priced_anew_and_the_channel_does_not_matter(desk: Bot) -> None:
    said(desk, "fern tags")
    modal = ask(desk).write({"query": "fern"})
    press_try(desk, modal, "X counts 1 post")
    modal.write({"channel": LOOKS})
    press_try(desk, modal, "the only post")
    modal.write({"query": "fern"})
    press_try(desk, modal, "X counts 1 post")
    modal.write({"query": "tags"})
    press_try(desk, modal, "X counts 1 post")

    assert desk.x.world.counts[COUNTS] == 3
    assert desk.x.world.counts[SEARCH] == 1


def test_our_own_posts_are_read_and_would_get_no_card(desk: Bot) -> None:
    said(desk, "fern tags")
    desk.x.world.post("acmebrew", "fern from us", at=datetime.now(UTC) - timedelta(minutes=4))
    modal = ask(desk).write({"query": "fern"})
    press_try(desk, modal, "X counts 2 posts")

    assert "fern from us" not in press_try(desk, modal, "the newest 2 posts", "1 of them")


def test_two_quick_presses_look_once(desk: Bot) -> None:
    said(desk, "fern tags")
    modal = ask(desk).write({"query": "fern"})
    outcome = modal.press("Try it")
    outcome.replay()
    desk.told_all()
    outcome.replay()
    desk.told_all()

    assert "X counts 1 post" in seen(modal.state)
    assert (desk.x.world.counts[COUNTS], desk.x.world.counts[SEARCH]) == (1, 0)


def test_a_modal_that_slack_does_not_redraw_costs_nothing_and_can_be_tried_again(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        furnish(bot)
        modal = ask(bot).write({"query": "fern"})
        bot.slack.world.faults.lost_before("views.update")
        press_try(bot, modal)
        assert bot.x.world.counts[COUNTS] == 0
        press_try(bot, modal, "X counts 0 posts")


def test_what_is_typed_while_heard_looks_stays(desk: Bot) -> None:
    modal = ask(desk).write({"query": "fern", "languages": "en"})
    outcome = modal.press("Try it")
    modal.write({"query": "fern tags", "channel": LOOKS, "languages": ""})
    desk.told_all()

    assert outcome.ok
    assert modal.value("query") == "fern tags"
    assert not modal.value("languages")
    assert modal.value("channel") == LOOKS


def test_a_track_that_matches_too_much_is_warned_of(desk: Bot) -> None:
    modal = ask(desk).write({"query": "it"})

    press_try(desk, modal, "“it” alone is in very many posts")
    press_try(desk, modal, "found no post in the last 24 hours", "“it” alone is in very many posts")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("-free", "needs a word to look for"),
        ('fern "slow', "has no second one"),
        ("x" * 600, "at most 512 characters; this has 600"),
    ],
)
def test_what_cannot_be_searched_is_said_and_costs_nothing(desk: Bot, query: str, sentence: str) -> None:
    modal = ask(desk).write({"query": query})
    press_try(desk, modal, sentence)

    assert desk.x.world.counts[COUNTS] == 0
    assert modal.value("query") == query


def test_a_network_that_fails_is_said_in_the_modal_and_trying_goes_on_where_it_was(database_url: str) -> None:
    with running(database_url, troubles=True) as bot:
        furnish(bot)
        said(bot, "fern tags")
        modal = ask(bot).write({"query": "fern"})
        bot.x.world.faults.add(COUNTS, "server_error_before", times=1)
        press_try(bot, modal, "X could not be searched")
        press_try(bot, modal, "X counts 1 post")
        bot.x.world.faults.add(SEARCH, "rate_limited", times=1)
        press_try(bot, modal, "X could not be searched")
        assert bot.x.world.counts[COUNTS] == 2
        assert modal.value("query") == "fern"
        assert tracks(bot) == []


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_a_hostile_post_is_shown_as_text(desk: Bot, name: str) -> None:
    said(desk, f"fern {hostile.TEXTS[name]}"[:24_000])
    modal = ask(desk).write({"query": "fern"})
    press_try(desk, modal, "X counts 1 post")
    press_try(desk, modal, "would get a card")

    shown = visible(modal.state)
    assert shown.broadcasts == []
    assert [link.target for link in shown.links if "evil" in link.target] == []
    assert shown.users == []


# --- where there are several networks -----------------------------------------------------------------------


class Board(MemoryNetwork):
    """A second network that can be searched, and counts nothing."""

    name, title = "board", "Board"

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        return wanted[0].query.alternatives[0][0].text


class BoardSettings(NetworkSettings):
    model_config = SettingsConfigDict(env_prefix="BOARD_")


@pytest.fixture
def two_networks(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bot, Board]]:
    registry.registered()
    board = Board(now=lambda: datetime.now(UTC))
    made = Registration(Board, BoardSettings, lambda _settings, _tokens: board)
    monkeypatch.setitem(registry._registrations, "board", made)
    with worlds() as (slack, x):
        keys = XSettings(api_url=x.url, **KEYS)
        networks = SignedInAccounts.fixed(XNetwork(keys), board)
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            yield furnish(bot), board


def test_of_several_networks_the_chosen_one_is_tried_and_listened_to(two_networks: tuple[Bot, Board]) -> None:
    bot, board = two_networks
    board.says("theo", "fern tags")
    board.says("theo", "fernlike")
    modal = ask(bot).write({"query": "fern"})
    assert modal.value("network")["value"] == "x"
    press_try(bot, modal, "X counts 0 posts")
    modal.fill({"network": "Board"})
    press_try(bot, modal, "Board cannot count posts without reading them", "up to 100 posts")
    shown = press_try(bot, modal, "the newest 2 posts", "1 of them would get a card", "fern tags")
    assert "USD" not in shown
    assert modal.submit().closed

    assert [(one.network, one.query) for one in tracks(bot)] == [("board", "fern")]
    edited = bot.ana.press(listing(bot), "Edit", value=f'{{"track":{tracks(bot)[0].id}}}').view
    assert edited is not None
    assert "On Board" in press_try(bot, edited, "Board cannot count posts")
    assert "network" not in [block["block_id"] for block in edited.blocks]
