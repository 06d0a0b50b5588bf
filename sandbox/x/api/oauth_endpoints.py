"""The OAuth 2.0 endpoints: the consent page and the token endpoint."""

import base64
import binascii
import html
import json
import secrets
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sandbox.x.api.http_messages import Answer, Request
from sandbox.x.state.oauth_grants import Asked, Client, Grants, Pair, RefusedError
from sandbox.x.state.world import XWorld

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem }}
button {{ font: inherit; padding: .5rem 1.5rem; border-radius: 2rem; border: 1px solid; margin-right: .5rem }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""
_FORM = """<p>{client} asks to speak as <strong>@{handle}</strong>, with: {scope}.</p>
<form method="post" action="/i/oauth2/authorize">{fields}
<button name="decision" value="yes">Authorize app</button>
<button name="decision" value="no">Cancel</button></form>"""


def authorize(world: XWorld, request: Request) -> Answer:
    """Return the consent page, or the redirect of one of its two buttons."""
    form = request.content.decode() if request.method == "POST" else request.query
    given = dict(parse_qsl(form))
    asked = _asked(world, given)
    if asked is None:
        return _page(400, "Something went wrong", "<p>You weren't able to give access to the App.</p>")
    if request.method == "GET":
        return _page(200, "Authorize app", _consent(world, given, asked))
    if given.get("decision") == "yes":
        answer = {"state": asked.state, "code": world.grants.consent(asked)}
    else:
        answer = {"state": asked.state, "error": "access_denied"}
    mark = "&" if urlsplit(asked.redirect).query else "?"
    return Answer(302, b"", {"location": asked.redirect + mark + urlencode(answer)})


def _asked(world: XWorld, given: dict[str, str]) -> Asked | None:
    client = world.grants.client(given.get("client_id", ""))
    redirect, scope = given.get("redirect_uri", ""), given.get("scope", "")
    if client is None or not redirect or (client.redirects and redirect not in client.redirects):
        return None
    if given.get("response_type") != "code" or given.get("code_challenge_method") != "S256":
        return None
    if not given.get("code_challenge") or not given.get("state") or not scope:
        return None
    return Asked(client.id, redirect, scope, given["state"], given["code_challenge"], world.signed_in.id)


def _consent(world: XWorld, given: dict[str, str], asked: Asked) -> str:
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in given.items()
    )
    return _FORM.format(
        client=html.escape(asked.client_id),
        handle=html.escape(world.signed_in.handle),
        scope=html.escape(asked.scope.replace(" ", ", ")),
        fields=fields,
    )


def token(world: XWorld, request: Request) -> Answer:
    """Return a pair of tokens for a code, or for the refresh token of the previous pair."""
    given = dict(parse_qsl(request.content.decode("utf-8", "replace")))
    try:
        pair = _pair(world.grants, _client(world.grants, request, given), given)
    except RefusedError as no:
        return _json(no.status, {"error": no.code, "error_description": no.words})
    return _json(200, _told(world, pair))


def _pair(grants: Grants, client: Client, given: dict[str, str]) -> Pair:
    if given.get("grant_type") == "authorization_code":
        code, redirect, verifier = (given.get(name, "") for name in ("code", "redirect_uri", "code_verifier"))
        return grants.redeem(client, code, redirect, verifier)
    if given.get("grant_type") == "refresh_token":
        return grants.renew(client, given.get("refresh_token", ""))
    raise RefusedError(400, "unsupported_grant_type", "Value passed for the grant type was invalid.")


def _client(grants: Grants, request: Request, given: dict[str, str]) -> Client:
    """Return the client: a confidential one by Basic authentication, a public one by its ID in the body.

    Raises RefusedError.
    """
    if request.scheme == "Basic":
        try:
            basic = base64.b64decode(request.headers["authorization"].partition(" ")[2]).decode()
        except (binascii.Error, UnicodeDecodeError):
            basic = ""
        name, _, secret = (unquote(part) for part in basic.partition(":"))
        client = grants.client(name)
        if (
            client
            and client.secret is not None
            and secrets.compare_digest(secret.encode(), client.secret.encode())
        ):
            return client
    else:
        client = grants.client(given.get("client_id", ""))
        if client and client.secret is None:
            return client
    raise RefusedError(401, "unauthorized_client", "Missing valid authorization header")


def _told(world: XWorld, pair: Pair) -> dict[str, object]:
    told: dict[str, object] = {
        "token_type": "bearer",
        "expires_in": int((pair.expires_at - world.clock()).total_seconds()),
        "access_token": pair.access,
        "scope": pair.scope,
    }
    return told | ({"refresh_token": pair.refresh} if pair.refresh else {})


def _json(status: int, body: dict[str, object]) -> Answer:
    headers = {"content-type": "application/json; charset=utf-8", "cache-control": "no-store"}
    return Answer(status, json.dumps(body).encode(), headers)


def _page(status: int, title: str, body: str) -> Answer:
    whole = _PAGE.format(title=title, body=body)
    return Answer(status, whole.encode(), {"content-type": "text/html; charset=utf-8"})
