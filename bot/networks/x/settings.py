"""X's settings: the environment variables that begin with `X_`."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.networks.charges import Price, format_prices, parse_prices
from bot.networks.registry import NetworkSettings
from bot.networks.x.billing import LIST_PRICES
from bot.networks.x.oauth import OFFICIAL_API_URL

CREDENTIALS = ("api_key", "api_secret", "access_token", "access_token_secret")


def _check_base_url(value: str) -> str:
    parts = urlsplit(value.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError("it must be an address like https://api.x.com")
    if parts.path.endswith("/2") or parts.query or parts.fragment:
        raise ValueError("it must be the address before /2, like https://api.x.com")
    return parts.geturl()


def _check_prices(value: str) -> str:
    parse_prices(value, LIST_PRICES)
    return value


class XSettings(NetworkSettings):
    """X's settings: four keys (OAuth 1.0a), `X_CLIENT_ID` and mostly `X_CLIENT_SECRET` (OAuth 2.0), or both.

    The four keys are one account's. OAuth 2.0 is for any number of accounts that people connect; where an
    account is there by both ways, the keys are used.
    """

    model_config = SettingsConfigDict(env_prefix="X_")
    needed = "X_API_KEY, X_API_SECRET, X_ACCESS_TOKEN and X_ACCESS_TOKEN_SECRET, or X_CLIENT_ID"
    where_found = (
        "They are on https://console.x.com: open your app, let it read and write, and press Generate (or "
        "Regenerate) beside each of its keys and tokens."
    )

    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    access_token: SecretStr | None = None
    access_token_secret: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    api_url: Annotated[str, AfterValidator(_check_base_url)] = OFFICIAL_API_URL
    prices: Annotated[str, AfterValidator(_check_prices)] = format_prices(LIST_PRICES)

    @property
    def price_list(self) -> Mapping[str, Price]:
        """What X bills, by kind of charge: list prices, except those that `prices` replaces."""
        return parse_prices(self.prices, LIST_PRICES)

    @property
    def is_configured(self) -> bool:
        """Whether anybody meant to use X: at least one credential is there."""
        return len(self._missing) < len(CREDENTIALS) or bool(
            self.client_id or secret_value(self.client_secret)
        )

    @property
    def has_account(self) -> bool:
        """Whether the four keys are there."""
        return not self._missing

    @property
    def uses_oauth2(self) -> bool:
        """Whether calls can only be signed with tokens that a person connected: there are no four keys."""
        return bool(self._missing and self.client_id)

    @property
    def connect_problem(self) -> str | None:
        """What `connect` lacks: OAuth 2.0 needs the app's client id."""
        return None if self.client_id else "X_CLIENT_ID is missing; X shows it with the app's keys"

    @property
    def key_material(self) -> dict[str, SecretStr]:
        """The client secret: long, random, and there wherever tokens have to be sealed."""
        return {"X_CLIENT_SECRET": self.client_secret} if self.client_secret else {}

    def without_keys(self) -> "XSettings":
        """The same without the four keys, for a sign-in by OAuth 2.0."""
        return self.model_copy(update=dict.fromkeys(CREDENTIALS))

    @property
    def problem(self) -> str | None:
        """What is missing, in one line; None if nothing is."""
        if not self._missing or self.uses_oauth2:
            return None
        if len(self._missing) == len(CREDENTIALS):
            return "X_CLIENT_ID is not set: X_CLIENT_SECRET needs it."
        needed = ", ".join(map(_env_name, CREDENTIALS))
        return f"{' and '.join(self._missing)} not set: X needs {needed}, or X_CLIENT_ID."

    @property
    def _missing(self) -> list[str]:
        return [_env_name(name) for name in CREDENTIALS if not secret_value(getattr(self, name))]


def _env_name(name: str) -> str:
    return f"X_{name.upper()}"


def secret_value(value: SecretStr | None) -> str:
    """Return the secret, empty if it is not set."""
    return value.get_secret_value() if value else ""
