"""A bot that reads once an hour, and still hears a mention: its network's stream says that there is one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.bluesky import BlueskyServer, JetstreamServer
from sandbox.mastodon import MastodonServer
from tests.story.harness import Stage, eventually
from tests.story.process import environment, process, worlds

WITHOUT_X = dict.fromkeys(("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "")
HOURLY = {"POLL_SECONDS": "3600", **WITHOUT_X}
NOTIFICATIONS = "GET app.bsky.notification.listNotifications"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


@pytest.fixture
def bluesky() -> Iterator[BlueskyServer]:
    with BlueskyServer() as server:
        server.world.add_user("maria.test", "Maria")
        yield server


def with_bluesky(stage: Stage, url: str, server: BlueskyServer, **more: str) -> dict[str, str]:
    keys = {
        "BLUESKY_URL": server.url,
        "BLUESKY_HANDLE": "acmebrew.test",
        "BLUESKY_APP_PASSWORD": server.world.app_password(),
    }
    return environment(stage, url, **HOURLY, **keys, **more)


def test_mentions_and_hashtags_on_mastodon_come_although_no_reading_is_due(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    with MastodonServer() as server:
        server.world.add_user("maria@books.example", "Maria", indexable=True)
        token = server.world.grants.grant(server.world.brand.id, frozenset({"read", "write:statuses"})).secret
        env = environment(stage, database_url, **HOURLY, MASTODON_URL=server.url, MASTODON_ACCESS_TOKEN=token)
        add_track(env, tmp_path, "hashtag", "#kettles", "mastodon")
        with process("run", env, tmp_path) as bot:
            bot.healthy()
            eventually(lambda: server.world.counts["GET /api/v1/streaming"], within=180)
            server.world.post("maria@books.example", "@acmebrew the first, which the opening may bring")
            eventually(lambda: stage.card("the first"), within=180)

            server.world.post("maria@books.example", "@acmebrew is the kettle back?")
            eventually(lambda: stage.card("is the kettle back?"), within=180)
            server.world.post("maria@books.example", "I love #kettles")
            eventually(lambda: stage.card("I love #kettles"), within=180)
            bot.stop()


def test_mentions_on_bluesky_come_although_no_reading_is_due(
    stage: Stage, database_url: str, tmp_path: Path, bluesky: BlueskyServer
) -> None:
    env = with_bluesky(stage, database_url, bluesky)
    with process("run", env, tmp_path) as bot:
        bot.healthy()
        eventually(lambda: bluesky.world.counts[NOTIFICATIONS] > 1, within=180)
        bluesky.world.post("maria.test", "@acmebrew.test the first, which the opening may bring")
        eventually(lambda: stage.card("the first"), within=180)

        bluesky.world.post("maria.test", "@acmebrew.test is the kettle back?")

        eventually(lambda: stage.card("is the kettle back?"), within=180)
        bot.stop()


def test_with_a_track_a_jetstream_brings_mentions_and_what_the_track_is_for(
    stage: Stage, database_url: str, tmp_path: Path, bluesky: BlueskyServer
) -> None:
    with JetstreamServer(bluesky.world) as jetstream:
        env = with_bluesky(stage, database_url, bluesky, BLUESKY_STREAM_URL=jetstream.url)
        add_track(env, tmp_path, "search", "kettle", "bluesky")
        with process("run", env, tmp_path) as bot:
            bot.healthy()
            eventually(lambda: bluesky.world.counts["GET /subscribe"], within=180)
            bluesky.world.post("maria.test", "@acmebrew.test the first, which the opening may bring")
            eventually(lambda: stage.card("the first"), within=180)

            bluesky.world.post("maria.test", "my kettle broke")
            eventually(lambda: stage.card("my kettle broke"), within=180)
            bluesky.world.post("maria.test", "@acmebrew.test can you help?")
            eventually(lambda: stage.card("can you help?"), within=180)

            with process("doctor", env, tmp_path) as doctor:
                doctor.end()
            assert "ok    Bluesky: the live stream has been open for" in doctor.log
            assert "note  Bluesky: the live stream reads all public posts from 127.0.0.1" in doctor.log
            bot.stop()


def add_track(env: dict[str, str], home: Path, kind: str, query: str, network: str) -> None:
    command = [sys.executable, "-m", "bot", "track", "add", kind, query, "--network", network]
    subprocess.run(command, env=env, cwd=home, check=True, capture_output=True, timeout=120)
