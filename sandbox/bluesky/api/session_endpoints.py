"""Logging in, and finding out who somebody is."""

from typing import Any

from sandbox.bluesky.api.call import Call
from sandbox.bluesky.api.errors import XrpcError, invalid
from sandbox.bluesky.state.accounts import Account
from sandbox.bluesky.state.ids import HANDLE
from sandbox.bluesky.state.sessions import Token, TokenError

Row = dict[str, Any]


def create_session(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-server-create-session."""
    identifier, password = str(call.field("identifier")), call.field("password")
    account = call.world.find_user(identifier)
    names = [name for name, one in account.app_passwords.items() if one == password] if account else []
    if account is None or not (names or account.password == password):
        raise XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")
    if account.state == "takendown":
        raise XrpcError(401, "AccountTakedown", "Account has been taken down")
    tokens = call.world.sessions.start(account, names[0] if names else None, call.now)
    return _session(call, account, tokens)


def refresh_session(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-server-refresh-session."""
    if call.body is not None:
        raise invalid("A request body was provided when none was expected")
    sessions, text = call.world.sessions, call.bearer or ""
    account = call.world.accounts.get(sessions.owner_of_refresh(text) or "")
    try:
        tokens = sessions.renew(text, account, call.now)
    except TokenError as no:
        raise XrpcError(400, no.error, no.message) from None
    assert account is not None
    return _session(call, account, tokens)


def get_session(call: Call) -> Row:
    """https://docs.bsky.app/docs/api/com-atproto-server-get-session."""
    return _identity(call, call.account)


def resolve_handle(call: Call) -> Row:
    handle = call.text("handle")
    if not HANDLE.fullmatch(handle):
        raise invalid(f'Invalid com.atproto.identity.resolveHandle params: Invalid handle (got "{handle}")')
    found = call.world.find_user(handle)
    if found is None or found.state != "active":
        raise XrpcError(400, "HandleNotFound", "Unable to resolve handle")
    return {"did": found.did}


def did_document(call: Call, account: Account) -> Row:
    """https://atproto.com/specs/did#did-documents."""
    service = {
        "id": "#atproto_pds",
        "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": call.world.pds_url or call.url,
    }
    return {"id": account.did, "alsoKnownAs": [f"at://{account.handle}"], "service": [service]}


def _session(call: Call, account: Account, tokens: tuple[Token, Token]) -> Row:
    return {"accessJwt": tokens[0].text, "refreshJwt": tokens[1].text, **_identity(call, account)}


def _identity(call: Call, account: Account) -> Row:
    row: Row = {"did": account.did, "handle": account.handle, "active": account.state == "active"}
    if account.state != "active":
        row["status"] = account.state
    if call.world.pds_url != "":
        row["didDoc"] = did_document(call, account)
    return row
