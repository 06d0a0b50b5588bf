"""X's tokens in the ledger: one refresher at a time, nothing used before it is kept, nothing lost in silence."""

import json
import logging
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bot.networks.errors import Later, WrongAccount
from bot.networks.oauth2 import TokenPair
from bot.networks.values import AccountIdentity, Position, ReplyTarget
from bot.networks.x.client import XNetwork
from bot.networks.x.oauth import OAuth2Client
from bot.networks.x.settings import XSettings
from bot.runtime import token_store as room
from bot.runtime.encryption import DecryptionError, Keyring
from bot.runtime.token_store import TokenStore, reencrypt_all
from models import Credential
from models.core.database import BusyError, Database
from sandbox.x import XServer, XWorld
from sandbox.x.state import oauth_grants as sandbox_grants
from tests.bot.room import Clock, together
from tests.patience import CALL_LIMITS
from tests.story.harness import eventually

TOKEN = "POST /2/oauth2/token"
SECRET = SecretStr("client-s3cret")
KEY = SecretStr("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=")
ROOT = Path(__file__).parents[3]
HOUR = timedelta(hours=1)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as database:
        yield database


@pytest.fixture
def app(x: XServer) -> sandbox_grants.Client:
    return x.world.grants.add_client("heard", SECRET.get_secret_value())


@pytest.fixture
def world(x: XServer) -> XWorld:
    return x.world


Make = Callable[..., TokenStore]


@pytest.fixture
def make(db: Database, x: XServer, app: sandbox_grants.Client, clock: Clock) -> Make:
    """Tokens as a process has them: on the same ledger, with keys of its own."""

    def make(*keys: SecretStr, database: Database = db, secret: SecretStr = SECRET) -> TokenStore:
        oauth = OAuth2Client("heard", secret, x.url, CALL_LIMITS)
        keyring = Keyring(keys or [KEY], {})
        return TokenStore(database, keyring, "x", "X", clock, oauth.renew, credential_id=first_id(db))

    return make


@pytest.fixture
def tokens(make: Make, world: XWorld, app: sandbox_grants.Client) -> TokenStore:
    """Connected just now."""
    made = make()
    made.connect(pair(world, app))
    return made


def pair(world: XWorld, app: sandbox_grants.Client) -> TokenPair:
    given = world.grants.grant(app)
    return TokenPair(SecretStr(given.access), SecretStr(given.refresh), 7200, frozenset())


def first_id(db: Database) -> int | None:
    """The account that was connected first, if there is one."""
    with db.read() as session:
        return next((one.id for one in Credential.all(session)), None)


@pytest.fixture
def connect_again(
    db: Database, make: Make, world: XWorld, app: sandbox_grants.Client
) -> Callable[[], TokenPair]:
    """Somebody connects the account of the first row again, in another process; what they get."""

    def connect() -> TokenPair:
        given, other = pair(world, app), make()
        with db.write() as session:
            Credential.all(session)[0].set_account(session, "42", "acmebrew")
        other.connect(given)
        other.set_account(other.current(), AccountIdentity("x", "42", "acmebrew", "Acme Brew"))
        with db.read() as session:
            assert len(Credential.all(session)) == 1
        return given

    return connect


def row(db: Database) -> Credential:
    with db.read() as session:
        return Credential.all(session)[0]


def why(call: Callable[[], object]) -> Later:
    with pytest.raises(Later) as failed:
        call()
    return failed.value


def good(world: XWorld, tokens: TokenStore) -> bool:
    """Whether X takes what the tokens give."""
    return world.grants.admits(tokens.current().secret.get_secret_value())


# --- renewing ahead -----------------------------------------------------------------------------------------


def test_a_token_serves_until_ten_minutes_before_its_end_and_is_then_renewed(
    tokens: TokenStore, world: XWorld, clock: Clock
) -> None:
    first = tokens.current()
    clock.pass_by(minutes=109)
    assert tokens.current() == first
    clock.pass_by(minutes=1)

    second = tokens.current()

    assert second != first
    assert world.grants.renewals == 1
    assert tokens.current() == second
    assert good(world, tokens)


