"""Whose credentials a call to X is made with: picked, checked and used together.

Another account may be connected at any moment, in this process or another. So the account that a call is for
is compared with the very token that signs it, never with what was asked a moment before.
"""

import re
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

import requests
import tweepy

from bot.networks.errors import Later, WrongAccount
from bot.networks.http_client import USER_AGENT, CallLimits, HttpSession, HttpStatusError
from bot.networks.oauth2 import AccessToken, TokenSource
from bot.networks.values import AccountIdentity
from bot.networks.x import errors, parsing

NETWORK_NAME = "x"
ClientCall = Callable[[tweepy.Client, bool], requests.Response]  # with the four keys, or with a token

# An OAuth 1.0a access token begins with the id of its account and a dash. X does not promise it: no token is
# refused for its shape, and no call for what its number says before X itself was asked.
_TOKEN_ACCOUNT_ID_PATTERN = re.compile(r"([0-9]{1,20})-")

_Result = TypeVar("_Result")


class Signer:
    """Makes calls with the four keys (OAuth 1.0a), or with tokens (OAuth 2.0) if there are any.

    Safe to share between threads: each has a client of its own.
    """

    def __init__(self, keys: list[str], tokens: TokenSource | None, api_url: str, limits: CallLimits) -> None:
        self._keys, self._tokens, self._api_url, self._limits = keys, tokens, api_url, limits
        self._threads = threading.local()
        self._named: dict[datetime | None, AccountIdentity] = {}  # by grant; None: by the four keys
        self._asking = threading.Lock()
        self._not_told: tuple[datetime | None, float, Later] | None = None  # when X did not say who we are
        self.last_account: AccountIdentity | None = (
            None  # the account that was asked for last, without any call
        )

    @property
    def secrets(self) -> list[str]:
        """What no answer may be quoted with."""
        return self._keys if self._tokens is None else [getattr(self._threads, "token", "")]

    def account(self) -> AccountIdentity:
        """The account that the credentials belong to; X is asked once for each grant. Raises `Later`."""
        return self._with_token(self._account_of)

    @property
    def expected_account_id(self) -> str | None:
        """The account that X named last, else the one that the access token of the four keys names."""
        if self.last_account is not None:
            return self.last_account.id
        return self._told_by_keys if self._tokens is None else None

    def require_account(self, account_id: str) -> AccountIdentity:
        """The account `account_id`, with its names. Raises `WrongAccount`, and `Later`."""
        known = self.known_account(account_id)
        if known is None:
            known = self.account()
        if known.id != account_id:
            raise WrongAccount(account_id, known)
        return known

    def refresh_account(self, account_id: str) -> None:
        """Learn what the account `account_id` is called now, if it is connected. Raises `Later`."""

        def step(token: AccessToken | None) -> None:
            found = self._ask(token)
            if found.id == account_id:
                self._named[token.grant if token else None] = found

        self._with_token(step)

    def check_account(self) -> AccountIdentity:
        """Ask X who we are, whatever it said before. Raises `Later`."""

        def step(token: AccessToken | None) -> AccountIdentity:
            found = self._named[token.grant if token else None] = self._ask(token)
            return found

        self.last_account = self._with_token(step)
        return self.last_account

    def known_account(self, account_id: str) -> AccountIdentity | None:
        """The account `account_id` as X has named it to us, if it has; without any call."""
        return next((one for one in tuple(self._named.values()) if one.id == account_id), None)

    def make_call(
        self, call: ClientCall, account_id: str | None, within: float | None = None
    ) -> requests.Response:
        """Make `call` as the account `account_id` (None: whichever is connected).

        If its credentials are not there and checked `within` so many seconds, it is not made. Raises
        `WrongAccount` without any call, `Later`, what `call` raises, and `HttpStatusError` if X refuses it.
        """
        until = None if within is None else time.monotonic() + within

        def step(token: AccessToken | None) -> requests.Response:
            if account_id is not None:
                self._must_be(account_id, token)
            if until is not None and time.monotonic() > until:
                raise Later(None, "server error", "X took too long to check our sign-in. Nothing was sent.")
            return call(self._client_with(token), token is None)

        return self._with_token(step)

    def _with_token(self, step: Callable[[AccessToken | None], _Result]) -> _Result:
        """Do `step` with our token (None: with the four keys); once more if X does not take the token.

        X's 401 says no more than "Unauthorized", of an expired token as of any other, and it means that the
        call had no effect.
        """
        if self._tokens is None:
            return step(None)
        token = self._tokens.current()
        for _ in range(2):
            try:
                return step(token)
            except HttpStatusError as no:
                if no.response.status_code != HTTPStatus.UNAUTHORIZED:
                    raise
            token = self._tokens.replacement_for(token)
        raise Later(None, "unauthorized", "X rejects all of our tokens.")

    def _must_be(self, account_id: str, token: AccessToken | None) -> None:
        """Raise `WrongAccount` unless `token` (None: the four keys) belongs to the account `account_id`.

        X is only asked, once, where they do not tell it by themselves, or tell of another account by nothing
        but the number in a token. If X does not answer then, that is `Later`.
        """
        known = self._named.get(token.grant if token else None) or (token.account if token else None)
        if known is None and token is None and self._told_by_keys == account_id:
            return
        if known is None:
            known = self._account_of(token)
        if known.id != account_id:
            raise WrongAccount(account_id, known)

    @property
    def _told_by_keys(self) -> str | None:
        """The account that the access token of the four keys names, if it does."""
        told = _TOKEN_ACCOUNT_ID_PATTERN.match(self._keys[2])
        return told[1] if told else None

    def _account_of(self, token: AccessToken | None) -> AccountIdentity:
        """The account that X says `token` (None: the four keys) belongs to; asked once, also by many threads.

        Raises `HttpStatusError` if X does not take the token, else `Later`.
        """
        grant, began = token.grant if token else None, time.monotonic()
        if grant not in self._named:
            with self._asking:
                self._raise_if_not_told(grant, began)
                if grant not in self._named:
                    self._learn(grant, token)
        self.last_account = self._named[grant]
        return self.last_account

    def _raise_if_not_told(self, grant: datetime | None, began: float) -> None:
        """Do not ask again what X did not tell another thread while this one waited, since `began`."""
        if self._not_told is not None:
            of, moment, later = self._not_told
            if of == grant and moment > began:
                raise Later(later.at, later.cause, later.detail)

    def _learn(self, grant: datetime | None, token: AccessToken | None) -> None:
        """Ask X who we are, and remember it."""
        try:
            found = self._ask(token)
        except Later as later:
            self._not_told = grant, time.monotonic(), later
            raise
        if token is not None and self._tokens is not None:
            self._tokens.set_account(token, found)
        self._named[grant] = found

    def _ask(self, token: AccessToken | None) -> AccountIdentity:
        """`GET /2/users/me` costs nothing, but allows only 75 calls in 15 minutes."""
        client = self._client_with(token)
        try:
            response = client.request("GET", "/2/users/me", params={}, user_auth=token is None)
        except HttpStatusError as no:
            if token is not None and no.response.status_code == HTTPStatus.UNAUTHORIZED:
                raise
            raise errors.read_error(no.response, self.secrets) from None
        try:
            rows = parsing.get_rows(parsing.parse_json(response.content))
        except ValueError as error:
            raise Later(None, "server error", f"X sent a response that can't be read: {error}.") from error
        me = parsing.parse_profile(next(iter(rows), None))
        if me is None:
            raise Later(None, "server error", "X did not return our account.")
        return AccountIdentity(NETWORK_NAME, me.id, me.handle, me.name)

    def _client_with(self, token: AccessToken | None) -> tweepy.Client:
        """The client of the thread that asks, which signs with `token` (None: with the four keys)."""
        client = self._client()
        if token is not None:
            self._threads.token = token.secret.get_secret_value()
            client.bearer_token = self._threads.token
        return client

    def _client(self) -> tweepy.Client:
        """The client of the thread that asks: tweepy's session is not made to be shared."""
        if not hasattr(self._threads, "client"):
            key, secret, token, token_secret = self._keys
            client = tweepy.Client(
                consumer_key=key,
                consumer_secret=secret,
                access_token=token,
                access_token_secret=token_secret,
                return_type=requests.Response,
                wait_on_rate_limit=False,
            )
            client.session = HttpSession(self._api_url, self._limits)
            client.user_agent = USER_AGENT
            self._threads.client = client
        return self._threads.client
