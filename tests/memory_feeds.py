"""Sites in memory that have feeds: what the schedule and the ledger make of readings, without a wire."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.networks.feed.documents import FeedDocument, FeedEntry, NotAFeed
from bot.networks.feed.fetching import NO_VALIDATORS, Fetched, FetchFailed, PageSeen, Validators
from bot.networks.feed.reader import Feeds


class FakeSites:
    """Documents by address, served as `Fetcher` does: an unchanged one is a 304 for who has its validator."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.failures: dict[str, FetchFailed] = {}
        self.moves: dict[str, str] = {}
        self.fresh_for: dict[str, timedelta] = {}
        self.asked: Counter[str] = Counter()
        self.unchanged: Counter[str] = Counter()
        self.on_fetch: Callable[[str], None] = lambda _address: None

    def show(self, address: str, *entries: FeedEntry, title: str = "Fern forum") -> None:
        rows = [
            {
                "key": one.key,
                "title": one.title,
                "text": one.text,
                "author": one.author,
                "link": one.link,
                "comments": one.comments_link,
                "at": one.posted_at.isoformat() if one.posted_at else None,
            }
            for one in entries
        ]
        self.pages[address] = json.dumps({"title": title, "entries": rows}).encode()

    def fetch(
        self, address: str, validators: Validators = NO_VALIDATORS, *, wait_seconds: float = 0
    ) -> Fetched:
        self.asked[address] += 1
        self.on_fetch(address)
        if address in self.failures:
            raise self.failures[address]
        body = self.pages[self.moves.get(address, address)]
        etag = str(hash(body))
        is_known = validators.etag == etag
        self.unchanged[address] += is_known
        return Fetched(
            None if is_known else body,
            "text/html" if body.startswith(b"<") else "application/json",
            self.moves.get(address, address),
            self.moves.get(address),
            Validators(etag),
            self.fresh_for.get(address),
        )

    def look_at(self, link: str) -> PageSeen:
        return PageSeen("A page", 200)

    def parse(self, body: bytes, content_type: str, address: str, *, seconds: float) -> FeedDocument:
        if not body.startswith(b"{"):
            raise NotAFeed("The page is no feed.", "html")
        found = json.loads(body)
        entries = tuple(
            FeedEntry(
                row["key"],
                row["link"],
                row["title"],
                row["text"],
                row["author"],
                datetime.fromisoformat(row["at"]) if row["at"] else None,
                comments_link=row["comments"],
            )
            for row in found["entries"]
        )
        return FeedDocument(found["title"], "https://forum.example/", "JSON", entries)


def memory_feeds(sites: FakeSites, *, every: float = 900) -> Feeds:
    return Feeds(sites, sites, interval=timedelta(seconds=every))
