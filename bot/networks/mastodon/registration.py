"""How Mastodon is set up: built from its settings or a kept token, connected by consent, registered."""

from typing import NoReturn

from pydantic import SecretStr

from bot.networks.errors import Later, Unsure
from bot.networks.mastodon.api import pack_login
from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.oauth import OAuthClient
from bot.networks.mastodon.settings import SCOPES, MastodonSettings, check_server
from bot.networks.oauth2 import ConsentRequest, GrantRefusedError, TokenPair
from bot.networks.registry import (
    Connected,
    ConnectFailedError,
    ConnectTerminal,
    OpenTokens,
    Registration,
    register,
)
from bot.networks.values import AccountIdentity

_LIFETIME_SECONDS = 50 * 365 * 24 * 3600  # a token ends only when a person revokes it


def build(settings: MastodonSettings, open_tokens: OpenTokens | None) -> MastodonNetwork:
    """Make the network as the environment's account, or as that of a token in the ledger."""
    if open_tokens is None:
        return MastodonNetwork(settings)
    return MastodonNetwork(settings, tokens=open_tokens(_renew))


def connect(settings: MastodonSettings, terminal: ConnectTerminal, open_tokens: OpenTokens) -> Connected:
    """Register an app on the server, have a person consent there, keep the token, and ask whose it is.

    Raises `ConnectFailedError`.
    """
    url = _server(terminal.server or settings.url)
    request, oauth, tokens = ConsentRequest(), OAuthClient(url), open_tokens(_renew)
    try:
        app = oauth.register(terminal.redirect)
        code = terminal.wait_for_code(request, oauth.authorize_url(app, request))
        token = oauth.redeem(app, code, request)
    except GrantRefusedError as no:
        raise ConnectFailedError(f"the server rejects that code ({no}); each works once") from None
    except (Later, Unsure) as trouble:
        raise ConnectFailedError(trouble.detail.rstrip(".")) from None
    login = pack_login(url, token.get_secret_value())
    tokens.connect(TokenPair(login, SecretStr(""), _LIFETIME_SECONDS, frozenset(SCOPES)))
    network = MastodonNetwork(settings, tokens=tokens)
    try:
        account = network.account()  # kept with the token: whom it speaks for
    except Later as later:
        detail = later.detail.rstrip(".")
        if later.cause == "unauthorized":
            tokens.forget()
            raise ConnectFailedError(
                f"the server rejects the token that it has just given: {detail}"
            ) from None
        raise ConnectFailedError(
            f"the token is stored, but the server does not say whose it is: {detail}. "
            "A running bot asks again"
        ) from None
    return Connected(network, unused_because=_unused_because(settings, account))


def _server(given: str | None) -> str:
    if not given:
        raise ConnectFailedError(
            "it needs the server: add --server, such as --server https://mastodon.social"
        )
    try:
        return check_server(given)
    except ValueError as error:
        raise ConnectFailedError(f"--server is not right: {error}") from None


def _unused_because(settings: MastodonSettings, account: AccountIdentity) -> str | None:
    """Return why a running bot will not use the token of `account`; None if it will."""
    if not settings.has_account:
        return None
    try:
        ours = MastodonNetwork(settings).account()
    except Later:
        return None
    if ours.id != account.id:
        return None
    return f"MASTODON_ACCESS_TOKEN belongs to @{account.id} too; Heard uses it as long as it is set."


def _renew(spent: SecretStr) -> NoReturn:
    """Mastodon's tokens are not renewed: https://docs.joinmastodon.org/methods/oauth/#token."""
    del spent
    raise GrantRefusedError("its tokens are never renewed")


register(Registration(MastodonNetwork, MastodonSettings, build, connect, tokens_rotate=False))
