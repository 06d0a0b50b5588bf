"""How Heard signs in to Bluesky, and keeps signed in."""

from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from bot.networks.bluesky import registration
from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.password_tokens import PasswordTokens
from bot.networks.bluesky.session import SessionApi
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.errors import Later
from bot.networks.http_client import CallLimits
from bot.networks.oauth2 import AccessToken, GrantRefusedError
from bot.networks.registry import ConnectFailedError
from sandbox.bluesky import BlueskyServer
from tests.bot.networks.stages import LIMITS

LOG_IN, RENEW = "POST com.atproto.server.createSession", "POST com.atproto.server.refreshSession"


class Monotonic:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Monotonic()


@pytest.fixture
def tokens(stage, clock):
    password = SecretStr(stage.world.app_password("acmebrew.test", "another"))
    api = SessionApi(stage.server.url, LIMITS)
    return PasswordTokens(api, "bluesky", "acmebrew.test", password, clock)


def settings(stage, **more):
    return BlueskySettings(_env_file=None, url=stage.server.url, **more)


def test_a_session_is_shared_and_renewed_ahead_of_its_end(stage, tokens, clock):
    before = stage.world.counts[LOG_IN]
    first = tokens.current()
    assert tokens.current() is first
    clock.seconds = 7200 - 599

    second = tokens.current()

    assert (second.secret != first.secret, second.grant) == (True, first.grant)
    assert (stage.world.counts[LOG_IN] - before, stage.world.counts[RENEW]) == (1, 1)


def test_while_a_renewal_fails_the_old_token_serves_to_its_end(stage, tokens, clock):
    first = tokens.current()
    stage.world.faults.add(RENEW, "bad_gateway")
    clock.seconds = 7200 - 100
    assert tokens.current() is first

    clock.seconds = 7200 - 10
    with pytest.raises(Later):
        tokens.current()


def test_after_an_ended_session_it_logs_in_anew(stage, tokens, clock):
    first = tokens.current()
    stage.world.sessions.end_all(stage.us, refresh_too=True)
    clock.seconds = 400

    second = tokens.replacement_for(first)

    assert second.grant != first.grant
    assert second.account.id == stage.us


def test_a_refused_password_is_not_tried_again_at_once(stage, clock):
    api = SessionApi(stage.server.url, LIMITS)
    tokens = PasswordTokens(api, "bluesky", "acmebrew.test", SecretStr("wr0ng-s3cret"), clock)
    before = stage.world.counts[LOG_IN]
    for _ in range(5):
        with pytest.raises(Later) as later:
            tokens.current()
        assert later.value.cause == "unauthorized"
        assert "BLUESKY_APP_PASSWORD" in later.value.detail
        assert "s3cret" not in later.value.detail
    assert stage.world.counts[LOG_IN] - before == 1

    clock.seconds = 601
    with pytest.raises(Later):
        tokens.current()
    assert stage.world.counts[LOG_IN] - before == 2


def test_a_token_that_is_over_is_renewed_once_and_the_call_made_again(stage):
    stage.world.faults.add("GET app.bsky.actor.getProfiles", "expired_token", times=1)
    stage.network._tokens._began -= 1000  # the session is some minutes old

    assert stage.network.people([stage.us])
    assert stage.world.counts[RENEW] == 1


def test_a_server_that_takes_no_token_at_all_is_not_asked_for_ever(stage):
    stage.world.faults.add("GET app.bsky.actor.getProfiles", "invalid_token")
    stage.network._tokens._began -= 1000

    with pytest.raises(Later) as later:
        stage.network.people([stage.us])

    assert later.value.cause == "unauthorized"
    assert stage.world.counts["GET app.bsky.actor.getProfiles"] == 2


def test_a_session_that_is_refused_as_soon_as_it_began_is_not_renewed(stage):
    stage.world.faults.add("GET app.bsky.actor.getProfiles", "invalid_token")

    with pytest.raises(Later) as later:
        stage.network.people([stage.us])

    assert later.value.cause == "unauthorized"
    assert stage.world.counts[RENEW] == 0


def test_a_deactivated_account_is_neither_renewed_nor_asked_again(stage):
    stage.says("maria", "@acmebrew hello")
    stage.deactivates("acmebrew")
    before = sum(stage.world.counts.values())

    with pytest.raises(Later) as later:
        stage.network.delete(f"at://{stage.us}/app.bsky.feed.post/3kg7myimnydfy", account_id=stage.us)

    assert later.value.cause == "unauthorized"
    assert sum(stage.world.counts.values()) - before == 1


def test_everything_but_the_log_in_goes_to_the_server_of_the_did_document(stage):
    with BlueskyServer(stage.world) as pds:
        stage.world.pds_url = pds.url
        stage.connects("acmebrew")
        stage.says("maria", "@acmebrew hello")
        list(stage.network.mentions(stage.start, account_id=stage.us))

        home = pds.url.removeprefix("http://")
        hosts = {asked.endpoint: asked.host for asked in stage.world.journal.requests}
    assert hosts["GET app.bsky.notification.listNotifications"] == home
    assert hosts[LOG_IN] != home


def test_a_server_without_did_documents_is_the_one_that_we_logged_in_at(stage):
    stage.world.pds_url = ""
    stage.connects("acmebrew")

    assert stage.network.people([stage.us])


