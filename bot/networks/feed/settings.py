"""The settings of feeds: the environment variables that begin with `FEED_`."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from bot.networks.feed.guard import parse_allowed
from bot.networks.registry import NetworkSettings

_CONTACT_MAX_CHARS = 200


def _check_allow(value: str) -> str:
    parse_allowed(value)
    return value


def _check_contact(value: str) -> str:
    if (
        len(value) > _CONTACT_MAX_CHARS
        or not value.isascii()
        or any(not "!" <= each <= "~" for each in value)
    ):
        raise ValueError(
            "use one address without spaces, such as https://example.com/about or ana@example.com"
        )
    if "(" in value or ")" in value:
        raise ValueError("use an address without parentheses")
    return value


class FeedSettings(NetworkSettings):
    """What a team may set for feeds; nothing has to be.

    `allow` lists `host:port` pairs, parted by commas, that feeds are read from although they are inside the
    team's own network. `contact` is an address that Heard names to publishers. A feed is read every
    `poll_seconds`, unless its track says otherwise or its publisher wants it less often.
    """

    model_config = SettingsConfigDict(env_prefix="FEED_")

    poll_seconds: float = Field(default=900.0, ge=1, le=86_400)  # between two readings of a feed

    allow: Annotated[str, AfterValidator(_check_allow)] = ""
    contact: Annotated[str, AfterValidator(_check_contact)] = ""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The entries of `allow`, for `Fetcher`."""
        return tuple(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            for host, port in sorted(parse_allowed(self.allow))
        )

    @property
    def user_agent(self) -> str:
        """How Heard names itself to publishers: honestly, with the contact if the team has set one."""
        return f"Heard/0.1 (feed reader of a Slack bot; +{self.contact})" if self.contact else _NAMELESS


_NAMELESS = "Heard/0.1 (feed reader of a Slack bot)"
