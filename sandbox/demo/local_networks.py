"""The local networks of the demo, with the brand's account and its customers on each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.bluesky import BlueskyWorld
from sandbox.demo.story import Customer, FreshPost, People
from sandbox.mastodon import MastodonWorld
from sandbox.mastodon.state.statuses import Visibility
from sandbox.x import XWorld


@dataclass(frozen=True, slots=True)
class LocalNetworks:
    """The three worlds, which know nothing of each other."""

    x: XWorld
    mastodon: MastodonWorld
    bluesky: BlueskyWorld

    @classmethod
    def of(cls, people: People) -> "LocalNetworks":
        """Create the networks with nobody but the brand on them."""
        brand = people.brand
        return cls(
            XWorld(handle=brand.handle, name=brand.name),
            MastodonWorld(handle=brand.handle, name=brand.name, domain=brand.mastodon_server),
            BlueskyWorld(handle=brand.bluesky_handle, name=brand.name),
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

    def post(
        self, author: Customer, text: str, *, warning: str = "", visibility: Visibility = "public"
    ) -> None:
        """Let a customer post now; `warning` and `visibility` are for Mastodon."""
        match author.network:
            case "x":
                self.x.post(author.handle, text)
            case "mastodon":
                self.mastodon.post(author.handle, text, spoiler=warning, visibility=visibility)
            case "bluesky":
                self.bluesky.post(author.handle, text)

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

    def set_clock(self, at: datetime) -> None:
        """Stop the clocks of Mastodon and Bluesky at `at`; X takes a time with each post."""
        self.mastodon.clock = lambda: at
        self.bluesky.clock = lambda: at

    def start_clocks(self) -> None:
        """Let the clocks show the time again."""
        self.mastodon.clock = lambda: datetime.now(UTC)
        self.bluesky.clock = lambda: datetime.now(UTC)
