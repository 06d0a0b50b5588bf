"""Signing in to X with OAuth 2.0: the three calls of the authorization code flow with PKCE, and no memory.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code

tweepy has an `OAuth2UserHandler`; it knows no timeout, only X's own addresses, and cannot renew a token
(https://github.com/tweepy/tweepy/issues/1953), hence these few lines over our own transport. What X says is
quoted by its error code alone: its sentences may repeat what was sent, and that is secret.
"""

import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import SecretStr
from pydantic_core import from_json

from bot.networks.errors import Later, NetworkError, Unsure
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.networks.oauth2 import ConsentRequest, GrantRefusedError, TokenPair
from bot.networks.x import errors

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
OFFICIAL_API_URL = "https://api.x.com"
_OFFICIAL_SITE_URL = "https://x.com"  # people sign in on another host than programs call
_AUTHORIZE_PATH = "/i/oauth2/authorize"
_TOKEN_PATH = "/2/oauth2/token"  # noqa: S105 - a path
_DEFAULT_LIFETIME_SECONDS = 7200  # seconds, if X should not say
_APP_ERROR_CODES = {"invalid_client", "unauthorized_client", "unsupported_grant_type"}
_ERROR_CODE_PATTERN = re.compile(r"[a-z_]{1,40}")


class OAuth2Client:
    """X's authorization server, as one app sees it. Safe to share: each call has a session of its own."""

    def __init__(
        self, client_id: str, client_secret: SecretStr | None, api_url: str, limits: CallLimits | None = None
    ) -> None:
        self._id, self._secret, self._url = client_id, client_secret, api_url
        self._limits = limits

    def authorize_url(self, question: ConsentRequest, redirect: str) -> str:
        """The address where a person consents."""
        asked = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": redirect,
            "scope": " ".join(SCOPES),
            "state": question.state,
            "code_challenge": question.challenge,
            "code_challenge_method": "S256",
        }
        host = _OFFICIAL_SITE_URL if self._url == OFFICIAL_API_URL else self._url
        return f"{host}{_AUTHORIZE_PATH}?{urlencode(asked)}"

    def redeem(self, code: str, question: ConsentRequest, redirect: str) -> TokenPair:
        """The first pair, for the code that X gave; it lives half a minute.

        Raises `GrantRefusedError`, `Later` and `Unsure`.
        """
        verifier = question.verifier
        return self._call(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect,
                "code_verifier": verifier,
            },
            hidden=(code, verifier),
        )

    def renew(self, refresh: SecretStr) -> TokenPair:
        """The next pair. X spends `refresh` even if its answer does not arrive, which is `Unsure`.

        Raises `GrantRefusedError`, `Later` (nothing was spent) and `Unsure`.
        """
        spent = refresh.get_secret_value()
        return self._call({"grant_type": "refresh_token", "refresh_token": spent}, hidden=(spent,))

    def _call(self, asked: dict[str, str], hidden: tuple[str, ...]) -> TokenPair:
        """One call, as a confidential client if there is a secret, else as a public one."""
        auth = None
        if self._secret is None:
            asked["client_id"] = self._id
        else:
            auth = (self._id, self._secret.get_secret_value())
            hidden = (*hidden, auth[1])
        try:
            with HttpSession(self._url, self._limits) as session:
                answer = session.post(self._url + _TOKEN_PATH, data=asked, auth=auth)
        except HttpStatusError as no:
            raise _parse_error(no.response, hidden) from None
        return _parse_pair(answer, asked.get("refresh_token"))


def _parse_pair(answer: requests.Response, old: str | None) -> TokenPair:
    """The pair in an answer; a server that does not rotate leaves the old refresh token out (RFC 6749, 6)."""
    body = _parse_body(answer)
    access, refresh, life = body.get("access_token"), body.get("refresh_token", old), body.get("expires_in")
    if not isinstance(access, str) or not access or not isinstance(refresh, str) or not refresh:
        raise Unsure("X answered without the tokens that it was asked for.")
    scopes = body.get("scope")
    return TokenPair(
        SecretStr(access),
        SecretStr(refresh),
        life if isinstance(life, int) and life > 0 else _DEFAULT_LIFETIME_SECONDS,
        frozenset(scopes.split() if isinstance(scopes, str) else SCOPES),
    )


def _parse_error(answer: requests.Response, hidden: tuple[str, ...]) -> NetworkError:
    """What a failed call means: X documents none of it, so this is RFC 6749 section 5.2 and what was seen."""
    status = answer.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unsure(f"X is having problems (HTTP {status}).")
    code = _parse_body(answer).get("error")
    code = code if isinstance(code, str) and _ERROR_CODE_PATTERN.fullmatch(code) else "no reason given"
    if status == HTTPStatus.UNAUTHORIZED or code in _APP_ERROR_CODES:
        wrong = f"X does not know this app ({code}): check X_CLIENT_ID and X_CLIENT_SECRET."
        return Later(None, "unauthorized", wrong)
    if status == HTTPStatus.BAD_REQUEST:
        return GrantRefusedError(f"HTTP {status}, {code}")
    return errors.read_error(answer, hidden)


def _parse_body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = from_json(answer.content)  # which counts how deep it is: `json` runs into Python's own limit
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
