"""Calls of one account to its server: which server and token, what the answers say of rate limits."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from pydantic import SecretStr

from bot.networks.errors import Later, Unsure
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.networks.json_values import JsonObject, objects_in
from bot.networks.mastodon import errors
from bot.networks.oauth2 import AccessToken, TokenSource
from bot.networks.values import AccountIdentity, RateLimitStatus, ReadKind

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Login:
    """A server's address and a token of an account there; `source` is what the ledger knows of the token."""

    url: str
    token: SecretStr
    source: AccessToken | None = field(default=None, compare=False)


def pack_login(url: str, token: str) -> SecretStr:
    """Return both as the one secret that the ledger keeps sealed."""
    return SecretStr(f"{url} {token}")


class Api:
    """A server as one account. Safe to share between threads: each call has a session of its own."""

    def __init__(
        self, login: Login | None, tokens: TokenSource | None, limits: CallLimits | None = None
    ) -> None:
        """Take the server and token from `login`, or from the ledger's `tokens`."""
        self._login, self._tokens, self._limits = login, tokens, limits or CallLimits()
        self._lock = threading.Lock()
        self._left: dict[ReadKind, RateLimitStatus] = {}

    def login(self) -> Login:
        """Return the server and token to call with. Raises `Later`."""
        if self._login is not None:
            return self._login
        if self._tokens is None:
            raise Later(
                None, "unauthorized", "Mastodon is not connected: run `python -m bot connect mastodon`."
            )
        held = self._tokens.current()
        url, _, token = held.secret.get_secret_value().partition(" ")
        return Login(url, SecretStr(token), held)

    def set_account(self, login: Login, account: AccountIdentity) -> None:
        """Let the ledger know whose token it keeps."""
        if self._tokens is not None and login.source is not None:
            self._tokens.set_account(login.source, account)

    def status_text(self) -> str:
        """Return how it signs in, for people."""
        return "signs in with MASTODON_ACCESS_TOKEN." if self._tokens is None else self._tokens.status_text()

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """Return what the newest answer to such a reading said is left."""
        with self._lock:
            return self._left.get(reading)

    def get(self, path: str, params: Params = (), *, kind: ReadKind) -> Any:  # noqa: ANN401 - any JSON
        """Return what is at `path`. Raises `Later`."""
        login = self.login()
        try:
            response = self.get_response(path, params, kind=kind, login=login)
        except HttpStatusError as no:
            raise errors.read_error(no.response, [login.token.get_secret_value()]) from None
        return _parse(response)

    def get_list(self, path: str, params: Params = (), *, kind: ReadKind) -> list[JsonObject]:
        """Return the objects in a list. Raises `Later`, also if it is none."""
        found = self.get(path, params, kind=kind)
        if not isinstance(found, list):
            raise Later(None, "server error", "The server sent something other than the list asked for.")
        return objects_in(found)

    def get_object(self, path: str, params: Params = (), *, kind: ReadKind) -> JsonObject:
        """Return an object. Raises `Later`, also if it is none."""
        found = self.get(path, params, kind=kind)
        if not isinstance(found, dict):
            raise Later(None, "server error", "The server sent something other than what was asked for.")
        return found

    def find_object(self, path: str, params: Params = (), *, kind: ReadKind) -> JsonObject | None:
        """Return an object, or None if the server says that it has none such for us. Raises `Later`."""
        login = self.login()
        try:
            response = self.get_response(path, params, kind=kind, login=login)
        except HttpStatusError as no:
            if errors.is_absent(no.response):
                return None
            raise errors.read_error(no.response, [login.token.get_secret_value()]) from None
        found = _parse(response)
        if not isinstance(found, dict):
            raise Later(None, "server error", "The server sent something other than what was asked for.")
        return found

    def get_response(self, path: str, params: Params, *, kind: ReadKind, login: Login) -> requests.Response:
        """Make a reading call. Raises `Later` and `HttpStatusError`."""
        try:
            with HttpSession(login.url, self._limits) as session:
                response = session.get(login.url + path, params=list(params), headers=_headers(login))
        except HttpStatusError as no:
            self._note(kind, no.response)
            raise
        self._note(kind, response)
        return response

    def write(
        self,
        method: str,
        path: str,
        body: bytes | None,
        key: str | None,
        on_error: Callable[[requests.Response, Iterable[str]], Exception],
    ) -> JsonObject:
        """Make a call that writes, once, and return the object that it answers with.

        Raises `Refused`, `Later` and `Unsure`: what `on_error` makes of an answer that is no success.
        """
        login = self.login()
        headers = _headers(login) | ({"Idempotency-Key": key} if key else {})
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        try:
            with HttpSession(login.url, self._limits) as session:
                response = session.request(method, login.url + path, data=body, headers=headers)
        except HttpStatusError as no:
            raise on_error(no.response, [login.token.get_secret_value()]) from None
        return _parse_written(response)

    def send_form(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]]
    ) -> JsonObject:
        """Send a form with files (name, bytes and content type of each), once, and return the answer.

        Raises `Later`, `Unsure` and `HttpStatusError`.
        """
        login = self.login()
        with HttpSession(login.url, self._limits) as session:
            response = session.post(login.url + path, data=fields, files=files, headers=_headers(login))
        return _parse_written(response)

    def _note(self, kind: ReadKind, response: requests.Response) -> None:
        status = errors.parse_rate_limit(response)
        if status is not None:
            with self._lock:
                self._left[kind] = status


def _headers(login: Login) -> dict[str, str]:
    return {"Authorization": f"Bearer {login.token.get_secret_value()}", "Accept": "application/json"}


def _parse(response: requests.Response) -> Any:  # noqa: ANN401 - any JSON
    try:
        return errors.parse_json(response)
    except ValueError:
        raise Later(None, "server error", "The server sent a response that can't be read.") from None


def _parse_written(response: requests.Response) -> JsonObject:
    try:
        found = errors.parse_json(response)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unsure("The server accepted the request, but its answer can't be read.")
    return found
