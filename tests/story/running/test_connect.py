"""`python -m bot connect x` and `rotate-keys` as real processes, beside a running bot."""

import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.fernet import Fernet

from sandbox.slack.workspace.message import Message
from sandbox.x import XServer
from tests.forked_bot import Forked, run
from tests.stage import free_port
from tests.story.harness import CHANNEL, Stage, eventually, seen
from tests.story.process import START, environment, process, worlds

CLIENT_SECRET = "client-s3cret-4715"
NO_KEYS = dict.fromkeys(("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "")

BROWSER = '''
"""A browser with a person in front of it who authorizes whatever is asked."""
import re, sys, urllib.parse, urllib.request
page = urllib.request.urlopen(sys.argv[2], timeout=120)
fields = dict(re.findall(r'name="(\\w+)" value="([^"]*)"', page.read().decode()))
form = urllib.parse.urlencode(fields | {"decision": "yes"}).encode()
landed = urllib.request.urlopen(page.url.partition("?")[0], form, timeout=120)
open(sys.argv[1], "w").write(landed.read().decode())
'''


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        stage.x.world.grants.add_client("heard", CLIENT_SECRET)
        yield stage


def surroundings(stage: Stage, url: str, **more: str) -> dict[str, str]:
    oauth2 = {"X_CLIENT_ID": "heard", "X_CLIENT_SECRET": CLIENT_SECRET}
    return environment(stage, url, **NO_KEYS, **oauth2) | more


class Connecting:
    """`python -m bot connect x`, at a terminal."""

    def __init__(self, env: dict[str, str], home: Path, *options: str) -> None:
        self.port = free_port()
        self._log = home / f"connect-{self.port}.log"
        with self._log.open("wb") as log:
            words = ["connect", "x", "--port", str(self.port), *options]
            self._running = Forked(words, env=env, home=home, out=log, err=log, has_input=True)

    @property
    def said(self) -> str:
        return self._log.read_text()

    @property
    def page(self) -> str:
        """The address that it prints, once the door behind it is open."""
        eventually(lambda: "press Enter" in self.said, within=START)
        return re.search(r"^(http\S+authorize\S+)$", self.said, re.MULTILINE)[1]

    def paste(self, words: str) -> None:
        assert self._running.stdin is not None
        self._running.stdin.write(f"{words}\n".encode())
        self._running.stdin.flush()

    def end(self) -> int:
        return self._running.wait(START)

    def kill(self) -> None:
        self._running.kill()
        self._running.wait()
        assert self._running.stdin is not None
        self._running.stdin.close()


@pytest.fixture
def connecting(tmp_path: Path) -> Iterator:
    started = []

    def start(env: dict[str, str], *options: str) -> Connecting:
        started.append(Connecting(env, tmp_path, *options))
        return started[-1]

    yield start
    for one in started:
        one.kill()


class NoFollow(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def redirected(page: str, decision: str = "yes") -> str:
    """Where the consent page sends a browser that runs somewhere else."""
    with urllib.request.urlopen(page, timeout=120) as form:
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.read().decode()))
    data = urlencode(fields | {"decision": decision}).encode()
    with pytest.raises(urllib.error.HTTPError) as moved:
        urllib.request.build_opener(NoFollow).open(page.partition("?")[0], data, timeout=120)
    with moved.value:
        return moved.value.headers["location"]


def secrets_in(x: XServer, *texts: str) -> list[str]:
    """Which secrets stand in any of `texts`."""
    pairs = [pair for grant in x.world.grants._grants for pair in grant.pairs]
    known = [CLIENT_SECRET, *(one for pair in pairs for one in (pair.access, pair.refresh))]
    return [one for one in known if any(one in text for text in texts)]


def doctor(env: dict[str, str], home: Path) -> str:
    with process("doctor", env, home) as running:
        running.end()
        return running.log


def with_browser(env: dict[str, str], home: Path) -> dict[str, str]:
    (home / "browser.py").write_text(BROWSER)
    return env | {"BROWSER": f"{sys.executable} {home / 'browser.py'} {home / 'landed.html'} %s"}


# --- two ways to connect ------------------------------------------------------------------------------------


def test_on_a_laptop_the_browser_brings_the_answer(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url)

    connected = connecting(with_browser(env, tmp_path))

    assert connected.end() == 0, connected.said
    assert (
        "Connected: Heard is signed in as @acmebrew on X. Its mentions appear in C0MENTIONS."
        in connected.said
    )
    assert "You can close this page" in (tmp_path / "landed.html").read_text()
    said = doctor(env, tmp_path)
    assert "ok    X: signed in as @acmebrew." in said
    assert "note  X: signs in with OAuth 2.0, connected as @acmebrew on" in said
    assert secrets_in(stage.x, connected.said, said) == []


@pytest.mark.parametrize("what", ["address", "code"])
def test_on_a_server_a_person_brings_it(
    stage: Stage, database_url: str, tmp_path: Path, connecting, what: str
) -> None:
    connected = connecting(surroundings(stage, database_url))
    landed = redirected(connected.page)

    connected.paste(landed if what == "address" else parse_qs(urlsplit(landed).query)["code"][0])

    assert connected.end() == 0, connected.said
    assert (
        "Connected: Heard is signed in as @acmebrew on X. Its mentions appear in C0MENTIONS."
        in connected.said
    )
    assert secrets_in(stage.x, connected.said) == []


def test_a_public_client_needs_no_secret(stage: Stage, database_url: str, tmp_path: Path, connecting) -> None:
    stage.x.world.grants.add_client("public")
    env = surroundings(stage, database_url, X_CLIENT_ID="public", X_CLIENT_SECRET="")
    connected = connecting(env)

    connected.paste(redirected(connected.page))

    assert connected.end() == 0, connected.said
    assert "from SLACK_BOT_TOKEN)" in doctor(env, tmp_path)


# --- what is not taken --------------------------------------------------------------------------------------


def test_an_answer_to_another_question_is_not_taken_by_either_way(
    stage: Stage, database_url: str, connecting
) -> None:
    connected = connecting(surroundings(stage, database_url))
    landed = redirected(connected.page)
    forged = re.sub(r"state=[^&]+", "state=forged", landed)

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(forged, timeout=120)
    with refused.value:
        assert refused.value.code == 400
    connected.paste(forged)
    eventually(lambda: "its state is missing or different. Try again." in connected.said)

    with urllib.request.urlopen(landed, timeout=120) as taken:
        assert "Heard has received the response" in taken.read().decode()
    assert connected.end() == 0, connected.said


def test_a_no_ends_it(stage: Stage, database_url: str, tmp_path: Path, connecting) -> None:
    env = surroundings(stage, database_url)
    connected = connecting(env)

    connected.paste(redirected(connected.page, "no"))

    assert connected.end() == 1
    assert connected.said.endswith("X is not connected: the response was access_denied.\n")
    assert "BAD   X: X is not connected yet: run `python -m bot connect x`.\n" in doctor(env, tmp_path)


def test_a_code_that_came_too_late_ends_it(stage: Stage, database_url: str, connecting) -> None:
    connected = connecting(surroundings(stage, database_url))

    connected.paste("VGNibzFWSWREZm01bjN1N3dicWlNUG1oa2xRRVNN")

    assert connected.end() == 1
    assert "X rejected that code (HTTP 400, invalid_request)" in connected.said


def test_an_answer_of_x_that_is_lost_ends_it_with_a_sentence(
    stage: Stage, database_url: str, connecting
) -> None:
    stage.x.world.faults.add("POST /2/oauth2/token", "answer_lost_after", times=1)
    connected = connecting(surroundings(stage, database_url))

    connected.paste(redirected(connected.page))

    assert connected.end() == 1
    assert "X is not connected: The connection to 127.0.0.1 broke" in connected.said
    assert "Traceback" not in connected.said


def test_a_terminal_that_is_closed_still_leaves_the_browser(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    connected = connecting(surroundings(stage, database_url))
    page = connected.page
    connected._running.stdin.close()

    with urllib.request.urlopen(redirected(page), timeout=120):
        assert connected.end() == 0, connected.said


def test_a_scope_that_is_not_granted_is_named(stage: Stage, database_url: str, connecting) -> None:
    connected = connecting(surroundings(stage, database_url))
    page = connected.page.replace("tweet.write+", "")

    connected.paste(redirected(page))

    assert connected.end() == 0, connected.said
    assert "X did not grant tweet.write" in connected.said


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"X_CLIENT_ID": "", "X_CLIENT_SECRET": ""}, "X_CLIENT_ID is missing"),
        ({"ENCRYPTION_KEYS": "hunter2-hunter2"}, "ENCRYPTION_KEYS is wrong"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "DATABASE_URL"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    stage: Stage, tmp_path: Path, connecting, given: dict[str, str], named: str
) -> None:
    connected = connecting(surroundings(stage, f"sqlite:///{tmp_path}/heard.db") | given)

    assert connected.end() == 1
    assert named in connected.said
    assert len(connected.said.splitlines()) == 1, connected.said
    assert "hunter2" not in connected.said


