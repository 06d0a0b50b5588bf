"""The tokens of the environment's account: one session of this process, made with handle and app password."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import SecretStr

from bot.networks.bluesky.session import LoginRefusedError, Session, SessionApi
from bot.networks.errors import Later, Unsure
from bot.networks.oauth2 import AccessToken, GrantRefusedError
from bot.networks.values import AccountIdentity

log = logging.getLogger(__name__)

_RENEW_AHEAD_SECONDS = 600.0  # a token is renewed this long before its end
_TOKEN_MIN_SECONDS = 30.0  # shorter than that it is as good as over
_RENEW_MIN_AGE_SECONDS = 300.0  # a token that is refused so soon is not renewed once more
_RETRY_SECONDS = 30.0  # between two renewals that fail
# Between two log-ins that are refused: the server allows 300 a day.
_REFUSED_RETRY_SECONDS = 600.0


class PasswordTokens:
    """A `TokenSource` that logs in, and renews its session ahead of its end.

    Safe to share between threads: whoever needs the session waits for the one that renews it. Each log-in is
    a grant of its own, as the handle may have come to belong to another account.
    """

    def __init__(
        self,
        api: SessionApi,
        network: str,
        identifier: str,
        password: SecretStr,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._network, self._monotonic = api, network, monotonic
        self._identifier, self._password = identifier, password
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._token: AccessToken | None = None
        self._began, self._ends = 0.0, 0.0
        self._not_before, self._failure = 0.0, Later(None, "unauthorized", "Not logged in yet.")

    def current(self) -> AccessToken:
        """Return a token that is good for some minutes. Raises `Later`."""
        with self._lock:
            left = self._ends - self._monotonic()
            if self._token is not None and left > _RENEW_AHEAD_SECONDS:
                return self._token
            try:
                return self._renewed()
            except Later:
                if self._token is not None and left > _TOKEN_MIN_SECONDS:
                    return self._token
                raise

    def replacement_for(self, refused: AccessToken) -> AccessToken:
        """Return another token than `refused`. Raises `Later`, too if that one was only just issued."""
        with self._lock:
            if self._token is not None and self._token != refused:
                return self._token
            if self._monotonic() - self._began < _RENEW_MIN_AGE_SECONDS:
                raise Later(None, "unauthorized", "Bluesky rejects the session that it has just started.")
            return self._renewed()

    def set_account(self, token: AccessToken, account: AccountIdentity) -> None:
        """Do nothing: each token knows its account."""

    def status_text(self) -> str:
        """Return how this account signs in."""
        return f"signs in with handle and password of {self._identifier}."

    def _renewed(self) -> AccessToken:
        """The next token: by the refresh token, else by logging in. Not more often than the server allows."""
        if self._monotonic() < self._not_before:
            raise Later(self._failure.at, self._failure.cause, self._failure.detail)
        try:
            if self._session is not None:
                try:
                    return self._keep(self._api.renew(self._session.refresh), is_new=False)
                except GrantRefusedError as no:
                    log.info("Bluesky has ended our session (%s); logging in again", no)
                    self._session = None
            return self._keep(self._api.log_in(self._identifier, self._password), is_new=True)
        except LoginRefusedError as no:
            self._put_off(_REFUSED_RETRY_SECONDS, Later(None, "unauthorized", _login_hint(str(no))))
        except Unsure as lost:
            self._put_off(_RETRY_SECONDS, Later(None, "unreachable", lost.detail))
        except Later as later:
            self._put_off(_RETRY_SECONDS, later)
        raise self._failure

    def _put_off(self, seconds: float, failure: Later) -> None:
        self._not_before, self._failure = self._monotonic() + seconds, failure

    def _keep(self, session: Session, *, is_new: bool) -> AccessToken:
        same_account = self._session is not None and self._session.did == session.did
        grant = (
            self._token.grant
            if self._token is not None and same_account and not is_new
            else datetime.now(UTC)
        )
        account = AccountIdentity(self._network, session.did, session.handle, session.handle)
        self._session, self._token = session, AccessToken(session.access, grant, account)
        self._began = self._monotonic()
        self._ends = self._began + session.lifetime_seconds
        return self._token


def _login_hint(reason: str) -> str:
    return f"{reason}: set BLUESKY_HANDLE and BLUESKY_APP_PASSWORD anew and restart Heard."
