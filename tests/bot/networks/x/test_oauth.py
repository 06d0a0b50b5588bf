"""OAuth 2.0 with X: the calls for tokens, against the local X and odd servers; and calls that use them."""

import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.http_client import CallLimits
from bot.networks.oauth2 import AccessToken, ConsentRequest, GrantRefusedError
from bot.networks.values import Position, ReplyTarget
from bot.networks.x.client import XNetwork
from bot.networks.x.oauth import SCOPES, OAuth2Client
from bot.networks.x.settings import XSettings
from sandbox.x import XServer
from tests.bot.networks.conftest import http
from tests.bot.networks.stages import Given, settings
from tests.patience import CALL_LIMITS as LONG

SHORT = CallLimits(connect_seconds=5, call_seconds=0.5)
BACK = "http://127.0.0.1:8765/callback"
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
TO = ReplyTarget("1990000000000000000", "7", "maria", AT)
SECRET = SecretStr("client-s3cret")
PAIR = b'{"access_token": "acc3ss", "refresh_token": "r3fresh", "expires_in": 60, "scope": "tweet.read"}'


@pytest.fixture
def server():
    with XServer() as made:
        made.world.add_user("maria", "Maria")
        yield made


@pytest.fixture
def world(server):
    return server.world


@pytest.fixture
def app(world):
    return world.grants.add_client("heard", SECRET.get_secret_value(), BACK)


@pytest.fixture
def oauth(server, app):
    return OAuth2Client("heard", SECRET, server.url, LONG)


def consented(page):
    """The code that X gives when a person presses its button."""
    form = requests.get(page, timeout=120).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"decision": "yes"}
    answer = requests.post(page.partition("?")[0], data=fields, timeout=120, allow_redirects=False)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


# The page


def test_the_page_of_x_itself_is_on_the_host_where_people_sign_in():
    question = ConsentRequest()
    asked = urlsplit(OAuth2Client("heard", None, "https://api.x.com").authorize_url(question, BACK))

    assert (asked.scheme, asked.netloc, asked.path) == ("https", "x.com", "/i/oauth2/authorize")
    assert {name: values[0] for name, values in parse_qs(asked.query).items()} == {
        "response_type": "code",
        "client_id": "heard",
        "redirect_uri": BACK,
        "scope": "tweet.read tweet.write users.read media.write offline.access",
        "state": question.state,
        "code_challenge": question.challenge,
        "code_challenge_method": "S256",
    }
    assert question.verifier not in asked.query


def test_the_page_of_another_server_is_on_that_server(server, oauth):
    assert oauth.authorize_url(ConsentRequest(), BACK).startswith(f"{server.url}/i/oauth2/authorize?")


def test_no_two_questions_are_alike_and_their_verifiers_are_long_enough():
    one, other = ConsentRequest(), ConsentRequest()

    assert {one.state, one.verifier}.isdisjoint({other.state, other.verifier})
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,128}", one.verifier)


# The pairs


def test_a_code_gets_a_pair_and_a_pair_the_next(world, oauth):
    question = ConsentRequest()

    first = oauth.redeem(consented(oauth.authorize_url(question, BACK)), question, BACK)
    second = oauth.renew(first.refresh)

    assert (first.scopes, 7100 < first.lifetime_seconds <= 7200) == (frozenset(SCOPES), True)
    assert world.grants.admits(second.access.get_secret_value())
    assert first.refresh != second.refresh
    assert {request.user_agent.split("/")[0] for request in world.requests[2:]} == {"Heard"}


def test_a_code_is_of_no_use_to_another_question(oauth):
    code = consented(oauth.authorize_url(ConsentRequest(), BACK))

    with pytest.raises(GrantRefusedError, match=r"^HTTP 400, invalid_request$"):
        oauth.redeem(code, ConsentRequest(), BACK)


def test_a_public_client_needs_no_secret(server, world):
    pair = world.grants.grant(world.grants.add_client("public"))

    assert OAuth2Client("public", None, server.url, LONG).renew(SecretStr(pair.refresh))


@pytest.mark.parametrize("spent", ["invalid_grant", "invalid_request"])
def test_a_spent_refresh_token_is_refused(world, app, oauth, spent):
    world.grants.spent = spent
    old = SecretStr(world.grants.grant(app).refresh)
    oauth.renew(old)

    with pytest.raises(GrantRefusedError, match=spent):
        oauth.renew(old)


def test_a_wrong_secret_is_said_to_be_one_and_spends_nothing(server, world, app, oauth):
    old = SecretStr(world.grants.grant(app).refresh)

    with pytest.raises(Later, match="check X_CLIENT_ID and X_CLIENT_SECRET") as failed:
        OAuth2Client("heard", SecretStr("wr0ng-s3cret"), server.url, LONG).renew(old)

    assert failed.value.cause == "unauthorized"
    assert oauth.renew(old)


