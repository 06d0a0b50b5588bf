"""Feeds as one of Heard's networks: no account, no setting that has to be made."""

from datetime import timedelta

from bot.networks.feed.fetching import Fetcher
from bot.networks.feed.parse_pool import ParsePool
from bot.networks.feed.reader import Feeds
from bot.networks.feed.settings import FeedSettings
from bot.networks.registry import OpenTokens, Registration, register


def build(settings: FeedSettings, open_tokens: OpenTokens | None) -> Feeds:
    """Return the network. It asks nobody, and its parser starts with the first document."""
    del open_tokens
    fetcher = Fetcher(user_agent=settings.user_agent, allow=settings.allowed)
    return Feeds(fetcher, ParsePool(), interval=timedelta(seconds=settings.poll_seconds))


register(Registration(Feeds, FeedSettings, build))
