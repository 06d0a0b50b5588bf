"""Settings, and signing in to a server in a browser."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pydantic import SecretStr, ValidationError

from bot.networks.mastodon.registration import build, connect
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.oauth2 import AccessToken
from bot.networks.registry import ConnectFailedError
from sandbox.mastodon import MastodonServer

REDIRECT = "http://127.0.0.1:8765/callback"


class Kept:
    """Tokens as the ledger keeps them, in memory."""

    def __init__(self) -> None:
        self.pair, self.account = None, None

    def connect(self, pair):
        self.pair = pair

    def forget(self):
        self.pair = None

    def current(self):
        return AccessToken(self.pair.access, datetime(2026, 11, 20, tzinfo=UTC))

    def set_account(self, token, account):
        self.account = account

    def status_text(self):
        return "signs in with a token."


class Person:
    """Somebody at a terminal with a browser beside it, who presses `decision`, or types `code`."""

    redirect = REDIRECT

    def __init__(self, server: str | None, decision: str = "yes", code: str | None = None) -> None:
        self.server, self.decision, self.code = server, decision, code
        self.page = ""

    def wait_for_code(self, request, page):
        self.page = page
        form = requests.get(page, timeout=120).text
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"decision": self.decision}
        landed = requests.post(page.partition("?")[0], data=fields, timeout=120, allow_redirects=False)
        answer = parse_qs(urlsplit(landed.headers["Location"]).query)
        assert answer["state"] == [request.state]
        if "error" in answer:
            raise ConnectFailedError(f"the response was {answer['error'][0]}")
        return self.code or answer["code"][0]


@pytest.fixture
def server():
    with MastodonServer() as made:
        yield made


def sign_in(person, settings=None):
    kept = Kept()
    return connect(settings or MastodonSettings(_env_file=None), person, lambda renew: kept), kept


def test_a_consent_brings_a_token_that_never_ends_kept_with_its_server(server):
    connected, kept = sign_in(Person(server.url))

    assert connected.network.account().id == "acmebrew@brews.example"
    assert kept.account.handle == "acmebrew"
    (token,) = server.world.grants.tokens
    assert kept.pair.access.get_secret_value() == f"{server.url} {token}"
    assert kept.pair.lifetime_seconds > 10 * 365 * 24 * 3600


def test_it_asks_for_what_it_needs_and_no_more(server):
    person = Person(server.url)
    sign_in(person)

    scopes = parse_qs(urlsplit(person.page).query)["scope"][0].split()
    reading = ["read:accounts", "read:notifications", "read:search", "read:statuses"]
    assert scopes == [*reading, "write:media", "write:statuses"]
    (token,) = server.world.grants.tokens.values()
    assert token.scopes == set(scopes)


def test_what_was_kept_is_used_again(server):
    _, kept = sign_in(Person(server.url))

    network = build(MastodonSettings(_env_file=None), lambda renew: kept)

    assert network.account().id == "acmebrew@brews.example"
    assert "signs in with a token." in network.advice()


def test_a_server_from_the_settings_needs_no_option(server):
    settings = MastodonSettings(_env_file=None, url=server.url, access_token=SecretStr("token"))
    server.world.grants.grant(server.world.brand.id, frozenset({"read"}))

    connected, _ = sign_in(Person(None), settings)

    assert connected.network.account().handle == "acmebrew"


def test_an_account_that_the_environment_has_too_is_told(server):
    token = server.world.grants.grant(server.world.brand.id, frozenset({"read"})).secret
    settings = MastodonSettings(_env_file=None, url=server.url, access_token=SecretStr(token))

    connected, _ = sign_in(Person(server.url), settings)

    assert "MASTODON_ACCESS_TOKEN belongs to @acmebrew@brews.example too" in connected.unused_because


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ({"decision": "no"}, "access_denied"),
        ({"code": "another-code"}, "rejects that code"),
    ],
)
def test_a_no_and_a_wrong_code_connect_nothing(server, person, why):
    with pytest.raises(ConnectFailedError, match=why):
        sign_in(Person(server.url, **person))
    assert server.world.grants.tokens == {}


@pytest.mark.parametrize(
    ("address", "why"),
    [(None, "--server"), ("mastodon.social/@acme", "the server alone"), ("ftp://mastodon.social", "address")],
)
def test_without_a_right_address_nothing_is_called(address, why):
    with pytest.raises(ConnectFailedError, match=why):
        sign_in(Person(address))


def test_a_server_that_is_not_there_or_is_something_else_is_told(server):
    server.world.faults.add("POST /api/v1/apps", "html_before", times=1)
    with pytest.raises(ConnectFailedError, match="Mastodon server"):
        sign_in(Person(server.url))

    server.world.faults.add("*", "down")
    with pytest.raises(ConnectFailedError, match="could not be reached"):
        sign_in(Person(server.url))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://mastodon.social", "https://mastodon.social"),
        (" https://mastodon.social/ ", "https://mastodon.social"),
        ("mastodon.social", "https://mastodon.social"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ],
)
def test_an_address_may_be_written_as_people_write_it(given, kept):
    assert MastodonSettings(_env_file=None, url=given).url == kept


@pytest.mark.parametrize(
    "given", ["https://a:b@mastodon.social", "https://mastodon.social/about", "x:y", "https://m.social?x"]
)
def test_an_address_that_is_none_is_refused(given):
    with pytest.raises(ValidationError):
        MastodonSettings(_env_file=None, url=given)


def test_half_a_setting_is_named():
    assert MastodonSettings(_env_file=None, url="https://m.social").problem == "MASTODON_ACCESS_TOKEN not set"
    assert MastodonSettings(_env_file=None, access_token=SecretStr("t")).problem == "MASTODON_URL not set"
    assert MastodonSettings(_env_file=None).problem is None
