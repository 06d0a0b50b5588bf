"""How X is set up: built from its settings, connected by a person's consent in a browser, registered."""

from bot.networks.errors import Later, Unsure
from bot.networks.oauth2 import ConsentRequest, GrantRefusedError
from bot.networks.registry import (
    Connected,
    ConnectFailedError,
    ConnectTerminal,
    OpenTokens,
    Registration,
    register,
)
from bot.networks.values import AccountIdentity
from bot.networks.x.client import XNetwork
from bot.networks.x.oauth import SCOPES, OAuth2Client
from bot.networks.x.settings import XSettings


def build(settings: XSettings, open_tokens: OpenTokens | None) -> XNetwork:
    """Make the network from complete settings: as the four keys' account, or that of tokens in the ledger."""
    if open_tokens is None:
        return XNetwork(settings)
    return XNetwork(settings.without_keys(), tokens=open_tokens(_oauth(settings).renew))


def connect(settings: XSettings, terminal: ConnectTerminal, open_tokens: OpenTokens) -> Connected:
    """Have a person consent, keep the tokens, and only then use them, to ask whom they speak for.

    Raises `ConnectFailedError`.
    """
    request, oauth = ConsentRequest(), _oauth(settings)
    tokens = open_tokens(oauth.renew)
    code = terminal.wait_for_code(request, oauth.authorize_url(request, terminal.redirect))
    try:
        pair = oauth.redeem(code, request, terminal.redirect)
    except GrantRefusedError as no:
        raise ConnectFailedError(f"X rejected that code ({no}); each works once, for half a minute") from None
    except (Later, Unsure) as trouble:
        raise ConnectFailedError(trouble.detail.rstrip(".")) from None
    tokens.connect(pair)
    missing = [scope for scope in SCOPES if scope not in pair.scopes]
    if missing:
        terminal.say(f"X did not grant {', '.join(missing)}; some features will not work without it.")
    network = XNetwork(settings.without_keys(), tokens=tokens)
    try:
        account = network.account()  # X's answer is kept with the tokens: whom they speak for
    except Later as later:
        detail = later.detail.rstrip(".")
        if later.cause == "unauthorized":
            tokens.forget()
            raise ConnectFailedError(f"X rejects the tokens that it has just given: {detail}") from None
        raise ConnectFailedError(
            f"the tokens are stored, but X does not say whose they are: {detail}. A running bot asks again"
        ) from None
    return Connected(network, unused_because=_unused_because(settings, account))


def _unused_because(settings: XSettings, account: AccountIdentity) -> str | None:
    """Return why a running bot will not use the tokens of `account`; None if it will."""
    if not settings.has_account:
        return None
    try:
        by_keys = XNetwork(settings).account()
    except Later:
        return None
    if by_keys.id != account.id:
        return None
    return (
        f"The four OAuth 1.0a keys belong to @{account.handle} too; Heard uses those as long as they are set."
    )


def _oauth(settings: XSettings) -> OAuth2Client:
    return OAuth2Client(settings.client_id or "", settings.client_secret, settings.api_url)


register(Registration(XNetwork, XSettings, build, connect))
