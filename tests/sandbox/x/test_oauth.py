"""OAuth 2.0 as X does it: consent, codes for half a minute, refresh tokens that work once."""

import base64
import hashlib
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

BACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "response_type": "code",
    "client_id": "heard",
    "redirect_uri": BACK,
    "scope": "tweet.read tweet.write users.read offline.access",
    "state": "a state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def app(world):
    return world.grants.add_client("heard", "s3cret", BACK)


def post(x, path, given, **more):
    return requests.post(x.url + path, data=given, timeout=120, allow_redirects=False, **more)


def consent(x, decision="yes"):
    """Press a button on the page; what comes back with the redirect."""
    page = requests.get(f"{x.url}/i/oauth2/authorize", params=ASKED, timeout=120)
    assert page.status_code == 200
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    answer = post(x, "/i/oauth2/authorize", fields | {"decision": decision})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def token(x, auth=("heard", "s3cret"), **given):
    return post(x, "/2/oauth2/token", given, auth=auth)


def redeem(x, code, /, **more):
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    return token(x, **(given | more))


def renew(x, refresh, **more):
    return token(x, grant_type="refresh_token", refresh_token=refresh, **more)


def me(x, access):
    headers = {"Authorization": f"Bearer {access}"}
    return requests.get(f"{x.url}/2/users/me", headers=headers, timeout=120)


def test_a_consent_becomes_a_code_becomes_tokens_that_are_let_in(x, app, clock):
    given = consent(x)

    pair = redeem(x, given["code"]).json()

    assert given["state"] == "a state"
    assert (pair["token_type"], pair["expires_in"]) == ("bearer", 7200)
    assert me(x, pair["access_token"]).json()["data"]["username"] == "acmebrew"


def test_who_says_no_sends_no_code(x, app):
    assert consent(x, "no") == {"state": "a state", "error": "access_denied"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://127.0.0.1:9/elsewhere"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"state": ""},
        {"response_type": "token"},
    ],
)
def test_a_wrong_question_gets_no_consent_page(x, app, wrong):
    answer = requests.get(f"{x.url}/i/oauth2/authorize", params=ASKED | wrong, timeout=120)

    assert answer.status_code == 400
    assert "give access to the App" in answer.text


@pytest.mark.parametrize("wrong", [{"code_verifier": "w" * 64}, {"redirect_uri": f"{BACK}2"}, {"code": "x"}])
def test_a_code_needs_its_verifier_and_its_address(x, app, wrong):
    answer = redeem(x, consent(x)["code"], **wrong)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_code_works_once(x, app):
    code = consent(x)["code"]

    assert [redeem(x, code).status_code for _ in range(2)] == [200, 400]


def test_a_code_lives_half_a_minute(x, app, clock):
    code = consent(x)["code"]
    clock.pass_by(seconds=30)

    assert redeem(x, code).status_code == 400


@pytest.mark.parametrize(
    ("auth", "more"),
    [(("heard", "wrong"), {}), (None, {"client_id": "heard"}), (None, {}), (("x", "s3cret"), {})],
)
def test_a_confidential_client_has_to_name_its_secret(x, app, world, auth, more):
    pair = world.grants.grant(app)

    answer = renew(x, pair.refresh, auth=auth, **more)

    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")


def test_a_public_client_names_itself_in_the_body(x, world):
    pair = world.grants.grant(world.grants.add_client("public"))

    assert renew(x, pair.refresh, auth=None, client_id="public").status_code == 200


def test_a_refresh_token_works_once_and_its_reuse_ends_the_grant(x, app, world):
    pair = world.grants.grant(app)
    newer = renew(x, pair.refresh).json()
    assert me(x, newer["access_token"]).status_code == 200

    again = renew(x, pair.refresh)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert me(x, newer["access_token"]).status_code == 401
    assert renew(x, newer["refresh_token"]).status_code == 400


def test_within_the_grace_the_same_new_pair_comes_again(x, app, world, clock):
    world.grants.grace = timedelta(minutes=1)
    pair = world.grants.grant(app)
    newer = renew(x, pair.refresh).json()

    assert renew(x, pair.refresh).json()["refresh_token"] == newer["refresh_token"]
    clock.pass_by(minutes=1)
    assert renew(x, pair.refresh).status_code == 400


def test_a_lost_answer_has_spent_the_refresh_token(x, app, world):
    pair = world.grants.grant(app)
    world.faults.add("POST /2/oauth2/token", "answer_lost_after", times=1)
    with pytest.raises(requests.ConnectionError):
        renew(x, pair.refresh)

    assert renew(x, pair.refresh).status_code == 400


def test_a_token_that_is_over_revoked_or_made_up_is_401(x, app, world, clock):
    pair = world.grants.grant(app)
    assert me(x, pair.access).status_code == 200
    assert me(x, "made up").status_code == 401
    clock.pass_by(hours=2)
    assert me(x, pair.access).status_code == 401
    fresh = world.grants.grant(app)
    world.grants.revoke()
    assert me(x, fresh.access).status_code == 401


def test_without_any_client_every_token_will_do(x):
    assert me(x, "made up").status_code == 200


def test_without_offline_access_there_is_no_refresh_token(x, app, world):
    assert world.grants.grant(app, "tweet.read").refresh is None


def test_the_journal_keeps_no_secret(x, app, world):
    pair = redeem(x, consent(x)["code"]).json()
    renew(x, pair["refresh_token"])

    assert world.counts["POST /2/oauth2/token"] == 2
    for secret in ("s3cret", VERIFIER, *(pair[name] for name in ("access_token", "refresh_token"))):
        assert secret not in str(world.requests)
