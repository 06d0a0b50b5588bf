"""Sessions with Bluesky: logging in at the entryway, renewing, and where the account's own server (PDS) is.

https://docs.bsky.app/docs/advanced-guides/api-directory: log in at `BLUESKY_URL`, then talk to the PDS that
the account's DID document names. An access token lasts about two hours, a refresh token works once.
"""

import base64
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from bot.networks.bluesky import errors
from bot.networks.bluesky.json_values import get_text, parse_object
from bot.networks.bluesky.uris import is_did
from bot.networks.errors import Later, NetworkError, Unsure
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.oauth2 import GrantRefusedError, TokenPair

log = logging.getLogger(__name__)

_FALLBACK_LIFETIME_SECONDS = 3600  # of a token that does not say when it ends
_APP_PASSWORD_SCOPES = {"com.atproto.appPass", "com.atproto.appPassPrivileged"}


class LoginRefusedError(NetworkError):
    """The server does not take this handle and password; the same will not work later."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a log-in or a renewal gives: two tokens, and whose they are."""

    access: SecretStr
    refresh: SecretStr
    did: str
    handle: str
    lifetime_seconds: int

    @property
    def pair(self) -> TokenPair:
        """The tokens, as the ledger keeps them."""
        return TokenPair(self.access, self.refresh, self.lifetime_seconds, frozenset())


class SessionApi:
    """The calls that make, renew and describe sessions, and what their answers told.

    Safe to share between threads. `clock_offset` is by how much the server's clock was ahead of ours.
    """

    def __init__(self, url: str, limits: CallLimits) -> None:
        self.url, self.limits = url, limits
        self.handles: dict[str, str] = {}  # by DID, as the newest answer calls the account
        self.closed: dict[str, str] = {}  # by DID: why the account is not active
        self.clock_offset: timedelta | None = None
        self._homes: dict[str, str] = {}  # by DID, the address of the PDS

    def home_of(self, did: str) -> str | None:
        """Return the address of the account's PDS; None if no answer has told it yet."""
        return self._homes.get(did)

    def log_in(self, identifier: str, password: SecretStr) -> Session:
        """Start a session: 30 calls in five minutes, 300 a day. Raises `LoginRefusedError` and `Later`.

        https://docs.bsky.app/docs/api/com-atproto-server-create-session
        """
        secret = password.get_secret_value()
        body = json.dumps({"identifier": identifier, "password": secret}).encode()
        headers = {"Content-Type": "application/json"}
        try:
            answer = self._post("createSession", headers, body)
        except HttpStatusError as no:
            if no.response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST}:
                raise LoginRefusedError(_why_refused(no.response, secret)) from None
            raise errors.read_error(no.response, [secret]) from None
        except Unsure as lost:  # another session is harmless
            raise Later(None, "unreachable", lost.detail) from lost
        return self._session(answer)

    def renew(self, refresh: SecretStr) -> Session:
        """Exchange a refresh token for the next pair. Raises `GrantRefusedError`, `Later` and `Unsure`.

        After a lost answer the same token may be sent again: for two hours it brings the same pair.
        """
        secret = refresh.get_secret_value()
        try:
            answer = self._post("refreshSession", {"Authorization": f"Bearer {secret}"}, None)
        except HttpStatusError as no:
            if errors.is_stale_token(no.response) or no.response.status_code == HTTPStatus.UNAUTHORIZED:
                raise GrantRefusedError(errors.error_detail(no.response, [secret]).rstrip(".")) from None
            raise errors.read_error(no.response, [secret]) from None
        return self._session(answer)

    def describe(self, access: SecretStr) -> tuple[str, str]:
        """Return the DID and the handle that a token belongs to. Raises `HttpStatusError` and `Later`."""
        headers = {"Authorization": f"Bearer {access.get_secret_value()}"}
        with HttpSession(self.url, self.limits) as http:
            response = http.get("/xrpc/com.atproto.server.getSession", headers=headers)
        return self._learn(_parse(response), response)

    def _post(self, method: str, headers: dict[str, str], body: bytes | None) -> requests.Response:
        with HttpSession(self.url, self.limits) as http:
            return http.post(f"/xrpc/com.atproto.server.{method}", data=body, headers=headers)

    def _session(self, response: requests.Response) -> Session:
        answer = _parse(response)
        did, handle = self._learn(answer, response)
        access, refresh = get_text(answer, "accessJwt"), get_text(answer, "refreshJwt")
        if not access or not refresh:
            raise Later(None, "server error", "Bluesky sent a session without tokens.")
        return Session(SecretStr(access), SecretStr(refresh), did, handle, _lifetime_seconds(access))

    def _learn(self, answer: JsonObject, response: requests.Response) -> tuple[str, str]:
        """Remember what every such answer tells: the account's names, its server, its state, the clock."""
        did, handle = get_text(answer, "did"), get_text(answer, "handle")
        if not is_did(did) or not handle:
            raise Later(None, "server error", "Bluesky did not say whose session it is.")
        self.handles[did] = handle
        if answer.get("active") is False:
            self.closed[did] = get_text(answer, "status") or "not active"
        else:
            self.closed.pop(did, None)
        home = _find_home(get_object(answer, "didDoc"), self.url)
        self._homes[did] = home or self._homes.get(did) or self.url
        if (there := errors.server_time(response)) is not None:
            self.clock_offset = there - datetime.now(UTC)
        return did, handle


def is_app_password(access: SecretStr) -> bool | None:
    """Return whether a session was made with an app password; None if its token does not say."""
    scope = _claims(access.get_secret_value()).get("scope")
    return scope in _APP_PASSWORD_SCOPES if isinstance(scope, str) else None


def _why_refused(response: requests.Response, secret: str) -> str:
    name = errors.error_name(response)
    if name == "AuthFactorTokenRequired":
        return "Bluesky wants a code by email for that password: make an app password in Settings"
    if name in {"AuthenticationRequired", ""}:
        return "Bluesky does not accept the handle and app password"
    return errors.error_detail(response, [secret]).rstrip(".")


def _parse(response: requests.Response) -> JsonObject:
    try:
        return parse_object(response.content)
    except ValueError as error:
        raise Later(None, "server error", f"Bluesky sent a response that can't be read: {error}.") from error


def _find_home(document: JsonObject, login_url: str) -> str | None:
    """The PDS that a DID document names: https://atproto.com/specs/did#did-documents.

    Only over TLS, unless we log in without it ourselves, as on a local server.
    """
    for service in get_objects(document, "service"):
        address = urlsplit(get_text(service, "serviceEndpoint"))
        if get_text(service, "id").endswith("#atproto_pds") and address.hostname:
            if address.scheme == "https" or urlsplit(login_url).scheme == "http":
                return f"{address.scheme}://{address.netloc}"
            log.warning("the DID document names a server without TLS; it is not used")
    return None


def _lifetime_seconds(token: str) -> int:
    claims = _claims(token)
    ends, begins = claims.get("exp"), claims.get("iat")
    if type(ends) is int and type(begins) is int and 0 < ends - begins <= 10**8:
        return ends - begins
    return _FALLBACK_LIFETIME_SECONDS


def _claims(token: str) -> JsonObject:
    """What a token says of itself, unverified; nothing if it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        return parse_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
