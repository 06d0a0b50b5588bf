"""`python -m bot export` as a process of its own: beside a running bot, into a pipe, and interrupted."""

import csv
import io
import subprocess
import sys
from pathlib import Path

from models.core.database import Database
from tests.models.ledger import hear, minute, said
from tests.stage import SECRETS
from tests.story.process import environment, process, worlds

# Ctrl-C in the middle of the file: when the progress bar moves for the third time.
INTERRUPTED = """
import os, signal
from click._termui_impl import ProgressBar
from bot.__main__ import main
moves = []
def move(bar, rows):
    moves.append(rows)
    if len(moves) == 3:
        os.kill(os.getpid(), signal.SIGINT)
ProgressBar.update = move
signal.signal(signal.SIGINT, signal.default_int_handler)  # else a shell's background job ignores it
main()
"""


def many_posts(url: str) -> None:
    db = Database(url)
    with db.write() as session:
        hear(session, *(said(n, minute(n / 60), conversation=f"d{n}", text="x" * 500) for n in range(20_000)))
    db.close()


def export(env: dict[str, str], home: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "export", *words],
        env=env,
        cwd=home,
        capture_output=True,
        timeout=240,
        check=False,
    )


def test_it_runs_beside_a_bot_and_into_a_pipe_without_a_secret(database_url: str, tmp_path: Path) -> None:
    with worlds() as stage:
        env = environment(stage, database_url)
        with process("run", env, tmp_path) as bot:
            stage.slack.events_url = f"{bot.address}/slack/events"
            bot.healthy()
            stage.card_of(stage.post("@acmebrew grüße"))

            done = export(env, tmp_path, "tickets", "--output", "-")

            assert done.returncode == 0, done.stderr.decode()
            [row] = csv.DictReader(io.StringIO(done.stdout.decode(), newline=""), strict=True)
            assert row["text"] == "'@acmebrew grüße"
            assert b"1 ticket written." in done.stderr
            assert not [one for one in SECRETS.values() if one.encode() in done.stdout + done.stderr]
            assert bot.get("/healthz")[0] == 200


def test_ctrl_c_leaves_no_half_file(database_url: str, tmp_path: Path) -> None:
    many_posts(database_url)
    with worlds() as stage:
        env = environment(stage, database_url)
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-c", INTERRUPTED, "export", "events", "--format", "jsonl"]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, timeout=240, check=False)

    assert done.returncode != 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"written" not in done.stderr
    assert list(home.iterdir()) == []


def test_whoever_reads_only_the_first_line_ends_it_quietly(database_url: str, tmp_path: Path) -> None:
    many_posts(database_url)
    with worlds() as stage:
        env = environment(stage, database_url)
    command = f"{sys.executable} -m bot export events --output - | head -1"
    done = subprocess.run(
        ["bash", "-c", command], env=env, cwd=tmp_path, capture_output=True, timeout=240, check=False
    )

    assert done.stdout.startswith(b'"id","at","actor"')
    assert b"Traceback" not in done.stderr
