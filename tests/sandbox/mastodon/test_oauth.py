"""Signing in: an app, a consent, a token."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

REDIRECT = "http://127.0.0.1:8765/callback"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@pytest.fixture
def app(ask):
    form = {
        "client_name": "Heard",
        "redirect_uris": f"{REDIRECT}\n{OUT_OF_BAND}",
        "scopes": "read write:statuses",
    }
    return ask("POST", "/api/v1/apps", json=form).json()


def consent(app, redirect=REDIRECT, **more):
    return {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": redirect,
        "scope": "read write:statuses",
        "state": "s",
        **more,
    }


def redeem(app, code, redirect=REDIRECT, **more):
    return {
        "grant_type": "authorization_code",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "code": code,
        "redirect_uri": redirect,
        **more,
    }


def test_a_consent_brings_a_code_and_the_code_a_token_once(world, ask, app):
    world.add_user("acmetea", "Acme Tea")
    world.sign_in("acmetea")
    page = ask("GET", "/oauth/authorize", **consent(app))
    agreed = ask("POST", "/oauth/authorize", json=consent(app, decision="yes"))
    answer = parse_qs(urlsplit(agreed.headers["Location"]).query)
    token = ask("POST", "/oauth/token", json=redeem(app, answer["code"][0]))
    again = ask("POST", "/oauth/token", json=redeem(app, answer["code"][0]))

    assert "@acmetea" in page.text
    assert answer["state"] == ["s"]
    assert again.status_code == 400
    mine = {"Authorization": f"Bearer {token.json()['access_token']}"}
    assert ask("GET", "/api/v1/accounts/verify_credentials", headers=mine).json()["username"] == "acmetea"


def test_a_no_comes_back_as_an_error(ask, app):
    denied = ask("POST", "/oauth/authorize", json=consent(app, decision="no"))

    assert "error=access_denied" in denied.headers["Location"]


def test_without_an_address_the_code_is_shown(ask, app):
    shown = ask("POST", "/oauth/authorize", json=consent(app, OUT_OF_BAND, decision="yes"))
    code = re.search(r"<code>([^<]+)</code>", shown.text)[1]

    assert ask("POST", "/oauth/token", json=redeem(app, code, OUT_OF_BAND)).ok


def test_another_address_scope_or_secret_is_refused(ask, app):
    assert ask("GET", "/oauth/authorize", **consent(app, "http://evil.example/")).status_code == 400
    assert ask("GET", "/oauth/authorize", **consent(app, scope="admin")).status_code == 400
    assert ask("POST", "/oauth/token", json=redeem(app, "none", client_secret="wrong")).status_code == 401


def test_a_revoked_token_is_none_any_more(world, ask, app):
    token = world.grants.grant(world.brand.id, frozenset({"read"})).secret
    world.grants.revoke(token)

    assert (
        ask("GET", "/api/v1/notifications", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    )
