"""How Bluesky is set up: built from its settings, connected with a handle and an app password, registered."""

from collections.abc import Callable

from pydantic import SecretStr

from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.session import LoginRefusedError, SessionApi
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.bluesky.uris import is_did, is_handle
from bot.networks.errors import Later
from bot.networks.http_client import CallLimits
from bot.networks.oauth2 import TokenPair
from bot.networks.registry import (
    Connected,
    ConnectFailedError,
    ConnectTerminal,
    OpenTokens,
    Registration,
    register,
)


def build(settings: BlueskySettings, open_tokens: OpenTokens | None) -> BlueskyNetwork:
    """Make the network: as the environment's account, or as that of tokens in the ledger."""
    if open_tokens is None:
        return BlueskyNetwork(settings)
    api = _session_api(settings)
    return BlueskyNetwork(settings, api=api, tokens=open_tokens(_renew_with(api)))


def connect(settings: BlueskySettings, terminal: ConnectTerminal, open_tokens: OpenTokens) -> Connected:
    """Ask for handle and app password, start a session, and keep its tokens; the password is not kept.

    Raises `ConnectFailedError`.
    """
    terminal.say("Make an app password on Bluesky: Settings, Privacy and security, App passwords.")
    handle = terminal.ask("Handle, such as acme.bsky.social").strip().removeprefix("@")
    if not is_handle(handle) and not is_did(handle):
        raise ConnectFailedError(f"{handle[:80]!r} is no handle, such as acme.bsky.social")
    password = terminal.ask_secret("App password (it is not shown)").strip()
    if not password:
        raise ConnectFailedError("no app password was given")
    api = _session_api(settings)
    try:
        session = api.log_in(handle, SecretStr(password))
    except LoginRefusedError as no:
        raise ConnectFailedError(str(no)) from None
    except Later as later:
        raise ConnectFailedError(later.detail.rstrip(".")) from None
    tokens = open_tokens(_renew_with(api))
    tokens.connect(session.pair)
    network = BlueskyNetwork(settings, api=api, tokens=tokens)
    try:
        account = network.account()
    except Later as later:
        raise ConnectFailedError(
            f"the session is stored, but Bluesky does not say whose it is: {later.detail.rstrip('.')}. "
            "A running bot asks again"
        ) from None
    is_also_in_environment = settings.has_account and settings.identifier.lower() in {
        account.handle.lower(),
        account.id,
    }
    return Connected(
        network,
        unused_because=f"BLUESKY_HANDLE is @{account.handle} too; Heard uses that as long as it is set."
        if is_also_in_environment
        else None,
    )


def _session_api(settings: BlueskySettings) -> SessionApi:
    return SessionApi(settings.url, CallLimits())


def _renew_with(api: SessionApi) -> Callable[[SecretStr], TokenPair]:
    return lambda refresh: api.renew(refresh).pair


register(Registration(BlueskyNetwork, BlueskySettings, build, connect, method="an app password"))
