"""The local forum over real HTTP, the real reader and its process: from a page's address to an answer."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bot.networks.feed import registration
from bot.networks.feed.settings import FeedSettings
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from sandbox.feeds import ForumServer
from tests.stage import worlds
from tests.story.feeds.conftest import Team
from tests.story.harness import KEYS, eventually, seen, settings_for, started


@pytest.fixture
def forum() -> Iterator[ForumServer]:
    with ForumServer() as server:
        yield server


@pytest.fixture
def team(database_url: str, forum: ForumServer) -> Iterator[Team]:
    settings = FeedSettings(_env_file=None, allow=urlsplit(forum.url).netloc, poll_seconds=1)
    with worlds() as (slack, x):
        keys = XSettings(api_url=x.url, **KEYS)
        networks = SignedInAccounts.fixed(XNetwork(keys), registration.build(settings, None))
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            yield Team(bot, None)


def test_a_page_leads_to_its_feeds_and_a_topic_to_a_card(team: Team, forum: ForumServer) -> None:
    forum.world.post_topic("ana", "The tap drips", "Since the update it drips.")
    modal = team.ask(f"track feed {forum.url}")
    eventually(lambda: "That page names" in modal.text or None)
    choices = [block for block in modal.blocks if block.get("block_id") == "choice"]
    assert choices
    labels = [one["text"]["text"] for one in choices[0]["element"]["options"]]
    modal.fill({"choice": next(label for label in labels if "Atom" in label)})
    modal.press("Try it")
    eventually(lambda: "Since the update it drips." in modal.text or None)

    assert modal.submit().closed

    card = team.bot.card("Since the update it drips.")
    assert "ana" in seen(card)
    forum.world.post_topic("ben", "And the sink", "It drips, too.")
    team.bot.card("It drips, too.")


def test_an_address_inside_the_teams_network_is_refused_with_a_sentence(team: Team) -> None:
    modal = team.ask("track feed http://127.0.0.1:8080/feed")
    shown = eventually(lambda: ":warning:" in str(modal.blocks) and modal.text)

    assert "FEED_ALLOW" in shown
    assert team.tracks() == []
