"""A desk that listens to feeds on sites in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.ingest.feeds import schedule
from bot.networks.feed.documents import FeedEntry
from models import Feed, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bot.room import ANA, Clock, Room, room
from tests.memory_feeds import FakeSites, memory_feeds

FORUM = "https://forum.example/latest.rss"


class FeedRoom:
    """The desk, its sites, and short words for what happens there."""

    def __init__(self, here: Room, sites: FakeSites) -> None:
        self.here, self.sites, self.clock = here, sites, here.clock

    def listen(self, address: str = FORUM, words: str = "", **more) -> int:
        with self.here.ctx.db.write() as session:
            draft = TrackDraft("feed", "feed", words, address=address, **more)
            return track_rules.add(session, draft, at=self.clock(), by=ANA).id

    def entry(self, key: str, title: str = "", *, ago: float | None = 0, **more) -> FeedEntry:
        """An entry dated `ago` hours before now, without a date if that is None."""
        at = None if ago is None else self.clock() - timedelta(hours=ago)
        given = {"author": "Jo", "link": f"https://forum.example/t/{key}"} | more
        link = given.pop("link")
        return FeedEntry(key, link, title or f"Post {key}", given.pop("text", ""), posted_at=at, **given)

    def read(self) -> int:
        """Read what is due, and return how many feeds were."""
        started = schedule.start_due(self.here.ctx, self.here.network)
        assert self.here.ctx.feed_readings.wait_until_idle(within=180)
        return started

    def later(self, **time: float) -> int:
        self.clock.pass_by(**(time or {"minutes": 20}))
        return self.read()

    def titles(self) -> list[str]:
        return [text.split("\n")[0] for text in self.here.texts()]

    def feed(self, address: str = FORUM) -> Feed:
        with self.here.ctx.db.read() as session:
            found = Feed.find(session, address)
            assert found is not None
            return found

    def change(self, track_id: int, **values) -> None:
        with self.here.ctx.db.write() as session:
            track = session.get_one(Track, track_id)
            draft = TrackDraft("feed", "feed", track.query, interval_seconds=track.interval_seconds)
            track_rules.edit(
                session, track_id, replace(draft, **values), revision=None, at=self.clock(), by=ANA
            )


@pytest.fixture
def sites() -> FakeSites:
    return FakeSites()


@pytest.fixture
def feeds(database_url: str, clock: Clock, sites: FakeSites) -> Iterator[FeedRoom]:
    with room(database_url, clock, memory_feeds(sites)) as here:
        yield FeedRoom(here, sites)
