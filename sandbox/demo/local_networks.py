"""The local networks of the demo, with the brand's account and its customers on each."""

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.bluesky import BlueskyWorld
from sandbox.demo.story import DATA, Customer, Entry, FreshPost, People
from sandbox.feeds import ForumWorld
from sandbox.hackernews import HackerNewsWorld
from sandbox.mastodon import MastodonWorld
from sandbox.mastodon.state.statuses import Visibility
from sandbox.x import XWorld

COMMENT_DELAY = timedelta(minutes=4)  # between a post on the forum and the next below it


class Comment(Entry):
    """A comment on Hacker News."""

    ago: timedelta
    author: str
    text: str


class Story(Entry):
    """A story on Hacker News, with what was said about it."""

    ago: timedelta
    author: str
    title: str
    url: str = ""
    text: str = ""
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalNetworks:
    """The worlds, which know nothing of each other."""

    x: XWorld
    mastodon: MastodonWorld
    bluesky: BlueskyWorld
    forum: ForumWorld
    hackernews: HackerNewsWorld = field(default_factory=HackerNewsWorld)

    @classmethod
    def of(cls, people: People) -> "LocalNetworks":
        """Create the networks with nobody but the brand on them."""
        brand = people.brand
        return cls(
            XWorld(handle=brand.handle, name=brand.name),
            MastodonWorld(handle=brand.handle, name=brand.name, domain=brand.mastodon_server),
            BlueskyWorld(handle=brand.bluesky_handle, name=brand.name),
            ForumWorld(title=brand.forum, handle=brand.handle, name=brand.name),
        )

    def add(self, one: Customer) -> None:
        """Create the customer's account unless the network has it."""
        match one.network:
            case "x":
                if self.x.find_user(one.handle) is None:
                    self.x.add_user(one.handle, one.name, followers=one.followers, verified=one.verified)
            case "mastodon":
                if self.mastodon.find_user(one.handle) is None:
                    self.mastodon.add_user(one.handle, one.name, followers=one.followers, indexable=True)
            case "bluesky":
                if self.bluesky.find_user(one.handle) is None:
                    self.bluesky.add_user(one.handle, one.name, followers=one.followers)
            case "forum":
                if self.forum.find_member(one.handle) is None:
                    self.forum.add_member(one.handle, one.name)

    def post(
        self,
        author: Customer,
        text: str,
        *,
        warning: str = "",
        visibility: Visibility = "public",
        title: str = "",
    ) -> None:
        """Let a customer post now; `warning` and `visibility` are for Mastodon, `title` for the forum."""
        match author.network:
            case "x":
                self.x.post(author.handle, text)
            case "mastodon":
                self.mastodon.post(author.handle, text, spoiler=warning, visibility=visibility)
            case "bluesky":
                self.bluesky.post(author.handle, text)
            case "forum":
                self.forum.post_topic(author.handle, title or text[:60], text)

    def post_fresh(self, author: Customer, fresh: FreshPost, now: datetime) -> None:
        """Let a customer post shortly before `now`."""
        at = now - fresh.ago
        match author.network:
            case "x":
                self.x.post(author.handle, fresh.text, at=at, media=fresh.media, poll=fresh.poll)
            case "mastodon":
                self.mastodon.post(author.handle, fresh.text, spoiler=fresh.warning, at=at)
            case "bluesky":
                self.bluesky.post(author.handle, fresh.text, created_at=at)
            case "forum":
                self._post_topic(author, fresh, at)

    def _post_topic(self, author: Customer, fresh: FreshPost, at: datetime) -> None:
        topic = self.forum.post_topic(author.handle, fresh.title, fresh.text, at=at)
        for place, comment in enumerate(fresh.comments, start=1):
            self.forum.comment(topic.id, comment.author, comment.text, at=at + place * COMMENT_DELAY)

    def discuss(self, now: datetime) -> None:
        """Let Hacker News have its stories and comments, as long before `now` as the file says."""
        stories = tomllib.loads((DATA / "hacker_news.toml").read_text())["stories"]
        for one in sorted(map(Story.model_validate, stories), key=lambda one: -one.ago):
            made = self.hackernews.submit(one.author, one.title, url=one.url, text=one.text, at=now - one.ago)
            for each in one.comments:
                self.hackernews.comment(each.author, made.id, each.text, at=now - each.ago)

    def set_clock(self, at: datetime) -> None:
        """Stop the clocks at `at`; X takes a time with each post."""
        self.mastodon.clock = lambda: at
        self.bluesky.clock = lambda: at
        self.forum.clock = lambda: at

    def start_clocks(self) -> None:
        """Let the clocks show the time again."""
        self.mastodon.clock = lambda: datetime.now(UTC)
        self.bluesky.clock = lambda: datetime.now(UTC)
        self.forum.clock = lambda: datetime.now(UTC)
