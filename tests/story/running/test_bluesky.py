"""Bluesky from end to end, as a process: a mention becomes a card, and its reply is public once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bluesky import BlueskyServer
from tests.story.harness import Stage, eventually, seen
from tests.story.process import environment, process, worlds

WITHOUT_X = dict.fromkeys(("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "")
PUT = "POST com.atproto.repo.putRecord"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


@pytest.fixture
def server() -> Iterator[BlueskyServer]:
    with BlueskyServer() as made:
        made.world.add_user("maria.test", "Maria")
        yield made


def with_password(stage: Stage, url: str, server: BlueskyServer) -> dict[str, str]:
    bluesky = {
        "BLUESKY_URL": server.url,
        "BLUESKY_HANDLE": "acmebrew.test",
        "BLUESKY_APP_PASSWORD": server.world.app_password(),
    }
    return environment(stage, url, **WITHOUT_X, **bluesky)


@pytest.mark.parametrize("fault", [None, "answer_lost_before", "answer_lost_after"])
def test_a_mention_is_heard_and_answered_once_whatever_becomes_of_the_answer(
    stage: Stage, database_url: str, tmp_path: Path, server: BlueskyServer, fault: str | None
) -> None:
    env = with_password(stage, database_url, server)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        mention = server.world.post("maria.test", "@acmebrew.test ist der Kessel da?", langs=["de"])
        card = eventually(lambda: stage.card("ist der Kessel da?"), within=180)
        assert "on Bluesky" in card.text
        if fault is not None:
            server.world.faults.add(PUT, fault, times=1)

        eventually(lambda: stage.reply(card, "Am Montag! https://acme.example/kessel").closed)

        stage.shows(card, "Answered by @U0ANA", "See our reply on Bluesky", within=180)
        (reply,) = server.world.replies_to(mention.uri)
        assert reply.value["text"] == "Am Montag! https://acme.example/kessel"
        assert reply.value["langs"] == ["de"]
        assert server.world.segments(reply.uri) == [("https://acme.example/kessel",) * 2]
        assert server.world.thread(mention.uri, "maria.test") == [reply.value["text"]]
        bodies = [asked.content for asked in server.world.journal.of(PUT)]
        assert len(set(bodies)) == 1
        assert len(bodies) == (2 if fault == "answer_lost_before" else 1)
        bot.stop()
        assert env["BLUESKY_APP_PASSWORD"] not in bot.log


def test_a_thread_that_closes_after_the_composer_opened_is_told_and_nothing_is_sent(
    stage: Stage, database_url: str, tmp_path: Path, server: BlueskyServer
) -> None:
    env = with_password(stage, database_url, server)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        mention = server.world.post("maria.test", "@acmebrew.test is the kettle back?")
        card = eventually(lambda: stage.card("is the kettle back?"), within=180)
        eventually(lambda: stage.reply(card, "On Monday!").closed)
        server.world.gate(mention.uri)

        stage.told(card, "limits who can reply", "On Monday!")
        assert server.world.replies_to(mention.uri) == []
        assert server.world.counts[PUT] == 0
        bot.stop()


def test_a_post_that_takes_no_replies_is_never_handed_to_a_person(
    stage: Stage, database_url: str, tmp_path: Path, server: BlueskyServer
) -> None:
    mention = server.world.post("maria.test", "@acmebrew.test is the kettle back?")
    server.world.gate(mention.uri)
    server.world.post("maria.test", "@acmebrew.test and the lid?")
    with process("run", with_password(stage, database_url, server), tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()

        card = eventually(lambda: stage.card("is the kettle back?"), within=180)

        shown = stage.shows(
            card, "takes no reply", "limits who can reply", "quote", without=("can only be replied",)
        )
        assert "Reply" not in shown.buttons
        assert {"Claim", "No reply needed", "Open on Bluesky"} <= set(shown.buttons)
        other = eventually(lambda: stage.card("and the lid?"), within=180)
        assert "Reply" in other.buttons

        stage.say(card, "@Heard reply On Monday!")
        preview = stage.whisper("On Monday!")
        assert "takes no reply" in seen(preview)
        assert "Send publicly" not in preview.buttons
        stage.press(card, "No reply needed")
        bot.stop()
    assert server.world.counts[PUT] == 0


def test_the_doctor_says_where_the_account_lives(
    stage: Stage, database_url: str, tmp_path: Path, server: BlueskyServer
) -> None:
    env = with_password(stage, database_url, server)
    with process("doctor", env, tmp_path) as doctor:
        doctor.end()

        assert "ok    Bluesky: signed in as @acmebrew.test." in doctor.log
        assert f"note  Bluesky: the posts of @acmebrew.test are kept by {server.url}." in doctor.log
        assert "note  Bluesky: this machine's clock and Bluesky's agree." in doctor.log
        assert env["BLUESKY_APP_PASSWORD"] not in doctor.log


def test_an_account_is_connected_beside_a_running_bot_without_any_account_in_the_settings(
    stage: Stage, database_url: str, tmp_path: Path, server: BlueskyServer
) -> None:
    env = environment(stage, database_url, BLUESKY_URL=server.url)
    password = server.world.app_password()
    connect = [sys.executable, "-m", "bot", "connect", "bluesky"]
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        done = subprocess.run(
            connect,
            env=env,
            cwd=tmp_path,
            input=f"@acmebrew.test\n{password}\n",
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "signed in as @acmebrew.test on Bluesky" in done.stdout
        assert password not in done.stdout + done.stderr

        with process("doctor", env, tmp_path) as doctor:
            doctor.end()
        assert "note  Bluesky: signs in with an app password, connected as @acmebrew.test on" in doctor.log

        server.world.post("maria.test", "@acmebrew.test is the kettle back?")

        card = eventually(lambda: stage.card("is the kettle back?"), within=180)
        eventually(lambda: stage.reply(card, "On Monday!").closed)
        stage.shows(card, "See our reply on Bluesky", within=180)
        bot.stop()
        assert password not in bot.log
