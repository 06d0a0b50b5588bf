"""Signing in to a server: an app is registered there, a person consents, and the token never expires.

https://docs.joinmastodon.org/client/token/
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

import requests
from pydantic import SecretStr

from bot.networks.errors import Later, NetworkError, Unsure
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.networks.json_values import JsonObject
from bot.networks.mastodon import errors
from bot.networks.mastodon.json_values import get_text
from bot.networks.mastodon.settings import SCOPES
from bot.networks.oauth2 import ConsentRequest, GrantRefusedError

APP_NAME = "Heard"
_ERROR_CODE_PATTERN = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """Heard as one server knows it: registered for this sign-in, with the address that it comes back to."""

    url: str
    client_id: str
    client_secret: SecretStr
    redirect: str


class OAuthClient:
    """A server's sign-in."""

    def __init__(self, url: str, limits: CallLimits | None = None) -> None:
        self._url, self._limits = url, limits

    def register(self, redirect: str) -> RegisteredApp:
        """Register an app: https://docs.joinmastodon.org/methods/apps/#create.

        Raises `Later` and `Unsure`.
        """
        form = {"client_name": APP_NAME, "redirect_uris": redirect, "scopes": " ".join(SCOPES)}
        body = self._call("/api/v1/apps", form, hidden=())
        client_id, secret = get_text(body, "client_id"), get_text(body, "client_secret")
        if not client_id or not secret:
            raise Later(None, "server error", "The server did not register the app; is it a Mastodon server?")
        return RegisteredApp(self._url, client_id, SecretStr(secret), redirect)

    def authorize_url(self, app: RegisteredApp, question: ConsentRequest) -> str:
        """Return the address where a person consents."""
        asked = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": app.redirect,
            "scope": " ".join(SCOPES),
            "state": question.state,
            "code_challenge": question.challenge,  # Mastodon 4.3; others leave it unread
            "code_challenge_method": "S256",
        }
        return f"{self._url}/oauth/authorize?{urlencode(asked)}"

    def redeem(self, app: RegisteredApp, code: str, question: ConsentRequest) -> SecretStr:
        """Return the token for a code. Raises `GrantRefusedError`, `Later` and `Unsure`."""
        secret = app.client_secret.get_secret_value()
        form = {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "client_secret": secret,
            "code": code,
            "redirect_uri": app.redirect,
            "code_verifier": question.verifier,
            "scope": " ".join(SCOPES),
        }
        token = get_text(self._call("/oauth/token", form, hidden=(secret, code)), "access_token")
        if not token or any(sign.isspace() for sign in token):
            raise Unsure("The server answered without the token that it was asked for.")
        return SecretStr(token)

    def _call(self, path: str, form: dict[str, str], hidden: tuple[str, ...]) -> JsonObject:
        try:
            with HttpSession(self._url, self._limits) as session:
                response = session.post(self._url + path, data=form, headers={"Accept": "application/json"})
        except HttpStatusError as no:
            raise _refusal(no.response, hidden) from None
        try:
            found = errors.parse_json(response)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Unsure("The server's answer can't be read; is it a Mastodon server?")
        return found


def _refusal(response: requests.Response, hidden: tuple[str, ...]) -> NetworkError:
    try:
        body = errors.parse_json(response)
    except ValueError:
        body = {}
    code = get_text(body, "error") if isinstance(body, dict) else ""
    if code.startswith("invalid_") and _ERROR_CODE_PATTERN.fullmatch(code):
        return GrantRefusedError(f"HTTP {response.status_code}, {code}")
    return errors.read_error(response, hidden)
