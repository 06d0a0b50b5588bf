"""Mastodon's settings: the environment variables that begin with `MASTODON_`."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.networks.registry import NetworkSettings

SCOPES = (
    "read:accounts",
    "read:notifications",
    "read:search",
    "read:statuses",
    "write:media",
    "write:statuses",
)
MEDIA_SCOPE = "write:media"


def check_server(value: str) -> str:
    """Return the address of a server, without a slash at the end. Raises `ValueError` if it is none."""
    address = value.strip().rstrip("/")
    parts = urlsplit(address if "://" in address else f"https://{address}")
    is_host = re.fullmatch(
        r"[^\s:@]+(:[0-9]{1,5})?|\[[0-9a-f:]+\](:[0-9]{1,5})?", parts.netloc, re.IGNORECASE
    )
    if parts.scheme not in {"http", "https"} or not is_host:
        raise ValueError("it must be an address like https://mastodon.social")
    if parts.path or parts.query or parts.fragment:
        raise ValueError("it must be the address of the server alone, like https://mastodon.social")
    return parts.geturl()


class MastodonSettings(NetworkSettings):
    """The server and the access token of one account; `connect` brings others, without any setting."""

    model_config = SettingsConfigDict(env_prefix="MASTODON_")
    needed = "MASTODON_URL and MASTODON_ACCESS_TOKEN, or run `python -m bot connect mastodon --server URL`"
    where_found = (
        "The token is on your server: open Preferences, Development, press New application, and copy its "
        "access token."
    )

    url: Annotated[str | None, AfterValidator(lambda value: value and check_server(value))] = None
    access_token: SecretStr | None = None
