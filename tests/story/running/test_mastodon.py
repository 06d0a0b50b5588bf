"""Mastodon from end to end, as a process: a mention becomes a card, and the reply is public as it should be."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from tests.stage import free_port
from tests.story.harness import Stage, eventually
from tests.story.process import environment, process, worlds

WITHOUT_X = dict.fromkeys(("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[MastodonServer]:
    with MastodonServer(MastodonWorld(flavour=FLAVOURS[getattr(request, "param", "mastodon")])) as made:
        made.world.add_user("maria@books.example", "Maria")
        yield made


def with_token(stage: Stage, url: str, server: MastodonServer) -> dict[str, str]:
    token = server.world.grants.grant(server.world.brand.id, frozenset({"read", "write:statuses"})).secret
    mastodon = {"MASTODON_URL": server.url, "MASTODON_ACCESS_TOKEN": token}
    return environment(stage, url, **WITHOUT_X, **mastodon)


@pytest.mark.parametrize("server", ["mastodon", "gotosocial"], indirect=True)
def test_a_mention_is_heard_answered_and_seen_by_nobody_else(
    stage: Stage, database_url: str, tmp_path: Path, server: MastodonServer
) -> None:
    env = with_token(stage, database_url, server)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        server.world.post("maria@books.example", "@acmebrew my number is 555", visibility="direct")
        words = "@acmebrew is the kettle back?"
        mention = server.world.post(
            "maria@books.example", words, visibility="unlisted", spoiler="tea", lang="de"
        )
        card = eventually(lambda: stage.card("is the kettle back?"), within=180)
        assert "on Mastodon" in card.text

        eventually(lambda: stage.reply(card, "Am Montag!").closed)

        stage.shows(card, "Answered by @U0ANA", "See our reply on Mastodon", within=180)
        (reply,) = server.world.replies_to(mention.id)
        assert reply.text == "@maria@books.example Am Montag!"
        assert (reply.visibility, reply.spoiler, reply.language) == ("unlisted", "tea", "de")
        assert "my number is 555" not in str([card.blocks for card in stage.cards()])
        bot.stop()
        assert env["MASTODON_ACCESS_TOKEN"] not in bot.log


def test_the_doctor_says_what_the_server_is(
    stage: Stage, database_url: str, tmp_path: Path, server: MastodonServer
) -> None:
    env = with_token(stage, database_url, server)
    with process("doctor", env, tmp_path) as doctor:
        doctor.end()

        assert "ok    Mastodon: is set up by MASTODON_URL, MASTODON_ACCESS_TOKEN." in doctor.log
        assert "ok    Mastodon: signed in as @acmebrew." in doctor.log
        assert "note  Mastodon: brews.example runs" in doctor.log
        assert env["MASTODON_ACCESS_TOKEN"] not in doctor.log


class NoFollow(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def authorized(page: str) -> str:
    """Where the consent page sends a browser on another machine, whose person agrees."""
    with urllib.request.urlopen(page, timeout=120) as form:
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form.read().decode()))
    data = urlencode(fields | {"decision": "yes"}).encode()
    with pytest.raises(urllib.error.HTTPError) as moved:
        urllib.request.build_opener(NoFollow).open(page.partition("?")[0], data, timeout=120)
    with moved.value:
        return moved.value.headers["location"]


def test_an_account_is_connected_beside_a_running_bot_without_any_setting(
    stage: Stage, database_url: str, tmp_path: Path, server: MastodonServer
) -> None:
    env = environment(stage, database_url)
    connect = [sys.executable, "-m", "bot", "connect", "mastodon", "--no-browser"]
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        log = tmp_path / "connect.log"
        options = ["--server", server.url, "--port", str(free_port())]
        with (
            log.open("wb") as out,
            subprocess.Popen(
                [*connect, *options], env=env, cwd=tmp_path, stdin=subprocess.PIPE, stdout=out, stderr=out
            ) as connecting,
        ):
            eventually(lambda: "press Enter" in log.read_text(), within=180)
            page = re.search(r"^(http\S+authorize\S+)$", log.read_text(), re.MULTILINE)[1]
            connecting.communicate(f"{authorized(page)}\n".encode(), timeout=240)
        assert "signed in as @acmebrew on Mastodon" in log.read_text()
        (token,) = server.world.grants.tokens
        assert token not in log.read_text()

        server.world.post("maria@books.example", "@acmebrew is the kettle back?")

        card = eventually(lambda: stage.card("is the kettle back?"), within=180)
        eventually(lambda: stage.reply(card, "On Monday!").closed)
        stage.shows(card, "See our reply on Mastodon", within=180)
        bot.stop()
        assert token not in bot.log


def test_without_a_server_the_command_says_what_is_missing(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    env = environment(stage, database_url)
    command = [sys.executable, "-m", "bot", "connect", "mastodon"]
    said = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )

    assert said.returncode == 1
    assert said.stderr == (
        "Mastodon is not connected: it needs the server: add --server, such as --server https://mastodon.social.\n"
    )