@pytest.mark.parametrize(
    "fault",
    ["answer_lost_before", "answer_lost_after", "reset", "truncated", "garbled", "server_error_after"],
)
def test_a_renewal_whose_answer_is_lost_is_unsure(world, app, oauth, fault):
    world.faults.add("POST /2/oauth2/token", fault, times=1)

    with pytest.raises(Unsure):
        oauth.renew(SecretStr(world.grants.grant(app).refresh))


def test_a_server_that_keeps_us_waiting_is_left_in_time(server, world, app):
    slow = world.faults.add("POST /2/oauth2/token", "slow", times=1, seconds=60)

    with pytest.raises(Unsure, match="did not answer within"):
        OAuth2Client("heard", SECRET, server.url, SHORT).renew(SecretStr(world.grants.grant(app).refresh))
    slow.release()


def test_nobody_there_means_that_nothing_was_spent(nobody):
    with pytest.raises(Later) as failed:
        OAuth2Client("heard", SECRET, nobody, LONG).renew(SecretStr("r3fresh"))

    assert failed.value.cause == "unreachable"


def test_a_rate_limit_says_until_when(world, app, oauth):
    world.faults.add("POST /2/oauth2/token", "rate_limited", times=1, seconds=300)

    with pytest.raises(Later) as failed:
        oauth.renew(SecretStr(world.grants.grant(app).refresh))

    assert failed.value.cause == "rate limit"
    assert failed.value.at > world.clock()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"<html>", b"{}", b'{"access_token": 1}', b'{"access_token": ""}', b"[" * 50_000],
)
def test_an_answer_without_tokens_is_unsure(serve, body):
    with pytest.raises(Unsure):
        OAuth2Client("heard", SECRET, serve(http("200 OK", body)).url, LONG).redeem(
            "c0de", ConsentRequest(), BACK
        )


def test_a_server_that_does_not_rotate_leaves_us_the_old_refresh_token(serve):
    body = b'{"access_token": "acc3ss", "expires_in": "soon"}'

    pair = OAuth2Client("heard", SECRET, serve(http("200 OK", body)).url, LONG).renew(SecretStr("r3fresh"))

    assert (pair.refresh.get_secret_value(), pair.lifetime_seconds) == ("r3fresh", 7200)


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        ("403 Forbidden", b'{"title": "Forbidden"}', "forbidden"),
        ("404 Not Found", b"<html>", "server error"),
        ("401 Unauthorized", b"<html>", "unauthorized"),
        ("400 Bad Request", b'{"error": "invalid_client"}', "unauthorized"),
        ("402 Payment Required", b'{"title": "CreditsDepleted"}', "out of credit"),
    ],
)
def test_what_is_not_about_the_grant_leaves_it_alone(serve, status, body, cause):
    with pytest.raises(Later) as failed:
        OAuth2Client("heard", SECRET, serve(http(status, body)).url, LONG).renew(SecretStr("r3fresh"))

    assert failed.value.cause == cause


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "503 Down", "200 OK"]
)
def test_a_server_that_repeats_our_secrets_is_not_quoted(serve, status, caplog):
    echo = json.dumps(
        {
            "error": "r3fresh-token",
            "error_description": "r3fresh-token client-s3cret",
            "detail": "r3fresh-token",
        }
    )

    with caplog.at_level(logging.DEBUG), pytest.raises((Later, Unsure, GrantRefusedError)) as failed:
        OAuth2Client("heard", SECRET, serve(http(status, echo.encode())).url, LONG).renew(
            SecretStr("r3fresh-token")
        )

    for words in (str(failed.value), repr(failed.value), caplog.text):
        assert not re.search("r3fresh|s3cret", words)


def test_no_secret_shows_in_a_repr(serve):
    oauth = OAuth2Client("heard", SECRET, serve(http("200 OK", PAIR)).url, LONG)
    pair = oauth.renew(SecretStr("r3fresh"))
    question = ConsentRequest()

    for thing in (oauth, pair, question, AccessToken(pair.access, AT)):
        assert not re.search(f"s3cret|acc3ss|r3fresh|{question.verifier}", repr(thing) + str(thing))


# Calls that are signed with a token


def oauth2_settings(url, **more):
    return XSettings(_env_file=None, api_url=url, client_id="heard", client_secret=SECRET, **more)


def signed(server, *letters):
    tokens = Given(*letters)
    return XNetwork(oauth2_settings(server.url), LONG, tokens=tokens), tokens


