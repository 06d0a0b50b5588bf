"""Registering an app, the consent page, and the token endpoint.

https://docs.joinmastodon.org/methods/oauth/
"""

import html
from urllib.parse import urlencode, urlsplit

from sandbox.mastodon.api.http_messages import Answer, Params, Request, as_error, as_html, as_json
from sandbox.mastodon.state.oauth_grants import OUT_OF_BAND, App, RefusedError
from sandbox.mastodon.state.world import MastodonWorld

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem }}
button {{ font: inherit; padding: .5rem 1.5rem; border-radius: .5rem; border: 1px solid }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""
_FORM = """<p><strong>{app}</strong> asks to act as <strong>@{handle}</strong>, with: {scope}.</p>
<form method="post" action="/oauth/authorize">{fields}
<button name="decision" value="yes">Authorize</button>
<button name="decision" value="no">Deny</button></form>"""


def register_app(world: MastodonWorld, request: Request) -> Answer:
    form = request.form
    redirects = form.all("redirect_uris") or (form.get("redirect_uris") or "").split()
    name = form.get("client_name") or ""
    if not name or not redirects:
        return as_error(
            422, "Validation failed: Application name can't be blank, Redirect URI can't be blank"
        )
    scopes = frozenset((form.get("scopes") or "read").split())
    app = world.grants.register(name, tuple(redirects), scopes)
    body = {
        "id": "1",
        "name": app.name,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": "\n".join(app.redirects),
        "scopes": sorted(app.scopes),
    }
    return as_json(200, body)


def authorize(world: MastodonWorld, request: Request) -> Answer:
    """Return the consent page, or the answer to one of its two buttons."""
    given = request.form if request.method == "POST" else request.params
    app, redirect = world.grants.apps.get(given.get("client_id") or ""), given.get("redirect_uri") or ""
    scopes = frozenset((given.get("scope") or "read").split())
    if app is None or redirect not in app.redirects or given.get("response_type") != "code":
        return _page(400, "An error has occurred", "<p>The redirect uri included is not valid.</p>")
    if not scopes <= app.scopes:
        return _page(400, "An error has occurred", "<p>The requested scope is invalid.</p>")
    if request.method == "GET":
        return _page(200, "Authorization required", _consent(world, given, app, scopes))
    state = {"state": given.get("state") or ""} if given.has("state") else {}
    if given.get("decision") != "yes":
        return _redirect(redirect, {"error": "access_denied", **state})
    code = world.grants.consent(app, redirect, scopes, world.signed_in.id)
    if redirect == OUT_OF_BAND:
        return _page(200, "Authorization code", f"<p>Copy this code: <code>{html.escape(code)}</code></p>")
    return _redirect(redirect, {"code": code, **state})


def token(world: MastodonWorld, request: Request) -> Answer:
    form = request.form
    if form.get("grant_type") != "authorization_code":
        return as_json(400, {"error": "unsupported_grant_type", "error_description": "Not supported."})
    names = ("client_id", "client_secret", "code", "redirect_uri")
    try:
        made = world.grants.redeem(*(form.get(name) or "" for name in names))
    except RefusedError as no:
        return as_json(no.status, {"error": no.code, "error_description": no.words})
    body = {
        "access_token": made.secret,
        "token_type": "Bearer",
        "scope": " ".join(sorted(made.scopes)),
        "created_at": int(world.clock().timestamp()),
    }
    return as_json(200, body)


def _consent(world: MastodonWorld, given: Params, app: App, scopes: frozenset[str]) -> str:
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in given.as_dict().items()
    )
    handle, scope = html.escape(world.signed_in.acct), html.escape(", ".join(sorted(scopes)))
    return _FORM.format(app=html.escape(app.name), handle=handle, scope=scope, fields=fields)


def _redirect(where: str, answer: dict[str, str]) -> Answer:
    mark = "&" if urlsplit(where).query else "?"
    return Answer(302, b"", {"location": where + mark + urlencode(answer)})


def _page(status: int, title: str, body: str) -> Answer:
    return as_html(status, _PAGE.format(title=title, body=body))
