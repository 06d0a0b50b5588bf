"""Calls to Bluesky as one account: its token, its own server, and the account that the call is for.

Another account may be connected at any moment, in this process or another. So the account that a call is for
is compared with the one of the very token that the call is made with.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import requests

from bot.networks.bluesky import errors
from bot.networks.bluesky.json_values import get_text, parse_object
from bot.networks.bluesky.session import SessionApi
from bot.networks.errors import Later, Unsure, WrongAccount
from bot.networks.http_client import HttpSession, HttpStatusError
from bot.networks.json_values import JsonObject
from bot.networks.oauth2 import AccessToken, TokenSource
from bot.networks.values import AccountIdentity, RateLimitStatus

NETWORK_NAME = "bluesky"

_Result = TypeVar("_Result")


class Caller:
    """Makes calls with tokens from `tokens`. Safe to share between threads."""

    def __init__(self, api: SessionApi, tokens: TokenSource) -> None:
        self._api, self._tokens = api, tokens
        self.limits = api.limits
        self._threads = threading.local()  # `token`, `bytes`: of the thread's newest call
        self._names: dict[tuple[str, str], str] = {}  # display name by DID and handle
        self.last_account: AccountIdentity | None = None  # the account that was asked for last
        self.rate_limit: RateLimitStatus | None = None  # what the newest answer said is left
        self.server_time: datetime | None = None  # the server's clock at the newest answer

    def account(self) -> AccountIdentity:
        """Return the account that the token belongs to. Raises `Later`.

        Its handle is as of the newest renewal; its display name is asked for once.
        """
        found = self._with_token(self._account_of)
        key = (found.id, found.handle)
        if key not in self._names:
            try:
                profile = self.query("app.bsky.actor.getProfile", {"actor": found.id}, found.id)
            except Later:
                return found  # only its name is missing
            self._names[key] = get_text(profile, "displayName") or found.handle
        return AccountIdentity(found.network, found.id, found.handle, self._names[key])

    def require_account(self, account_id: str) -> AccountIdentity:
        """Return the account `account_id`. Raises `WrongAccount` and `Later`."""

        def step(token: AccessToken) -> AccountIdentity:
            return self._must_be(account_id, token)

        return self._with_token(step)

    def query(self, method: str, params: Mapping[str, Any], account_id: str | None) -> JsonObject:
        """Make a reading call as that account (None: whichever is connected). Raises `WrongAccount`, `Later`.

        `params` as https://docs.bsky.app/docs/category/http-reference has them; a list is repeated.
        """
        try:
            response = self._call("GET", method, account_id, params=params)
        except HttpStatusError as no:
            raise errors.read_error(no.response, self._secrets) from None
        try:
            return parse_object(response.content)
        except ValueError as error:
            raise Later(
                None, "server error", f"Bluesky sent a response that can't be read: {error}."
            ) from error

    def procedure(
        self, method: str, body: bytes, account_id: str, *, content_type: str = "application/json"
    ) -> JsonObject:
        """Make a writing call with exactly `body`. Raises `WrongAccount`, `Refused`, `Later` and `Unsure`."""
        within = self.limits.sign_seconds
        try:
            response = self._call(
                "POST", method, account_id, body=body, content_type=content_type, within=within
            )
        except HttpStatusError as no:
            raise errors.write_error(no.response, self._secrets) from None
        try:
            return parse_object(response.content)
        except ValueError as error:
            raise Unsure(f"Bluesky accepted the call, but its response can't be read: {error}.") from error

    def current_token(self) -> AccessToken:
        """Return the token that the next call is made with. Raises `Later`."""
        return self._tokens.current()

    @property
    def bytes_read(self) -> int:
        """How large the answer to this thread's newest call was."""
        size: int = getattr(self._threads, "bytes", 0)
        return size

    @property
    def _secrets(self) -> list[str]:
        return [getattr(self._threads, "token", "")]

    def _call(
        self,
        verb: str,
        method: str,
        account_id: str | None,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        within: float | None = None,
    ) -> requests.Response:
        until = None if within is None else time.monotonic() + within

        def step(token: AccessToken) -> requests.Response:
            account = self._account_of(token) if account_id is None else self._must_be(account_id, token)
            if until is not None and time.monotonic() > until:
                raise Later(
                    None, "server error", "Bluesky took too long to check our sign-in. Nothing was sent."
                )
            self._threads.token = token.secret.get_secret_value()
            headers = {"Authorization": f"Bearer {self._threads.token}"}
            if body is not None:
                headers["Content-Type"] = content_type
            with HttpSession(self._api.home_of(account.id) or self._api.url, self._api.limits) as http:
                return http.request(verb, f"/xrpc/{method}", params=params, data=body, headers=headers)

        try:
            response = self._with_token(step)
        except HttpStatusError as no:
            self._note(no.response)
            raise
        self._note(response)
        return response

    def _note(self, response: requests.Response) -> None:
        self._threads.bytes = len(response.content)
        self.rate_limit = errors.rate_limit(response) or self.rate_limit
        self.server_time = errors.server_time(response)

    def _with_token(self, step: Callable[[AccessToken], _Result]) -> _Result:
        """Do `step` with our token; once more with another if the server does not take the token any more.

        A 401 is no such case: a deactivated account gets it for every write, with every token.
        """
        token = self._tokens.current()
        for _ in range(2):
            try:
                return step(token)
            except HttpStatusError as no:
                if not errors.is_stale_token(no.response):
                    raise
            token = self._tokens.replacement_for(token)
        raise Later(None, "unauthorized", "Bluesky rejects all of our tokens.")

    def _must_be(self, account_id: str, token: AccessToken) -> AccountIdentity:
        known = self._account_of(token)
        if known.id != account_id:
            raise WrongAccount(account_id, known)
        return known

    def _account_of(self, token: AccessToken) -> AccountIdentity:
        """The account of `token`, with the handle of the newest answer; the server is asked once a process.

        Raises `HttpStatusError` if it does not take the token, else `Later`.
        """
        known = token.account
        if known is None or self._api.home_of(known.id) is None:
            known = self._ask(token)
            self._tokens.set_account(token, known)
        handle = self._api.handles.get(known.id, known.handle)
        self.last_account = AccountIdentity(NETWORK_NAME, known.id, handle, handle)
        return self.last_account

    def _ask(self, token: AccessToken) -> AccountIdentity:
        try:
            did, handle = self._api.describe(token.secret)
        except HttpStatusError as no:
            if errors.is_stale_token(no.response):
                raise
            raise errors.read_error(no.response, [token.secret.get_secret_value()]) from None
        return AccountIdentity(NETWORK_NAME, did, handle, handle)
