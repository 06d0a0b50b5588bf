"""Values that a network and the store of its OAuth 2.0 tokens exchange. Nothing here makes a call."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from bot.networks.errors import NetworkError
from bot.networks.values import AccountIdentity


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a call is signed with. `grant` is when a person connected: another one may be another account.

    `account` is whom it speaks for, if that was ever asked: all tokens of one grant speak for the same.
    """

    secret: SecretStr
    grant: datetime
    account: AccountIdentity | None = field(default=None, compare=False)


class TokenSource(Protocol):
    """Where a network gets the token for each call. Raises `Later` if there is none."""

    def current(self) -> AccessToken:
        """Return a token that is good for some minutes."""
        ...

    def replacement_for(self, refused: AccessToken) -> AccessToken:
        """Return another token than `refused`, which the network did not take."""
        ...

    def set_account(self, token: AccessToken, account: AccountIdentity) -> None:
        """Record that `token` belongs to `account`, unless another was connected since. Never raises."""
        ...

    def status_text(self) -> str:
        """Return the state of the sign-in as a sentence for the bot's administrator. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What the network gives: a token for `lifetime_seconds`, and one that works once to get the next."""

    access: SecretStr
    refresh: SecretStr
    lifetime_seconds: int
    scopes: frozenset[str]


class GrantRefusedError(NetworkError):
    """The network no longer accepts this code or refresh token; the same will never work again."""


class ConsentRequest:
    """One request for a person's consent: nobody else's answer fits it, and each code only once."""

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(32)
        self.verifier = secrets.token_urlsafe(64)  # 43 to 128 letters: RFC 7636

    @property
    def challenge(self) -> str:
        """What the network sees of the verifier until the code is redeemed (S256)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
