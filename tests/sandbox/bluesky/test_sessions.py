"""Sessions, as PDS 0.5.35 keeps them."""

import pytest


def error(answer):
    return answer.status_code, answer.json()["error"]


def test_a_wrong_password_and_a_wrong_handle_look_alike(nobody, world):
    for handle in ("acmebrew.test", "stranger.test"):
        answer = nobody.post("com.atproto.server.createSession", identifier=handle, password="wrong")
        assert error(answer) == (401, "AuthenticationRequired")


def test_a_session_names_the_account_and_its_server(brand, server, world):
    (service,) = brand.session["didDoc"]["service"]

    assert (brand.session["handle"], brand.session["did"]) == ("acmebrew.test", world.brand.did)
    assert service["serviceEndpoint"] == server.url
    assert brand.get("com.atproto.server.getSession").json()["active"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic YTpi"])
def test_every_wrong_token_is_400_and_none_at_all_is_401(nobody, header):
    assert error(nobody.get("app.bsky.feed.searchPosts", q="x")) == (401, "AuthMissing")
    nobody.headers = {"Authorization": header}
    assert error(nobody.get("app.bsky.feed.searchPosts", q="x")) == (400, "InvalidToken")


def test_a_refresh_token_opens_nothing_and_renews_the_session(brand):
    answer = brand.refresh(brand.session["refreshJwt"])

    assert answer.json()["did"] == brand.did
    brand.headers = {"Authorization": f"Bearer {brand.session['refreshJwt']}"}
    assert error(brand.get("com.atproto.server.getSession")) == (400, "InvalidToken")


def test_a_refresh_token_brings_the_same_next_one_for_two_hours(brand, clock):
    first = brand.refresh(brand.session["refreshJwt"]).json()["refreshJwt"]

    assert brand.refresh(brand.session["refreshJwt"]).json()["refreshJwt"] == first
    clock.forward(hours=2, minutes=1)
    assert error(brand.refresh(brand.session["refreshJwt"])) == (400, "ExpiredToken")
    assert brand.refresh(first).ok


def test_an_access_token_is_over_after_two_hours(brand, clock):
    clock.forward(hours=2, minutes=1)

    assert error(brand.get("com.atproto.server.getSession")) == (400, "ExpiredToken")


def test_a_revoked_app_password_ends_no_access_token_but_every_renewal(brand, world):
    world.revoke_app_password("acmebrew.test")

    assert brand.get("com.atproto.server.getSession").ok
    assert error(brand.refresh(brand.session["refreshJwt"])) == (400, "ExpiredToken")


def test_a_refresh_call_with_a_body_is_refused(brand):
    brand.headers = {"Authorization": f"Bearer {brand.session['refreshJwt']}"}

    assert error(brand.post("com.atproto.server.refreshSession", did="x")) == (400, "InvalidRequest")


def test_handles_are_resolved_and_unknown_ones_are_not(nobody, world):
    resolve = "com.atproto.identity.resolveHandle"

    assert nobody.get(resolve, handle="ana.test").json() == {"did": world.user("ana.test").did}
    assert error(nobody.get(resolve, handle="stranger.test")) == (400, "HandleNotFound")
    assert error(nobody.get(resolve, handle="a b")) == (400, "InvalidRequest")


def test_rate_limits_are_told_and_kept(brand, world):
    world.limits.set("writes", 5)

    first, second = brand.put(), brand.put(rkey="3kg7myimnydg2")
    third = brand.put(rkey="3kg7myimnydg3")

    assert [one.status_code for one in (first, second, third)] == [200, 200, 429]
    assert third.json()["error"] == "RateLimitExceeded"
    assert third.headers["RateLimit-Policy"] == "5;w=3600"
    assert int(third.headers["RateLimit-Reset"]) > world.clock().timestamp()


def test_passwords_are_not_in_the_log(brand, world):
    asked = world.journal.of("POST com.atproto.server.createSession")[0]

    assert (asked.body["password"], asked.content) == ("***", b"")