# --- beside a running bot -----------------------------------------------------------------------------------


def test_a_bot_that_nobody_connected_says_what_to_run_and_goes_on_with_what_connect_brings(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        eventually(lambda: "X is not connected yet: run `python -m bot connect x`." in bot.log)
        post = stage.post("@acmebrew are you there?")

        connected = connecting(env)
        connected.paste(redirected(connected.page))
        assert connected.end() == 0, connected.said

        card = stage.card_of(post)
        eventually(lambda: stage.reply(card, "We are!").closed)
        stage.answered(post, "We are!")
        signs = {one.authorization for one in stage.x.world.requests if one.endpoint == "POST /2/tweets"}
        assert signs == {"Bearer ***"}
        assert bot.stop()[0] == 0
        assert secrets_in(stage.x, bot.log, connected.said) == []
        assert "Traceback" not in bot.log


def test_access_that_x_takes_away_is_announced_once_and_connecting_again_ends_it(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url)
    first = connecting(env)
    first.paste(redirected(first.page))
    assert first.end() == 0, first.said
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        stage.card_of(stage.post("@acmebrew are you there?"))

        stage.x.world.grants.revoke()
        eventually(lambda: said_in(stage, "run `python -m bot connect x`"))
        polls = stage.x.world.counts["GET /2/users/:id/mentions"]
        again = connecting(env)
        again.paste(redirected(again.page))
        assert again.end() == 0, again.said
        stage.card_of(stage.post("@acmebrew and now?"))

        assert len(said_in(stage, "run `python -m bot connect x`")) == 1
        assert stage.x.world.counts["GET /2/users/:id/mentions"] > polls
        assert bot.stop()[0] == 0
        assert secrets_in(stage.x, bot.log) == []


TEA_CHANNEL = "C0TEA"


def card_in(stage: Stage, channel: str, words: str) -> Message | None:
    """The card in that channel with `words` on it, if there is one."""
    with stage.slack.world.lock:
        found = list(stage.slack.world.channel(channel).messages)
    return next((one for one in found if one.metadata and words in str(one.blocks)), None)


def connected_as(stage: Stage, handle: str, connecting, env: dict[str, str], *options: str) -> str:
    """Sign in to X as that account, and run `connect`; what it said."""
    if stage.x.world.find_user(handle) is None:
        stage.x.world.add_user(handle, handle.title())
    stage.x.world.sign_in(handle)
    running = connecting(env, *options)
    running.paste(redirected(running.page))
    assert running.end() == 0, running.said
    assert f"Heard is signed in as @{handle} on X" in running.said
    return running.said


def published(stage: Stage) -> dict[str, list[str]]:
    """What each account was made to say by the API."""
    found: dict[str, list[str]] = {}
    for one in stage.x.world.requests:
        if one.endpoint == "POST /2/tweets":
            found.setdefault(str(one.account), []).append(one.body["text"])
    return found


def bot_says(command: list[str], env: dict[str, str], home: Path) -> tuple[int, str]:
    """Run `python -m bot` with `command`; how it ended, and what it printed."""
    ended = run(command, env, home)
    return ended.returncode, ended.stdout or ended.stderr


def test_a_second_account_that_is_connected_beside_a_running_bot_is_answered_for_by_itself(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url, UNDO_SECONDS="1")
    connected_as(stage, "acmebrew", connecting, env)
    stage.slack.world.add_channel(TEA_CHANNEL, "tea")
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        brew_post = stage.post("@acmebrew are you there?")
        brew = stage.card_of(brew_post)

        connected_as(stage, "acmetea", connecting, env, "--channel", TEA_CHANNEL)

        both = stage.post("Are @acmebrew and @acmetea one house?", author="tom")
        tea = stage.post("@acmetea hello", author="lena")
        tea_card = eventually(lambda: card_in(stage, TEA_CHANNEL, f"/status/{tea.id}"))
        [card] = eventually(  # one, in the channel of whichever account was read first
            lambda: [
                one
                for place in (CHANNEL, TEA_CHANNEL)
                if (one := card_in(stage, place, f"/status/{both.id}"))
            ]
        )
        eventually(lambda: stage.reply(brew, "We are!").closed)
        modal = stage.ana.press(tea_card, "Reply").view
        assert "from @acmetea" in modal.text
        assert modal.fill("Hello, Lena!").submit().closed
        eventually(lambda: published(stage) == {"acmebrew": ["We are!"], "acmetea": ["Hello, Lena!"]})
        assert "Are @acmebrew and @acmetea one house?" in seen(card)
        places = [card_in(stage, place, f"/status/{both.id}") for place in (CHANNEL, TEA_CHANNEL)]
        assert places.count(None) == 1

        code, listed = bot_says(["accounts"], env, tmp_path)
        assert code == 0
        assert [line.split()[1] for line in listed.splitlines()] == ["@acmebrew", "@acmetea"]
        assert f"connected, shown in {TEA_CHANNEL}" in listed
        assert "signed in as @acmebrew" in (said := doctor(env, tmp_path))
        assert "signed in as @acmetea" in said
        assert bot.stop()[0] == 0
        assert "Traceback" not in bot.log


def test_an_account_that_is_disconnected_beside_a_running_bot_sends_nothing_more(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url, UNDO_SECONDS="120")
    connected_as(stage, "acmebrew", connecting, env)
    connected_as(stage, "acmetea", connecting, env)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        brew = stage.card_of(stage.post("@acmebrew are you there?"))
        eventually(lambda: stage.reply(brew, "We are!").closed)
        stage.shows(brew, "[Undo]")
        open_composer = stage.compose(stage.card_of(stage.post("@acmebrew and you?", author="tom")))

        assert bot_says(["track", "add", "search", "kettle", "--account", "acmebrew"], env, tmp_path)[0] == 0
        code, said = bot_says(["disconnect", "@acmebrew"], env, tmp_path)

        assert code == 0
        assert said == (
            "Disconnected: Heard has no credentials for @acmebrew any more. 1 of its replies became drafts. "
            "1 of its searches is not read any more: see `track list`.\n"
        )
        stage.told(brew, "your reply was not sent", "not connected to X as @acmebrew any more", "We are!")
        stage.shows(brew, "Cannot be sent", "[Reply]", without=("[Undo]",))
        errors = open_composer.fill("Yes, here!").submit().errors
        assert "not as @acmebrew" in errors["reply"]
        assert "kept as a draft" in errors["reply"]
        [told] = eventually(lambda: said_in(stage, "for @acmebrew. Until it is connected again"))
        assert "run `python -m bot connect x`" in told
        assert "warn  X: is not connected as @acmebrew, for which 2 conversations are waiting." in doctor(
            env, tmp_path
        )
        code, said = bot_says(["disconnect", "acmebrew"], env, tmp_path)
        assert (code, said) == (
            2,
            "No account called acmebrew is connected. `python -m bot accounts` lists them.\n",
        )

        tea = stage.post("@acmetea hello")  # what is the other account's goes on as ever
        modal = eventually(lambda: stage.compose(stage.card_of(tea)))
        assert "from @acmetea" in modal.text
        assert published(stage) == {}

        connected_as(stage, "acmebrew", connecting, env)
        eventually(lambda: said_in(stage, "X is connected as @acmebrew again"))
        stage.shows(brew, "Waiting", without=("Cannot be sent",))
        assert stage.compose(brew).value() == "We are!"
        assert published(stage) == {}
        assert bot.stop()[0] == 0
        assert "Traceback" not in bot.log


def test_other_keys_and_a_restart_send_nothing_under_the_new_name(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    world = stage.x.world
    tea = world.add_user("acmetea", "Acme Tea")
    world.keys["tea-token"] = tea.id
    env = environment(stage, database_url, X_ACCESS_TOKEN=f"{world.brand.id}-token", UNDO_SECONDS="3")
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        post = stage.post("@acmebrew are you there?")
        card = stage.card_of(post)
        world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
        second = stage.card_of(stage.post("@acmebrew and you?", author="tom"))
        eventually(lambda: stage.reply(second, "Somewhere.").closed)
        stage.shows(second, "didn't confirm")
        eventually(lambda: stage.reply(card, "We are!").closed)
        stage.shows(card, "[Undo]")
        assert bot.stop()[0] == 0

    for token in (f"{tea.id}-token", "tea-token"):
        with process("run", env | {"X_ACCESS_TOKEN": token, "PORT": str(free_port())}, tmp_path) as bot:
            stage.slack.events_url = f"{bot.address}/slack/events"
            stage.told(card, "your reply was not sent", "as @acmetea, not as @acmebrew", "We are!")
            [told] = eventually(lambda: said_in(stage, "2 conversations are waiting for @acmebrew"))
            assert "`X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`" in told
            stage.card_of(stage.post("@acmetea hello", author="lena"))
            assert bot.stop()[0] == 0
            assert "Traceback" not in bot.log

    assert published(stage) == {"acmebrew": ["Somewhere."]}
    stage.shows(second, "didn't confirm")
    with process("run", env | {"PORT": str(free_port())}, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        eventually(lambda: said_in(stage, "X is connected as @acmebrew again"))
        stage.card_of(stage.post("@acmebrew once more", author="olga"))
        assert published(stage) == {"acmebrew": ["Somewhere."]}
        assert stage.compose(card).value() == "We are!"


def said_in(stage: Stage, words: str) -> list[str]:
    """The messages in the channel that hold `words`."""
    with stage.slack.world.lock:
        messages = stage.slack.world.channel(CHANNEL).messages
        return [one.text for one in messages if words in one.text]


def test_on_sqlite_connecting_may_come_first(stage: Stage, tmp_path: Path, connecting) -> None:
    env = surroundings(stage, f"sqlite:///{tmp_path}/new.db")
    connected = connecting(env)
    connected.paste(redirected(connected.page))
    assert connected.end() == 0, connected.said

    with process("run", env, tmp_path) as bot:
        eventually(lambda: bot.get("/readyz")[0] == 200, within=START)


def test_an_account_that_is_there_by_keys_and_by_connect_is_one_account_and_the_keys_are_used(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = environment(stage, database_url, X_CLIENT_ID="heard", X_CLIENT_SECRET=CLIENT_SECRET)
    connected = connecting(env)
    connected.paste(redirected(connected.page))

    assert connected.end() == 0, connected.said
    assert "The four OAuth 1.0a keys belong to @acmebrew too" in connected.said
    said = doctor(env, tmp_path)
    assert said.count("signed in as @acmebrew") == 1
    assert "X: signs in with OAuth 1.0a keys." in said
    assert "note  X: @acmebrew is connected too; the environment's credentials are used." in said


# --- keys ---------------------------------------------------------------------------------------------------


def rotated(env: dict[str, str], home: Path) -> tuple[int, str]:
    with process("rotate-keys", env, home) as running:
        return running.end(), running.log


def test_the_key_is_changed_without_connecting_again(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    env = surroundings(stage, database_url, ENCRYPTION_KEYS=old)
    connected = connecting(env)
    connected.paste(redirected(connected.page))
    assert connected.end() == 0, connected.said

    code, said = rotated(env | {"ENCRYPTION_KEYS": f"{new},{old}"}, tmp_path)

    assert code == 0, said
    assert re.search(r"^1 encrypted with key [0-9a-f]{8}, from ENCRYPTION_KEYS\.$", said, re.MULTILINE)
    assert "signed in as @acmebrew" in doctor(env | {"ENCRYPTION_KEYS": new}, tmp_path)
    told = doctor(env | {"ENCRYPTION_KEYS": old}, tmp_path)
    assert "BAD   X: Our sign-in to X cannot be read" in told
    assert "run `python -m bot connect x`." in told
    assert not [key for key in (old, new) if key in said + told]


def test_rotating_without_the_old_key_says_so_and_changes_nothing(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    env = surroundings(stage, database_url, ENCRYPTION_KEYS=old)
    connected = connecting(env)
    connected.paste(redirected(connected.page))
    assert connected.end() == 0, connected.said

    code, said = rotated(env | {"ENCRYPTION_KEYS": new}, tmp_path)

    assert code == 1
    assert said.startswith("Nothing was changed: ")
    assert "signed in as @acmebrew" in doctor(env, tmp_path)


def test_where_the_secret_behind_the_key_changes_the_bot_runs_on_and_asks_to_connect_again(
    stage: Stage, database_url: str, tmp_path: Path, connecting
) -> None:
    env = surroundings(stage, database_url)
    connected = connecting(env)
    connected.paste(redirected(connected.page))
    assert connected.end() == 0, connected.said

    with process("run", env | {"X_CLIENT_SECRET": "client-s3cret-4716"}, tmp_path) as bot:
        bot.healthy()
        eventually(lambda: "Our sign-in to X cannot be read" in bot.log)
        assert bot.stop()[0] == 0
        assert "Traceback" not in bot.log


def test_there_is_nothing_to_rotate_where_nothing_is_kept(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    code, said = rotated(surroundings(stage, database_url), tmp_path)

    assert code == 0
    assert re.fullmatch(r"0 encrypted with key [0-9a-f]{8}, from X_CLIENT_SECRET\.\n", said)
    assert not os.environ.get("ENCRYPTION_KEYS")