def test_a_did_document_cannot_lead_us_off_tls(stage):
    from bot.networks.bluesky.session import _find_home

    service = {"id": "#atproto_pds", "serviceEndpoint": "http://10.0.0.1:80"}

    assert _find_home({"service": [service]}, "https://bsky.social") is None
    assert _find_home({"service": [service]}, "http://127.0.0.1:1") == "http://10.0.0.1:80"


def test_a_new_handle_is_known_after_the_next_renewal(stage):
    stage.world.rename("acmebrew.test", "acme.example.test")
    tokens = stage.network._tokens
    tokens._began -= 1000
    tokens.replacement_for(tokens.current())

    assert stage.network.account().handle == "acme.example.test"
    assert stage.network.account().id == stage.us


def test_advice_names_the_server_the_clock_and_a_wrong_kind_of_password(stage):
    password = SecretStr(stage.world.brand.password)
    network = BlueskyNetwork(settings(stage, handle="@acmebrew.test", app_password=password), LIMITS)
    network.account()

    said = " ".join(network.advice())

    assert stage.server.url in said
    assert "make an app password" in said
    assert "clock and Bluesky's agree" in said
    assert "make an app password" not in " ".join(stage.network.advice())
    assert stage.world.brand.password not in said


# python -m bot connect bluesky


@dataclass
class Terminal:
    answers: list[str]
    redirect: str = ""
    server: str | None = None
    said: list[str] = field(default_factory=list)

    def say(self, sentence):
        self.said.append(sentence)

    def ask(self, question):
        self.said.append(question)
        return self.answers.pop(0)

    def ask_secret(self, question):
        self.said.append(question)
        return self.answers.pop(0)

    def wait_for_code(self, request, page):
        raise AssertionError("there is no page to consent on")


class Kept:
    """The ledger's store, in memory."""

    def __init__(self, renew):
        self.renew, self.pair, self.account = renew, None, None

    def connect(self, pair):
        self.pair = pair

    def forget(self):
        self.pair = None

    def current(self):
        from datetime import UTC, datetime

        return AccessToken(self.pair.access, datetime(2026, 3, 1, tzinfo=UTC), self.account)

    def replacement_for(self, refused):
        self.pair = self.renew(self.pair.refresh)
        return self.current()

    def set_account(self, token, account):
        self.account = account

    def status_text(self):
        return "connected."


def connect(stage, *answers):
    terminal, kept = Terminal(list(answers)), []

    def opener(renew):
        kept.append(Kept(renew))
        return kept[-1]

    return registration.connect(settings(stage), terminal, opener), terminal, kept


def test_connecting_keeps_the_session_and_not_the_password(stage):
    password = stage.world.app_password("acmebrew.test", "connect")

    connected, terminal, (kept,) = connect(stage, "@acmebrew.test", password)

    assert connected.network.account().id == stage.us
    assert kept.account.id == stage.us
    assert password not in repr(vars(kept)) + repr(terminal.said)
    assert kept.pair.lifetime_seconds == 7200


def test_a_kept_session_is_renewed_and_used_in_another_process(stage):
    _, _, (kept,) = connect(stage, "acmebrew.test", stage.world.app_password("acmebrew.test", "connect"))
    stage.world.sessions.end_all(stage.us)
    api = SessionApi(stage.server.url, CallLimits())
    kept.renew = lambda refresh: api.renew(refresh).pair

    network = BlueskyNetwork(settings(stage), api=api, tokens=kept)

    assert network.people([stage.us])
    assert network.account().handle == "acmebrew.test"


def test_a_revoked_app_password_ends_the_kept_session(stage):
    _, _, (kept,) = connect(stage, "acmebrew.test", stage.world.app_password("acmebrew.test", "connect"))
    stage.world.revoke_app_password("acmebrew.test", "connect")

    with pytest.raises(GrantRefusedError, match="revoked"):
        kept.renew(kept.pair.refresh)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (("acmebrew", "x"), "is no handle"),
        (("acmebrew.test", " "), "no app password"),
        (("acmebrew.test", "wr0ng-s3cret"), "does not accept the handle and app password"),
        (("stranger.test", "wr0ng-s3cret"), "does not accept the handle and app password"),
    ],
)
def test_a_failed_log_in_keeps_nothing_and_says_why(stage, answers, why):
    with pytest.raises(ConnectFailedError, match=why) as failed:
        connect(stage, *answers)

    assert "s3cret" not in str(failed.value)


def test_an_account_of_the_environment_is_named_as_such(stage):
    password = stage.world.app_password("acmebrew.test", "connect")
    terminal = Terminal(["acmebrew.test", password])
    known = settings(stage, handle="AcmeBrew.test", app_password=SecretStr("x"))

    connected = registration.connect(known, terminal, Kept)

    assert "BLUESKY_HANDLE" in connected.unused_because


def test_settings_name_what_is_missing_and_hide_what_is_secret(stage):
    half = settings(stage, handle="acmebrew.test")

    assert half.problem == "BLUESKY_APP_PASSWORD not set"
    assert not settings(stage).is_configured
    whole = settings(stage, handle="@acmebrew.test", app_password=SecretStr("xxxx-s3cret"))
    assert (whole.identifier, whole.problem) == ("acmebrew.test", None)
    assert "s3cret" not in repr(whole)
    with pytest.raises(ValueError, match="address"):
        BlueskySettings(_env_file=None, url="https://bsky.social/xrpc")