def test_for_days_one_renewal_follows_the_other(tokens: TokenStore, world: XWorld, clock: Clock) -> None:
    for _ in range(48):
        clock.pass_by(hours=1)
        assert good(world, tokens)

    assert world.grants.renewals == 24


def test_after_a_long_sleep_the_refresh_token_still_serves(
    tokens: TokenStore, world: XWorld, clock: Clock
) -> None:
    clock.pass_by(days=30)

    assert good(world, tokens)


# --- one refresher ------------------------------------------------------------------------------------------


def test_threads_and_workers_that_need_a_new_token_at_once_get_it_by_one_renewal(
    tokens: TokenStore, make: Make, world: XWorld, clock: Clock, database_url: str
) -> None:
    clock.pass_by(hours=2)
    with closing(Database(database_url)) as elsewhere:
        other = make(database=elsewhere)
        found: list[str] = []

        def ask(whose: TokenStore) -> Callable[[], None]:
            return lambda: found.append(whose.current().secret.get_secret_value())

        raised = together(*[ask(tokens), ask(other)] * 4)

    assert [error for error in raised if error] == []
    assert len(set(found)) == 1
    assert world.grants.renewals == 1
    assert world.counts[TOKEN] == 1


def test_while_one_renews_the_old_token_serves_the_others_at_once(
    tokens: TokenStore, make: Make, world: XWorld, clock: Clock, db: Database
) -> None:
    old = tokens.current()
    clock.pass_by(minutes=111)
    with db.write() as session:
        assert Credential.lock(session, first_id(db)).lease(at=clock())

    assert make().current() == old
    assert world.counts[TOKEN] == 0


def test_no_transaction_is_open_during_the_call(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database
) -> None:
    """While X takes its time, anybody else may write, the very row included."""
    clock.pass_by(hours=2)
    slow = world.faults.add(TOKEN, "slow_before", times=1, seconds=60)
    renewing = threading.Thread(target=tokens.current)
    renewing.start()
    eventually(lambda: slow.times == 0)

    with db.write(1.0) as session:
        assert Credential.lock(session, first_id(db)).tries == 1
    slow.release()
    renewing.join(120)

    assert good(world, tokens)


REFRESHER = """
import sys
from datetime import UTC, datetime
from pydantic import SecretStr
from bot.networks.x.oauth import OAuth2Client
from bot.runtime.token_store import TokenStore
from bot.runtime.encryption import Keyring
from models.core.database import BusyError, Database

url, api, key, secret, crash = sys.argv[1:]
oauth = OAuth2Client("heard", SecretStr(secret), api)
if crash == "crash":
    import os
    renew = oauth.renew
    oauth.renew = lambda refresh: (renew(refresh), os.kill(os.getpid(), 9))
db = Database(url)
keyring, now = Keyring([SecretStr(key)], {}), lambda: datetime.now(UTC)
tokens = TokenStore(db, keyring, "x", "X", now, oauth.renew, credential_id=1)
print("ready", flush=True)
sys.stdin.readline()
print(tokens.current().secret.get_secret_value(), flush=True)
"""


