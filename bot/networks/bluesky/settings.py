"""Bluesky's settings: the environment variables that begin with `BLUESKY_`."""

from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.networks.registry import NetworkSettings

OFFICIAL_URL = "https://bsky.social"
PUBLIC_STREAM_URL = "wss://jetstream2.us-east.bsky.network"  # https://github.com/bluesky-social/jetstream


def _check_url(value: str) -> str:
    parts = urlsplit(value.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("it must be an address like https://bsky.social")
    if parts.path or parts.query or parts.fragment:
        raise ValueError("it must be the address of a server only, like https://bsky.social")
    return parts.geturl()


def _check_stream_url(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value.strip().rstrip("/").removesuffix("/subscribe"))
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("it must be an address like wss://jetstream.example.org")
    return parts.geturl()


class BlueskySettings(NetworkSettings):
    """Bluesky's settings: where to log in, and the handle and app password of the environment's account.

    Accounts that people connect need neither of the latter two. `stream_url` is where a Jetstream is; empty:
    see `jetstream_url`.
    """

    model_config = SettingsConfigDict(env_prefix="BLUESKY_")
    needed: ClassVar[str] = "BLUESKY_HANDLE and BLUESKY_APP_PASSWORD, or run `python -m bot connect bluesky`"
    where_found: ClassVar[str] = (
        "The password is on https://bsky.app/settings/app-passwords: press Add App Password."
    )

    url: Annotated[str, AfterValidator(_check_url)] = OFFICIAL_URL
    handle: str | None = None
    app_password: SecretStr | None = None
    stream_url: Annotated[str, AfterValidator(_check_stream_url)] = ""

    @property
    def identifier(self) -> str:
        """The handle (or DID, or email address) to log in with, without the @ that people put in front."""
        return (self.handle or "").removeprefix("@")

    @property
    def jetstream_url(self) -> str | None:
        """Where to read all public posts: as set, else the public Jetstream for the public network."""
        return self.stream_url or (PUBLIC_STREAM_URL if self.url == OFFICIAL_URL else None)