def test_every_call_carries_the_token(server, world, app):
    x, _ = signed(server, world.grants.grant(app).access)
    mention = world.post("maria", "@acmebrew hello")

    list(x.mentions(Position(world.clock().isoformat()), account_id=world.brand.id))
    x.publish(
        "Hi!", ReplyTarget(mention.id, mention.author_id, "maria", AT), "key", account_id=world.brand.id
    )

    assert {request.authorization for request in world.requests} == {"Bearer ***"}
    assert [reply.text for reply in world.replies_to(mention.id)] == ["Hi!"]


def test_a_token_that_x_does_not_take_is_replaced_once_and_the_call_repeated(server, world, app):
    x, tokens = signed(server, "expired", world.grants.grant(app).access)
    mention = world.post("maria", "@acmebrew hello")

    x.publish(
        "Hi!", ReplyTarget(mention.id, mention.author_id, "maria", AT), "key", account_id=world.brand.id
    )

    assert tokens.refused == ["expired"]
    assert [reply.text for reply in world.replies_to(mention.id)] == ["Hi!"]


def test_a_call_is_not_repeated_for_ever(server, world, app):
    x, _ = signed(server, "one", "two", "three", "four")

    with pytest.raises(Later) as failed:
        x.account()

    assert failed.value.cause == "unauthorized"
    assert world.counts["GET /2/users/me"] == 2


def test_other_refusals_do_not_cost_a_token(server, world, app):
    x, tokens = signed(server, world.grants.grant(app).access)
    world.faults.add("GET /2/users/me", "forbidden_blanket", times=1)
    with pytest.raises(Later):
        x.account()
    with pytest.raises(Refused):
        x.publish("Hi!", TO, "key", account_id=world.brand.id)

    assert tokens.refused == []


def test_without_a_token_nothing_is_called(server, world, app):
    x, tokens = signed(server, "spent")
    tokens.current = lambda: tokens.replacement_for(tokens.left[0])

    for call in (
        x.account,
        lambda: x.publish("Hi!", TO, "key", account_id=world.brand.id),
        lambda: x.people(["1"]),
    ):
        with pytest.raises(Later, match="connect x"):
            call()
    assert world.requests == []


def test_a_reply_whose_token_came_late_is_not_sent(server, world, app):
    """Its worker's lease would run out while it is on the wire."""
    tokens = Given(world.grants.grant(app).access)
    x = XNetwork(oauth2_settings(server.url), replace(LONG, sign_seconds=-1.0), tokens=tokens)

    with pytest.raises(Later, match="Nothing was sent"):
        x.publish("Hi!", TO, "key", account_id=world.brand.id)

    assert world.counts["POST /2/tweets"] == 0


def test_who_connects_another_account_is_asked_for_anew(server, world, app):
    access = world.grants.grant(app).access
    x, tokens = signed(server, access)
    x.account()
    world.change_user("acmebrew", name="Acme Tea")
    assert x.account().name == "Acme Brew"

    tokens.left = [AccessToken(SecretStr(access), AT.replace(hour=11))]

    assert x.account().name == "Acme Tea"


def test_x_repeating_the_token_is_not_quoted(serve):
    echo = json.dumps({"detail": "no such token: acc3ss-token", "title": "Forbidden"}).encode()
    x, _ = signed(serve(http("403 Forbidden", echo)), "acc3ss-token")

    for call in (x.account, lambda: x.publish("Hi!", TO, "key", account_id="1")):
        with pytest.raises(Later) as failed:
            call()
        assert "acc3ss" not in str(failed.value)


# Settings


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch):
    for name in XSettings.model_fields:
        monkeypatch.delenv(f"X_{name}".upper(), raising=False)


def test_a_client_id_is_enough(server):
    found = XSettings(_env_file=None, client_id="heard")

    assert (found.is_configured, found.uses_oauth2, found.problem) == (True, True, None)


def test_the_four_keys_win_and_half_of_them_do_not(server):
    both = settings(server.url, client_id="heard")
    half = oauth2_settings(server.url, api_key="app-key", api_secret="app-s3cret")

    assert (both.uses_oauth2, both.problem) == (False, None)
    assert (half.uses_oauth2, half.problem) == (True, None)
    assert both.without_keys().uses_oauth2


def test_where_the_four_keys_are_set_the_environments_account_signs_with_them(server, world, app):
    x = XNetwork(settings(server.url, client_id="heard"), LONG, tokens=Given("unused"))

    x.account()

    assert world.requests[-1].authorization == "OAuth ***"
    assert x.advice()[0] == "signs in with OAuth 1.0a keys."


def test_a_client_secret_alone_is_named_as_half(server):
    found = XSettings(_env_file=None, client_secret="client-s3cret")

    assert found.is_configured
    assert found.problem == "X_CLIENT_ID is not set: X_CLIENT_SECRET needs it."


def test_oauth_2_without_tokens_is_a_mistake_of_ours(server):
    with pytest.raises(ValueError, match="tokens"):
        XNetwork(oauth2_settings(server.url), LONG)