def refresher(url: str, api: str, crash: str = "") -> "subprocess.Popen[str]":
    """A process of its own that asks for the token as soon as it is told to."""
    given = [url, api, KEY.get_secret_value(), SECRET.get_secret_value(), crash]
    return subprocess.Popen(
        [sys.executable, "-c", REFRESHER, *given],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_two_processes_that_renew_at_once_lead_to_one_renewal(
    make: Make, world: XWorld, database_url: str, x: XServer, clock: Clock
) -> None:
    clock.now, tokens = datetime.now(UTC), make()
    tokens.connect(TokenPair(*_spent_in(world), 0, frozenset()))
    processes = [refresher(database_url, x.url) for _ in range(2)]
    try:
        for one in processes:
            assert one.stdout.readline() == "ready\n"
        for one in processes:
            go(one)
        printed = [one.communicate(timeout=120)[0].strip() for one in processes]
    finally:
        for one in processes:
            one.kill()
            one.wait()

    assert world.grants.renewals == 1
    assert world.counts[TOKEN] == 1
    assert printed[0] == printed[1] != ""
    assert world.grants.admits(printed[0])


def _spent_in(world: XWorld) -> tuple[SecretStr, SecretStr]:
    given = world.grants.grant(world.grants.client("heard"))
    return SecretStr(given.access), SecretStr(given.refresh)


# --- lost answers -------------------------------------------------------------------------------------------

LOST = ["answer_lost_after", "reset", "server_error_after", "truncated", "garbled"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_tried_once_more_and_the_refusal_of_that_is_told(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database, fault: str
) -> None:
    clock.pass_by(hours=2)
    world.faults.add(TOKEN, fault, times=1)

    lost = why(tokens.current)
    refused = why(tokens.current)

    assert lost.cause == "unreachable"
    assert refused.cause == "unauthorized"
    assert refused.detail == (
        "A response from X was lost while our sign-in was being renewed, and now X no longer accepts our sign-in "
        "(HTTP 400, invalid_grant): run `python -m bot connect x`."
    )
    assert row(db).disconnected_at == clock()
    assert world.counts[TOKEN] == 2


def test_once_refused_x_is_not_asked_again(tokens: TokenStore, world: XWorld, clock: Clock) -> None:
    clock.pass_by(hours=2)
    world.grants.revoke()
    told = why(tokens.current).detail

    for _ in range(5):
        clock.pass_by(hours=1)
        assert why(tokens.current).detail == told
        assert why(lambda: tokens.replacement_for(None)).detail == told

    assert world.counts[TOKEN] == 1
    assert told.startswith("X no longer accepts our sign-in (HTTP 400, invalid_grant)")


def test_a_lost_answer_that_x_gives_again_does_no_harm(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database
) -> None:
    world.grants.grace = timedelta(minutes=1)
    clock.pass_by(hours=2)
    world.faults.add(TOKEN, "answer_lost_after", times=1)
    why(tokens.current)

    assert good(world, tokens)
    assert row(db).tries == 0


def test_a_request_that_was_lost_has_spent_nothing(tokens: TokenStore, world: XWorld, clock: Clock) -> None:
    clock.pass_by(hours=2)
    world.faults.add(TOKEN, "answer_lost_before", times=1)
    why(tokens.current)

    assert good(world, tokens)


def test_when_answers_go_on_being_lost_x_is_asked_at_a_slower_pace(
    tokens: TokenStore, world: XWorld, clock: Clock
) -> None:
    clock.pass_by(hours=2)
    world.faults.add(TOKEN, "server_error_before", times=3)
    for _ in range(10):
        failed = why(tokens.current)

    assert world.counts[TOKEN] == 2
    assert "If this continues, run `python -m bot connect x`." in failed.detail
    assert failed.at == clock() + room.RENEW_RETRY_DELAY
    clock.pass_by(seconds=30)
    why(tokens.current)
    assert world.counts[TOKEN] == 3
    clock.pass_by(seconds=30)
    assert good(world, tokens)


def test_while_renewing_ahead_fails_the_old_token_serves(
    tokens: TokenStore, world: XWorld, clock: Clock
) -> None:
    old = tokens.current()
    clock.pass_by(minutes=111)
    world.faults.add("*", "down")

    assert tokens.current() == old
    clock.pass_by(minutes=9)
    assert why(tokens.current).cause == "unreachable"
    world.faults.clear()
    clock.pass_by(minutes=1)
    assert good(world, tokens)


def test_x_that_is_down_for_hours_ends_nothing(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database
) -> None:
    world.faults.add("*", "down")
    for _ in range(20):
        clock.pass_by(minutes=30)
        if clock() - row(db).connected_at >= timedelta(hours=2):
            assert why(tokens.current).cause == "unreachable"
    world.faults.clear()
    clock.pass_by(minutes=1)

    assert row(db).tries == 0
    assert good(world, tokens)


def test_a_crash_between_the_answer_and_the_ledger_counts_as_a_lost_answer(  # noqa: PLR0917
    make: Make, world: XWorld, database_url: str, x: XServer, clock: Clock, db: Database
) -> None:
    clock.now, tokens = datetime.now(UTC), make()
    tokens.connect(TokenPair(*_spent_in(world), 0, frozenset()))
    with refresher(database_url, x.url, "crash") as process:
        go(process)
        assert process.wait(120) == -signal.SIGKILL
    assert (world.grants.renewals, row(db).tries) == (1, 1)

    assert (
        why(tokens.current).detail == "Our sign-in to X is being renewed right now."
    )  # the dead one's lease
    clock.pass_by(seconds=60)
    refused = why(tokens.current)

    assert refused.cause == "unauthorized"
    assert refused.detail.startswith("A response from X was lost while our sign-in was being renewed")
    assert world.counts[TOKEN] == 2


# --- a token that X does not take ---------------------------------------------------------------------------


def test_a_token_that_x_ends_early_is_renewed_by_whoever_meets_that_first(
    tokens: TokenStore, make: Make, world: XWorld, clock: Clock
) -> None:
    old = tokens.current()
    clock.pass_by(minutes=20)
    world.grants.expire()

    new = tokens.replacement_for(old)

    assert make().replacement_for(old) == new != old
    assert world.grants.renewals == 1
    assert good(world, tokens)


def test_a_token_that_x_refuses_at_once_is_not_renewed_for_ever(
    tokens: TokenStore, world: XWorld, clock: Clock
) -> None:
    given = tokens.current()

    refused = why(lambda: tokens.replacement_for(given))

    assert refused.cause == "unauthorized"
    assert "run `python -m bot connect x`" in refused.detail
    assert world.counts[TOKEN] == 0


def test_through_x_an_early_end_is_mended_without_anybody_noticing(
    tokens: TokenStore, world: XWorld, clock: Clock, x: XServer
) -> None:
    known = XSettings(_env_file=None, api_url=x.url, client_id="heard", client_secret="client-s3cret")
    network = XNetwork(known, CALL_LIMITS, tokens=tokens)
    assert network.account().handle == "acmebrew"
    clock.pass_by(minutes=20)
    world.grants.expire()

    assert network.people([world.brand.id])[0].handle == "acmebrew"
    assert world.grants.renewals == 1


# --- other trouble ------------------------------------------------------------------------------------------


def test_before_anybody_has_connected_it_says_what_to_run(make: Make) -> None:
    for call in (make().current, lambda: make().replacement_for(None)):
        failed = why(call)
        assert failed.cause == "unauthorized"
        assert failed.detail == "X is not connected yet: run `python -m bot connect x`."


def test_what_another_process_connects_holds_from_the_next_call_on(
    tokens: TokenStore, connect_again: Callable[[], TokenPair], world: XWorld, clock: Clock
) -> None:
    clock.pass_by(hours=2)
    world.grants.revoke()
    why(tokens.current)

    connect_again()

    assert good(world, tokens)


def test_who_connects_while_the_old_pair_is_being_refused_is_not_disconnected(
    tokens: TokenStore, connect_again: Callable[[], TokenPair], world: XWorld, clock: Clock
) -> None:
    clock.pass_by(hours=2)
    world.grants.revoke()
    slow = world.faults.add(TOKEN, "slow", times=1, seconds=60)
    found: list[str] = []
    asking = threading.Thread(target=lambda: found.append(tokens.current().secret.get_secret_value()))
    asking.start()
    eventually(lambda: slow.times == 0)
    connect_again()
    slow.release()
    asking.join(120)

    assert world.grants.admits(found[0])
    assert good(world, tokens)


def test_who_connects_while_the_old_pair_is_being_renewed_is_not_overwritten(
    tokens: TokenStore, connect_again: Callable[[], TokenPair], world: XWorld, clock: Clock
) -> None:
    clock.pass_by(hours=2)
    slow = world.faults.add(TOKEN, "slow", times=1, seconds=60)
    asking = threading.Thread(target=tokens.current)
    asking.start()
    eventually(lambda: slow.times == 0)
    newest = connect_again()
    slow.release()
    asking.join(120)

    assert tokens.current().secret == newest.access


def test_a_wrong_client_secret_spends_nothing_and_is_named(
    tokens: TokenStore, make: Make, world: XWorld, clock: Clock
) -> None:
    clock.pass_by(hours=2)

    failed = why(make(secret=SecretStr("wr0ng")).current)

    assert failed.cause == "unauthorized"
    assert "X_CLIENT_SECRET" in failed.detail
    clock.pass_by(minutes=1)
    assert good(world, tokens)


def test_a_ledger_that_does_not_answer_is_later_and_not_a_crash(tokens: TokenStore, make: Make) -> None:
    nowhere = Database("sqlite:////nowhere/at/all.db")

    failed = why(make(database=nowhere).current)

    assert failed.cause == "unreachable"
    assert "OperationalError" in failed.detail
    assert "the account is unknown" in make(database=nowhere).status_text()


def test_a_pair_that_the_ledger_cannot_take_yet_is_kept_back_and_written_later(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger goes away while X answers: until the pair is written down nobody gets to see it."""
    clock.pass_by(hours=2)
    renew = tokens._call_renew

    def renew_and_cut(refresh: SecretStr) -> TokenPair:
        given = renew(refresh)
        monkeypatch.setattr(tokens, "_db", Database("sqlite:////nowhere/at/all.db"))
        return given

    monkeypatch.setattr(tokens, "_call_renew", renew_and_cut)
    assert why(tokens.current).cause == "unreachable"
    assert why(tokens.current).cause == "unreachable"
    monkeypatch.setattr(tokens, "_db", db)

    assert good(world, tokens)
    assert world.grants.renewals == 1
    assert row(db).tries == 0


# --- at rest ------------------------------------------------------------------------------------------------

NEW = SecretStr("WllYV1ZVVFNSUVBPTk1MS0pJSEdGRURDQkFhYmNkZWY=")


def test_the_ledger_holds_no_token_that_could_be_read(
    tokens: TokenStore, world: XWorld, clock: Clock, db: Database
) -> None:
    clock.pass_by(hours=2)
    tokens.current()

    with db.read() as session:
        kept = json.dumps([list(map(str, one)) for one in session.execute(select(*Credential.__table__.c))])
    for grant in world.grants._grants:
        for one in grant.pairs:
            assert one.access not in kept
            assert one.refresh not in kept


def test_after_rotating_the_old_key_is_of_no_use_and_the_bot_goes_on(
    tokens: TokenStore, make: Make, db: Database
) -> None:
    given = tokens.current()
    both = Keyring([NEW, KEY], {})

    assert reencrypt_all(db, both) == {"x": Keyring([KEY], {}).key_id}

    assert make(NEW).current() == given
    assert make(NEW, KEY).current() == given
    assert row(db).key_id == both.key_id
    assert reencrypt_all(db, both) == {"x": both.key_id}


def test_rotating_without_the_old_key_changes_nothing(tokens: TokenStore, db: Database) -> None:
    before = row(db).sealed

    with pytest.raises(DecryptionError):
        reencrypt_all(db, Keyring([NEW], {}))

    assert row(db).sealed == before


def test_keys_that_open_nothing_are_told_and_are_no_crash(
    tokens: TokenStore, make: Make, db: Database
) -> None:
    given, key_id = tokens.current(), row(db).key_id

    failed = why(make(NEW).current)

    assert failed.cause == "unauthorized"
    assert failed.detail == (
        f"Our sign-in to X cannot be read; its key {key_id} is missing: add it to ENCRYPTION_KEYS again, or run `python -m bot connect x`."
    )
    assert make(KEY).current() == given


def test_a_renewal_seals_with_the_newest_key(
    tokens: TokenStore, make: Make, clock: Clock, db: Database
) -> None:
    clock.pass_by(hours=2)
    make(NEW, KEY).current()

    assert row(db).key_id == Keyring([NEW], {}).key_id


def test_no_secret_is_ever_logged_or_shown(
    tokens: TokenStore, make: Make, world: XWorld, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    shown = [repr(tokens), tokens.status_text()]
    with caplog.at_level(logging.DEBUG):
        for fault in (None, "answer_lost_before", "server_error_before", "rate_limited", "down"):
            clock.pass_by(hours=2)
            if fault:
                world.faults.add(TOKEN, fault, times=1)
            for _ in range(2):
                try:
                    shown.append(repr(tokens.current()))
                except Later as later:
                    shown.append(repr(later) + str(later) + later.detail)
        clock.pass_by(hours=2)
        world.grants.revoke()
        shown.append(why(tokens.current).detail)
    secrets = [
        one for grant in world.grants._grants for pair in grant.pairs for one in (pair.access, pair.refresh)
    ]

    assert len(secrets) > 4
    assert caplog.text
    for secret in (*secrets, SECRET.get_secret_value(), KEY.get_secret_value()):
        assert not re.search(re.escape(secret), caplog.text + "".join(shown))


# --- what the doctor says -----------------------------------------------------------------------------------


def test_it_says_who_is_connected_and_under_which_key(tokens: TokenStore, make: Make, db: Database) -> None:
    tokens.set_account(tokens.current(), AccountIdentity("x", "42", "acmebrew", "Acme Brew"))
    key_id = row(db).key_id

    assert tokens.status_text() == (
        f"signs in with OAuth 2.0, connected as @acmebrew on 2026-03-02; "
        f"its tokens are encrypted with key {key_id} (today's key is {key_id}, from ENCRYPTION_KEYS)."
    )


def test_it_says_that_nobody_has_connected_it(make: Make) -> None:
    assert make().status_text() == (
        "is set up for OAuth 2.0 but not connected yet: run `python -m bot connect x`."
    )


# --- whose they are -----------------------------------------------------------------------------------------


@pytest.fixture
def connect_beside(make: Make, world: XWorld, app: sandbox_grants.Client) -> Callable[[str], None]:
    """Another process connects an account of that name."""

    def connect(handle: str) -> None:
        user = world.find_user(handle) or world.add_user(handle, handle.title())
        given = world.grants.grant(app, user_id=user.id)
        make().connect(TokenPair(SecretStr(given.access), SecretStr(given.refresh), 7200, frozenset()))

    return connect


@pytest.fixture
def on_tokens(x: XServer) -> Callable[[TokenStore], XNetwork]:
    """X as a process speaks to it."""

    def signed(tokens: TokenStore) -> XNetwork:
        known = XSettings(_env_file=None, api_url=x.url, client_id="heard", client_secret="client-s3cret")
        return XNetwork(known, CALL_LIMITS, tokens=tokens)

    return signed


def test_x_is_asked_once_after_connecting_and_every_process_knows_from_then_on(
    tokens: TokenStore, make: Make, world: XWorld, db: Database, on_tokens: Callable[..., XNetwork]
) -> None:
    us = world.brand.id
    list(on_tokens(tokens).own_posts(Position(world.clock().isoformat()), account_id=us))

    other = on_tokens(make())
    with pytest.raises(WrongAccount, match=r"belong to @acmebrew \(\d+\), not to 7"):
        other.delete("12", account_id="7")
    other.delete("12", account_id=us)

    assert (row(db).account_id, row(db).handle) == (us, "acmebrew")
    assert world.counts["GET /2/users/me"] == 1


def test_a_renewal_does_not_make_us_ask_again(
    tokens: TokenStore, world: XWorld, clock: Clock, on_tokens: Callable[..., XNetwork]
) -> None:
    network = on_tokens(tokens)
    for _ in range(3):
        network.delete("12", account_id=world.brand.id)
        clock.pass_by(hours=2)

    assert world.grants.renewals == 2
    assert world.counts["GET /2/users/me"] == 1


def test_an_account_that_is_connected_beside_ours_leaves_it_as_it_is(
    tokens: TokenStore,
    connect_beside: Callable[[str], None],
    world: XWorld,
    on_tokens: Callable[..., XNetwork],
    db: Database,
) -> None:
    network = on_tokens(tokens)
    assert network.account().handle == "acmebrew"

    connect_beside("acmetea")

    network.delete("12", account_id=world.brand.id)
    assert world.counts["DELETE /2/tweets/:id"] == 1
    assert network.account().handle == "acmebrew"
    with db.read() as session:
        assert [one.handle for one in Credential.all(session)] == ["acmebrew", None]


def test_an_account_that_is_connected_while_x_says_who_we_are_is_not_taken_for_it(
    tokens: TokenStore,
    connect_beside: Callable[[str], None],
    world: XWorld,
    on_tokens: Callable[..., XNetwork],
    db: Database,
) -> None:
    """The answer about our account comes after another one was connected: it says nothing of that."""
    network = on_tokens(tokens)
    slow = world.faults.add("GET /2/users/me", "slow", times=1, seconds=60)
    asking = threading.Thread(target=network.account)
    asking.start()
    eventually(lambda: slow.times == 0)
    connect_beside("acmetea")
    slow.release()
    asking.join(120)

    assert "connected as @acmebrew" in tokens.status_text()
    with db.read() as session:
        assert [one.handle for one in Credential.all(session)] == ["acmebrew", None]


def test_a_token_that_ends_while_another_account_is_connected_is_not_replaced_by_its(
    tokens: TokenStore,
    connect_beside: Callable[[str], None],
    x: XServer,
    clock: Clock,
    on_tokens: Callable[..., XNetwork],
) -> None:
    """The 401 of the old token leads to a new one of the same account, never to another's."""
    world = x.world
    network, us = on_tokens(tokens), world.brand.id
    asker = world.post("maria", "@acmebrew hello")
    network.account()
    clock.pass_by(minutes=20)
    slow = world.faults.add("POST /2/tweets", "slow", times=1, seconds=60)
    raised: list[Exception] = []

    def publish() -> None:
        try:
            to = ReplyTarget(asker.id, asker.author_id, "maria", clock())
            network.publish("hi", to, "key", account_id=us)
        except Later as later:
            raised.append(later)

    world.grants.expire()
    asking = threading.Thread(target=publish)
    asking.start()
    eventually(lambda: slow.times == 0)
    connect_beside("acmetea")
    slow.release()
    asking.join(120)

    assert raised == []
    assert [one.author_id for one in world.conversation(asker.id)] == [asker.author_id, us]


def test_a_ledger_that_does_not_take_the_name_is_no_reason_to_stop(
    tokens: TokenStore,
    make: Make,
    world: XWorld,
    on_tokens: Callable[..., XNetwork],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise BusyError("busy")

    network = on_tokens(tokens)
    monkeypatch.setattr(Credential, "set_account", broken)

    network.delete("12", account_id=world.brand.id)
    network.delete("12", account_id=world.brand.id)

    assert world.counts["GET /2/users/me"] == 1
