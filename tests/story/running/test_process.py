"""`python -m bot` as a real process, pointed at both worlds by nothing but environment variables."""

import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.__main__ import HARD_EXIT_SECONDS
from tests.patience import SLOWED
from tests.stage import SECRETS
from tests.story.harness import Stage, eventually
from tests.story.process import Process, environment, process, worlds

WORDS = ("could I tag", "Working on it", "hush-hush", "top-secret", "Nothing found", "In a card's thread")
TERM = 10.0  # seconds that a platform waits after SIGTERM


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


def tell_the_story(stage: Stage, words: str = "@acmebrew could I tag my posts?") -> None:
    """Mention, card, composer, public reply, card with name and link, figures."""
    post = stage.post(words)
    card = stage.card_of(post)
    eventually(lambda: stage.reply(card, "Working on it!").closed)
    stage.answered(post, "Working on it!")
    public = stage.x.world.replies_to(post.id)[0]
    assert public.reply_to == post.id
    stage.shows(card, "Answered by @U0ANA", f"/status/{public.id}")
    assert "*Answered* 1" in str(stage.ben.command("/mentions", "stats").blocks)
    stage.say(card, "@Heard hush-hush")
    stage.whisper("In a card's thread I understand")
    assert "Nothing found" in str(stage.ben.command("/mentions", "search top-secret").acked)


def clean(running: Process) -> None:
    """It ends well and in time, and has told nobody a secret."""
    code, seconds = running.stop()
    assert code == 0, running.log
    assert HARD_EXIT_SECONDS < TERM
    assert seconds < TERM * SLOWED  # on a machine that is busy with something else
    assert "Traceback" not in running.log
    assert [secret for secret in (*SECRETS.values(), "xapp-test") if secret in running.log] == []
    assert [words for words in WORDS if words in running.log] == []  # although it logs at DEBUG


# --- the whole story --------------------------------------------------------------------------------------


