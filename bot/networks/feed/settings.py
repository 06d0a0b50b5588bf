"""The settings of feeds: the environment variables that begin with `FEED_`."""

from pydantic_settings import SettingsConfigDict

from bot.networks.registry import NetworkSettings


class FeedSettings(NetworkSettings):
    """What a team may set for feeds; nothing has to be.

    `allow` lists `host:port` pairs, parted by commas, that feeds are read from although they are inside the
    team's own network. `contact` is an address that Heard names to publishers.
    """

    model_config = SettingsConfigDict(env_prefix="FEED_")

    allow: str = ""
    contact: str = ""
