"""Sessions: access tokens for two hours, refresh tokens for ninety days, each good once and two hours more.

Seen on PDS 0.5.35. A revoked app password ends no access token, but the next renewal fails.
"""

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.state.accounts import Account

ACCESS_LIFETIME = timedelta(hours=2)
REFRESH_LIFETIME = timedelta(days=90)
GRACE = timedelta(hours=2)  # an old refresh token brings the same next one for so long


class TokenError(Exception):
    """A token that is not taken: `error` is ExpiredToken or InvalidToken."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error, self.message = error, message


@dataclass(slots=True)
class Token:
    """One token: whose, made with which app password (None: the account's own), and until when."""

    text: str
    did: str
    app_password: str | None
    ends_at: datetime
    next: "Token | None" = None  # what a refresh token was exchanged for
    revoked: bool = False


class Sessions:
    """All tokens that were given out."""

    def __init__(self) -> None:
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}

    def start(self, account: Account, app_password: str | None, now: datetime) -> tuple[Token, Token]:
        """Give out an access token and a refresh token."""
        scope = "com.atproto.access" if app_password is None else "com.atproto.appPass"
        access = Token(
            _jwt(scope, account.did, now, ACCESS_LIFETIME), account.did, app_password, now + ACCESS_LIFETIME
        )
        refresh_text = _jwt("com.atproto.refresh", account.did, now, REFRESH_LIFETIME)
        refresh = Token(refresh_text, account.did, app_password, now + REFRESH_LIFETIME)
        self._access[access.text], self._refresh[refresh.text] = access, refresh
        return access, refresh

    def check(self, text: str, now: datetime) -> Token:
        """The access token called `text`. Raises `TokenError`."""
        found = self._access.get(text)
        if found is None:
            raise TokenError("InvalidToken", "Token could not be verified")
        if found.revoked or found.ends_at <= now:
            raise TokenError("ExpiredToken", "Token has expired")
        return found

    def renew(self, text: str, account: Account | None, now: datetime) -> tuple[Token, Token]:
        """Exchange the refresh token `text` of `account`. Raises `TokenError`."""
        found = self._refresh.get(text)
        if found is None:
            raise TokenError("InvalidToken", "Token could not be verified")
        if found.ends_at <= now:
            raise TokenError("ExpiredToken", "Token has expired")
        gone = found.app_password is not None and (
            account is None or found.app_password not in account.app_passwords
        )
        if found.revoked or gone or account is None:
            raise TokenError("ExpiredToken", "Token has been revoked")
        access, refresh = self.start(account, found.app_password, now)
        if found.next is None:
            found.next, found.ends_at = refresh, min(found.ends_at, now + GRACE)
        else:
            del self._refresh[refresh.text]
        return access, found.next

    def owner_of_refresh(self, text: str) -> str | None:
        found = self._refresh.get(text)
        return found.did if found else None

    def end_all(self, did: str, *, refresh_too: bool = False) -> None:
        """Let every access token of the account be over (`refresh_too`: nothing renews them either)."""
        for token in self._access.values():
            token.revoked |= token.did == did
        if refresh_too:
            for token in self._refresh.values():
                token.revoked |= token.did == did


def _jwt(scope: str, did: str, now: datetime, lifetime: timedelta) -> str:
    began = int(now.timestamp())
    claims = {"scope": scope, "sub": did, "iat": began, "exp": began + int(lifetime.total_seconds())}
    head = {"typ": "at+jwt", "alg": "HS256"}
    return ".".join(
        [_base64(head), _base64({**claims, "jti": secrets.token_hex(8)}), secrets.token_urlsafe(32)]
    )


def _base64(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
