"""A team that listens to feeds on sites in memory, between the local Slack and the local X."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.networks.feed.documents import FeedEntry
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Feed, Track
from sandbox.slack import Modal
from sandbox.slack.block_kit.validator import check_view
from tests.memory_feeds import FakeSites, memory_feeds
from tests.stage import worlds
from tests.story.harness import CHANNEL, KEYS, Bot, eventually, settings_for, started

FORUM = "https://forum.example/latest.rss"
TALK = "C0TALK"


class Team:
    """The bot, its sites, and what people do with feeds."""

    def __init__(self, bot: Bot, sites: FakeSites) -> None:
        self.bot, self.sites, self.ana = bot, sites, bot.ana

    def entry(self, key: str, title: str, *, hours: float = 0.1, **more: Any) -> FeedEntry:
        at = datetime.now(UTC) - timedelta(hours=hours)
        given = {"author": "Jo", "link": f"https://forum.example/t/{key}", "text": ""} | more
        return FeedEntry(key, given.pop("link"), title, given.pop("text"), posted_at=at, **given)

    def ask(self, text: str, channel: str = CHANNEL) -> Modal:
        modal = self.ana.command("/mentions", text, channel).view
        assert modal is not None, "no modal opened"
        assert check_view(modal.state.given) == []
        return modal

    def tracks(self) -> list[Track]:
        with self.bot.ctx.db.read() as session:
            found = select(Track).where(Track.kind == "feed", Track.removed_at.is_(None)).order_by(Track.id)
            return list(session.scalars(found))

    def feed(self) -> Feed:
        def look() -> Feed:
            with self.bot.ctx.db.read() as session:
                return session.scalars(select(Feed)).one()

        return eventually(look)


@pytest.fixture
def team(database_url: str) -> Iterator[Team]:
    sites = FakeSites()
    with worlds() as (slack, x):
        slack.world.add_channel(TALK, "talk")
        keys = XSettings(api_url=x.url, **KEYS)
        networks = SignedInAccounts.fixed(XNetwork(keys), memory_feeds(sites, every=1))
        with started(settings_for(database_url, slack), keys, slack, x, networks=networks) as bot:
            yield Team(bot, sites)
        refused = [(c.method, c.error) for c in slack.world.calls if c.error.startswith(("inv", "msg"))]
        assert refused == []
        assert slack.world.troubles == []
