"""A new network is one file: what Heard does with it once that file is registered, from end to end."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.slack.workspace.message import Message
from tests.story.harness import Stage, eventually, seen
from tests.story.process import environment, process, worlds

EXAMPLE = Path(__file__).parent / "example_network.py"
PUBLIC = Path(__file__).parent / "example_public_network.py"
LAUNCH = """
import sys
from pathlib import Path
from bot.networks import registry
registry.load_file(Path(sys.argv.pop(1)))
from bot.__main__ import main
main()
"""
TOKEN = "yarn-s3cret-4720"
WITHOUT_X = dict.fromkeys(("X_API_KEY", "X_API_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET"), "")


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


@pytest.fixture
def board(tmp_path: Path) -> Path:
    file = tmp_path / "board.jsonl"
    file.touch()
    return file


def say(board: Path, author: str, text: str) -> str:
    made = f"yarn://{uuid.uuid4()}"
    row = {"id": made, "author": author, "text": text, "at": datetime.now(UTC).isoformat()}
    with board.open("a") as lines:
        lines.write(json.dumps(row) + "\n")
    return made


def card_with(stage: Stage, words: str) -> Message:
    """The card with `words` on it; a process that has just started takes its time on a busy machine."""
    return eventually(lambda: stage.card(words), within=180)


def launch(tmp_path: Path, source: str = EXAMPLE.read_text()) -> tuple[str, ...]:
    file = tmp_path / "yarn.py"
    file.write_text(source)
    return ("-c", LAUNCH, str(file))


def surroundings(stage: Stage, url: str, board: Path) -> dict[str, str]:
    return environment(stage, url, **WITHOUT_X, YARN_FILE=str(board), YARN_TOKEN=TOKEN)


def test_a_mention_on_a_network_of_one_file_is_heard_answered_and_counted(
    stage: Stage, database_url: str, tmp_path: Path, board: Path
) -> None:
    env, how = surroundings(stage, database_url, board), launch(tmp_path)
    with process("run", env, tmp_path, how) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        post = say(board, "maria", "@acmebrew is the kettle back?")
        card = card_with(stage, "is the kettle back?")
        assert "on Yarn" in card.text

        eventually(lambda: stage.reply(card, "On Monday!").closed)

        stage.shows(card, "Answered by @U0ANA", "See our reply on Yarn", within=180)
        assert "*Answered* 1" in str(stage.ben.command("/mentions", "stats on yarn").blocks)
        rows = [json.loads(line) for line in board.read_text().splitlines()]
        assert [(row["text"], row["under"]) for row in rows if row["author"] == "acmebrew"] == [
            ("On Monday!", post)
        ]
        say(board, "bo", "@acmebrew and the cups?")
        card_with(stage, "and the cups?")
        bot.stop()
        assert "signing in with •••" in bot.log
        assert TOKEN not in bot.log


def test_the_doctor_names_the_settings_of_each_network_and_no_value(
    stage: Stage, database_url: str, tmp_path: Path, board: Path
) -> None:
    with process("doctor", surroundings(stage, database_url, board), tmp_path, launch(tmp_path)) as doctor:
        doctor.end()

        assert "ok    Yarn: is set up by YARN_FILE, YARN_TOKEN." in doctor.log
        assert "ok    Yarn: signed in as @acmebrew." in doctor.log
        assert "note  X: is not set up. To listen there, set X_API_KEY" in doctor.log
        assert TOKEN not in doctor.log


def test_a_network_that_is_set_up_by_half_stops_the_start_with_one_line(
    stage: Stage, database_url: str, tmp_path: Path, board: Path
) -> None:
    env = surroundings(stage, database_url, board) | {"YARN_TOKEN": ""}
    with process("run", env, tmp_path, launch(tmp_path)) as bot:
        assert bot.end() == 1
        assert bot.log.endswith("Heard cannot start: YARN_TOKEN not set\n")


def test_where_heard_cannot_post_the_card_opens_the_network_and_the_reply_is_posted_by_hand(
    stage: Stage, database_url: str, tmp_path: Path, board: Path
) -> None:
    reads_only = EXAMPLE.read_text().replace("class Yarn(Network, Publisher)", "class Yarn(Network)")
    env, how = surroundings(stage, database_url, board), launch(tmp_path, reads_only)
    with process("run", env, tmp_path, how) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        say(board, "maria", "@acmebrew is the kettle back?")
        card = card_with(stage, "is the kettle back?")
        stage.shows(card, "Heard does not post on Yarn", "[Open on Yarn]", within=180)

        eventually(lambda: stage.reply(card, "On Monday!").closed)

        card = stage.shows(card, "must be posted by hand", "[Open on Yarn]", "[I posted it]", within=180)
        stage.ana.press(card, "I posted it")
        stage.shows(card, "answered by hand", within=180)
        assert len(board.read_text().splitlines()) == 1


def put(board: Path, author: str, text: str) -> str:
    made = str(uuid.uuid4())
    row = {"id": made, "author": author, "text": text, "at": datetime.now(UTC).isoformat()}
    with board.open("a") as lines:
        lines.write(json.dumps(row) + "\n")
    return made


def test_a_network_without_account_is_listened_to_as_soon_as_there_is_a_track(
    stage: Stage, database_url: str, tmp_path: Path, board: Path
) -> None:
    env = environment(stage, database_url, **WITHOUT_X, BOARD_FILE=str(board))
    how = launch(tmp_path, PUBLIC.read_text())
    with process("run", env, tmp_path, how) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        put(board, "maria", "is the kettle back?")
        with process("doctor", env, tmp_path, how) as doctor:
            doctor.end()
            assert "note  Board: needs no account. Nothing is read there, as it has no track" in doctor.log
            assert "is not set up" not in next(line for line in doctor.log.splitlines() if "Board" in line)
        assert stage.ana.command("/mentions", "track kettle").view.submit().closed

        card = card_with(stage, "is the kettle back?")

        stage.shows(card, "on Board", "Heard does not post on Board", "[Open on Board]", within=180)
        assert "@us" not in card.text
        composer = stage.compose(card)
        assert "Heard has no account on Board" in seen(composer.state)
        assert "@us" not in seen(composer.state)
        assert composer.fill("On Monday!").submit().closed
        card = stage.shows(card, "Sign in to Board, then press", "[I posted it]", within=180)
        stage.ana.press(card, "I posted it")
        stage.shows(card, "answered by hand", within=180)
        assert "*Handed off* 1" in str(stage.ben.command("/mentions", "stats on board").blocks)
        assert "may be incomplete" not in str(stage.ben.command("/mentions", "open").blocks)
        assert bot.get("/readyz")[0] == 200
        with process("doctor", env, tmp_path, how) as doctor:
            doctor.end()
            assert "ok    Board: was last read" in doctor.log
            assert (
                "note  networks: no account is connected, so that only tracks are read (1 track)."
                in doctor.log
            )
        tracks = str(stage.ben.command("/mentions", "tracks").blocks)
        assert "kettle" in tracks
        assert "Mentions of" not in tracks
