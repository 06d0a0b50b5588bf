"""Who we are, and what our server is: asked once for each token, and again some hours later."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.networks.errors import Later, WrongAccount
from bot.networks.json_values import JsonObject, get_object
from bot.networks.mastodon.api import Api, Login
from bot.networks.mastodon.json_values import get_id, get_text
from bot.networks.mastodon.parsing import Viewer
from bot.networks.mastodon.server_info import ServerInfo, parse_instance
from bot.networks.values import AccountIdentity

log = logging.getLogger(__name__)

NETWORK_NAME = "mastodon"
_REFRESH_SECONDS, _RETRY_SECONDS = 6 * 3600.0, 600.0  # servers are updated, and accounts change defaults
_SCOPE_MAX_COUNT = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """Our account as its server knows it. `privacy` is the visibility that its posts have by default.

    `scopes` are those of our token, None if the server does not say.
    """

    login: Login
    viewer: Viewer
    server: ServerInfo
    privacy: str
    scopes: frozenset[str] | None


class IdentityCache:
    """Asks who we are once for each token. Safe to share between threads.

    `on_answer` is told each answer; `last` is the newest.
    """

    def __init__(self, api: Api, on_answer: Callable[[Identity], None]) -> None:
        self._api, self._on_answer = api, on_answer
        self._lock = threading.Lock()
        self._until = 0.0
        self.last: Identity | None = None

    def get(self, *, may_ask_again: bool = True) -> Identity:
        """Return who we are; what was asked hours ago is asked again if it may be. Raises `Later`."""
        login = self._api.login()
        with self._lock:
            known = self.last if self.last is not None and self.last.login == login else None
            if known is not None and (not may_ask_again or time.monotonic() < self._until):
                return known
            try:
                self.last = self._ask(login)
            except Later as later:
                if known is None:
                    raise
                log.info("could not ask %s again what it is: %s", known.server.host, later.detail)
                self._until = time.monotonic() + _RETRY_SECONDS
                return known
            self._until = time.monotonic() + _REFRESH_SECONDS
            self._on_answer(self.last)
            return self.last

    def check(self) -> Identity:
        """Ask who we are, whatever was said before. Raises `Later`."""
        with self._lock:
            self._until = time.monotonic() + _REFRESH_SECONDS
            self.last = self._ask(self._api.login())
            self._on_answer(self.last)
            return self.last

    def require(self, account_id: str, *, may_ask_again: bool = True) -> Identity:
        """Return who we are, if that is `account_id`. Raises `WrongAccount` if not, and `Later`."""
        found = self.get(may_ask_again=may_ask_again)
        if found.viewer.me.id != account_id:
            raise WrongAccount(account_id, found.viewer.me)
        return found

    def _ask(self, login: Login) -> Identity:
        row = self._api.get_object("/api/v1/accounts/verify_credentials", kind="people")
        server = self._server(login)
        username, local_id = get_text(row, "username"), get_id(row)
        if not username or not local_id:
            raise Later(None, "server error", "The server does not say whose the token is.")
        me = AccountIdentity(
            network=NETWORK_NAME,
            id=f"{username}@{server.host}".lower(),
            handle=username,
            name=get_text(row, "display_name") or username,
            server=server.host,
        )
        self._api.set_account(login, me)
        privacy = get_text(get_object(row, "source"), "privacy")
        return Identity(login, Viewer(me, local_id, server.host), server, privacy, self._scopes())

    def _server(self, login: Login) -> ServerInfo:
        document = self._api.find_object("/api/v2/instance", kind="people")
        if document is None:
            document = self._api.get_object("/api/v1/instance", kind="people")
        return parse_instance(document, urlsplit(login.url).netloc.lower())

    def _scopes(self) -> frozenset[str] | None:
        """What our token may do: Mastodon 4.3, https://docs.joinmastodon.org/methods/apps/."""
        try:
            app: JsonObject = self._api.find_object("/api/v1/apps/verify_credentials", kind="people") or {}
        except Later:
            return None
        found = app.get("scopes")
        if not isinstance(found, list):
            return None
        return frozenset(str(each) for each in found[:_SCOPE_MAX_COUNT])


def missing_scopes(granted: frozenset[str] | None, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return which of `wanted` are not granted, by themselves or as a kind; none if that is unknown."""
    if granted is None:
        return ()
    return tuple(one for one in wanted if not {one, one.partition(":")[0]} & granted)