def test_the_whole_story_runs_over_http(stage: Stage, database_url: str, tmp_path: Path) -> None:
    with process("run", environment(stage, database_url, UNDO_SECONDS="0.5"), tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()

        tell_the_story(stage)

        code, health = bot.get("/healthz")
        assert (code, json.loads(health)["ok"]) == (200, True)
        assert bot.get("/readyz")[0] == 200
        metrics = bot.get("/metrics")[1]
        assert re.search(r"^heard_\w+(\{.*\})? [0-9.]+$", metrics, re.MULTILINE), metrics
        assert bot.get("/elsewhere")[0] == 404
        clean(bot)


def test_the_whole_story_runs_by_socket_mode(stage: Stage, database_url: str, tmp_path: Path) -> None:
    env = environment(stage, database_url, SLACK_APP_TOKEN="xapp-test", SLACK_SIGNING_SECRET="")
    with process("run", env, tmp_path) as bot:
        eventually(lambda: stage.slack.sockets.ready, within=180)

        tell_the_story(stage)

        assert bot.get("/slack/events")[0] == 404
        clean(bot)


def test_on_postgresql_web_and_worker_tell_it_together(
    stage: Stage, postgresql: Callable[..., object], tmp_path: Path
) -> None:
    with postgresql(tmp_path) as url:
        env = environment(stage, url)
        with process("migrate", env, tmp_path) as migration:
            assert migration.end() == 0
        with process("web", env, tmp_path) as web, process("worker", env, tmp_path) as worker:
            stage.slack.events_url = f"{web.address}/slack/events"
            web.healthy()

            tell_the_story(stage)

            clean(web)
            clean(worker)


def test_migrate_makes_a_ledger_of_nothing(stage: Stage, tmp_path: Path) -> None:
    env = environment(stage, f"sqlite:///{tmp_path}/new.db")

    for _ in range(2):
        with process("migrate", env, tmp_path) as migration:
            assert migration.end() == 0
    assert migration.log.count("The database is at schema") == 2


# --- when others fail -------------------------------------------------------------------------------------


def test_it_starts_while_slack_and_x_are_down_and_works_once_they_are_up(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    stage.x.world.faults.add("*", "down")
    stage.slack.world.faults.down()
    with process("run", environment(stage, database_url), tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        assert bot.get("/readyz")[0] == 503
        stage.post("@acmebrew is anybody there?")
        eventually(lambda: "could not be reached" in bot.log)

        stage.x.world.faults.clear()
        stage.slack.world.faults.up()
        tell_the_story(stage)

        assert bot.get("/readyz")[0] == 200
        stage.card("is anybody there?")
        clean(bot)


def test_a_reply_on_the_wire_at_sigterm_is_finished_and_told(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    env = environment(stage, database_url)
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        post = stage.post("@acmebrew hello")
        card = stage.card_of(post)
        stage.x.world.faults.add("POST /2/tweets", "slow", times=1, seconds=3)
        stage.reply(card, "Hello!")
        stage.answered(post, "Hello!")

        clean(bot)

    with process("run", env, tmp_path) as again:
        stage.slack.events_url = f"{again.address}/slack/events"
        stage.shows(card, "Answered by @U0ANA")
        assert stage.attempts == 1
        clean(again)


def test_a_slow_reading_does_not_keep_it_from_ending(stage: Stage, database_url: str, tmp_path: Path) -> None:
    with process("run", environment(stage, database_url), tmp_path) as bot:
        eventually(lambda: bot.get("/readyz")[0] == 200, within=180)
        slow = stage.x.world.faults.add("GET /2/users/:id/mentions", "slow", times=1, seconds=60)
        eventually(lambda: slow.times == 0)  # the call is on the wire

        clean(bot)
    slow.release()


def test_a_killed_process_leaves_nothing_behind_and_says_nothing_twice(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    env = environment(stage, database_url, RECONCILE_SECONDS="1,2,3")
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        post = stage.post("@acmebrew hello")
        card = stage.card_of(post)
        slow = stage.x.world.faults.add("POST /2/tweets", "slow", times=1, seconds=30)
        stage.reply(card, "Hello!")
        stage.answered(post, "Hello!")
        bot.kill()
    slow.release()

    with process("run", env, tmp_path) as again:
        stage.slack.events_url = f"{again.address}/slack/events"
        stage.shows(card, "Answered by @U0ANA", within=180)  # the leases of the dead have to run out
        assert stage.replies(post) == ["Hello!"]
        assert stage.attempts == 1
        clean(again)


# --- what stops the start ---------------------------------------------------------------------------------

WRONG = [
    ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
    ({"SLACK_CHANNEL": ""}, "SLACK_CHANNEL"),
    ({"SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET"),
    ({"X_API_SECRET": ""}, "X_API_SECRET"),
    ({"X_API_URL": "ftp://nowhere"}, "X_API_URL"),
    ({"POLL_SECONDS": "0"}, "POLL_SECONDS"),
    ({"UNDO_SECONDS": "-1"}, "UNDO_SECONDS"),
    ({"RECONCILE_SECONDS": "5,4"}, "RECONCILE_SECONDS"),
    ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
    ({"PORT": "70000"}, "PORT"),
    ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
    ({"DATABASE_URL": "mysql://u:hidden-pw@127.0.0.1/x"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://u:hidden-pw@127.0.0.1:9/x"}, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "DATABASE_URL"),
]


def refused(command: str, env: dict[str, str], home: Path) -> str:
    """The one line with which `command` does not start."""
    with process(command, env, home) as bot:
        assert bot.end() != 0
    lines = bot.log.splitlines()
    assert len(lines) == 1, bot.log
    assert "Traceback" not in bot.log
    assert [secret for secret in (*SECRETS.values(), "hidden-pw") if secret in bot.log] == []
    return lines[0]


def test_with_nothing_to_listen_to_it_starts_and_says_so(stage: Stage, tmp_path: Path) -> None:
    env = environment(stage, f"sqlite:///{tmp_path}/heard.db", LOG_LEVEL="INFO")
    env |= {name: "" for name in SECRETS if name.startswith("X_")}
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        assert "no network is connected, so no mentions come in: set " in bot.log
        assert "X_API_KEY" in bot.log
        assert "0 waiting" in str(stage.ben.command("/mentions", "open").acked)
        with process("doctor", env, tmp_path) as doctor:
            assert doctor.end() == 1
            assert "warn  networks: none is connected, so no mentions come in." in doctor.log
        clean(bot)


@pytest.mark.parametrize(("given", "named"), WRONG, ids=lambda one: one if isinstance(one, str) else "")
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    stage: Stage, tmp_path: Path, given: dict[str, str], named: str
) -> None:
    env = environment(stage, f"sqlite:///{tmp_path}/heard.db", LOG_LEVEL="INFO")

    assert named in refused("run", env | given, tmp_path)


def test_a_port_that_is_taken_stops_the_start(stage: Stage, tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        env = environment(stage, f"sqlite:///{tmp_path}/heard.db", LOG_LEVEL="INFO", PORT=port)

        line = refused("run", env, tmp_path)

    assert f"PORT {port}" in line


def test_a_second_run_on_the_same_file_stops(stage: Stage, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/heard.db"
    with process("run", environment(stage, url), tmp_path) as first:
        first.healthy()

        line = refused("run", environment(stage, url, LOG_LEVEL="INFO"), tmp_path)

        assert "heard.db is in use by another Heard" in line
        clean(first)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_half_a_bot_needs_postgresql(stage: Stage, tmp_path: Path, command: str) -> None:
    line = refused(command, environment(stage, f"sqlite:///{tmp_path}/heard.db"), tmp_path)

    assert "PostgreSQL" in line
    assert "python -m bot run" in line


def test_a_newer_ledger_stops_an_older_heard(stage: Stage, tmp_path: Path) -> None:
    env = environment(stage, f"sqlite:///{tmp_path}/heard.db", LOG_LEVEL="INFO")
    with process("migrate", env, tmp_path) as migration:
        assert migration.end() == 0
    ledger = sqlite3.connect(tmp_path / "heard.db")
    ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.commit()
    ledger.close()

    assert "9999, newer than this Heard" in refused("run", env, tmp_path)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_an_empty_database_asks_for_migrate(
    stage: Stage, postgresql: Callable[..., object], tmp_path: Path, command: str
) -> None:
    import psycopg

    with postgresql(tmp_path) as url:
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain) as ledger:
            ledger.execute("DROP TABLE alembic_version")

        assert "run migrate" in refused(command, environment(stage, url, LOG_LEVEL="INFO"), tmp_path)
