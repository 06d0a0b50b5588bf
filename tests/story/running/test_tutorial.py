"""The tutorial, followed to the letter in a fresh copy: its commands run, and lead to a first answer."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.revision import ROOT
from tests.stage import SECRETS, free_port
from tests.story.harness import CHANNEL, eventually
from tests.story.process import Process, worlds

TUTORIAL = (ROOT / "docs" / "tutorial" / "first-answer.md").read_text()
SHIPPED = ("bot", "handlers", "models", "alembic")
# What a newcomer fills in, and (only for this test) where two other servers are and how not to wait.
FILLED_IN = {
    "SLACK_BOT_TOKEN": SECRETS["SLACK_BOT_TOKEN"],
    "SLACK_APP_TOKEN": "xapp-test",
    "SLACK_CHANNEL": CHANNEL,
    **{name: value for name, value in SECRETS.items() if name.startswith("X_")},
}


def commands() -> list[str]:
    """The lines that the tutorial has one type."""
    return re.findall(r"^ {4}(.+)$", TUTORIAL, re.MULTILINE)


def fresh_copy(home: Path) -> Path:
    """What a clone would hold of the bot."""
    for name in SHIPPED:
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", ".env.example"):
        shutil.copy(ROOT / name, home / name)
    return home


def fill_in(settings: Path, values: dict[str, str]) -> None:
    """Write `values` into the lines that are there for them, as a person would."""
    text = settings.read_text()
    for name, value in values.items():
        text, found = re.subn(rf"^(# )?{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert found == 1, name
    settings.write_text(text)


def test_the_tutorials_commands_lead_to_a_first_answer(tmp_path: Path) -> None:
    clone, copy, run, doctor = commands()
    assert clone.startswith("git clone ")
    home = fresh_copy(tmp_path)
    with worlds() as stage:
        subprocess.run(copy.split(), cwd=home, check=True)
        here = {"SLACK_API_URL": stage.slack.url, "X_API_URL": stage.x.url, "PORT": str(free_port())}
        fill_in(home / ".env", FILLED_IN | here | {"POLL_SECONDS": "1", "UNDO_SECONDS": "0"})

        assert run == "make run"
        recipe = re.search(
            r"^run:.*\n\t(?:.*\s)?-m bot (\w+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        assert recipe is not None
        bare = {"PATH": os.environ["PATH"], "PORT": here["PORT"]}
        bot = Process(recipe[1], bare, home)
        try:
            eventually(lambda: stage.slack.sockets.ready, within=180)
            post = stage.post("@acmebrew do you have decaf?")
            card = stage.card_of(post)
            stage.ana.press(card, "Claim")
            assert eventually(lambda: stage.reply(card, "We do, Maria!").closed)
            stage.answered(post, "We do, Maria!")
            stage.shows(card, "Answered by @U0ANA")
            assert "*Answered* 1" in str(stage.ben.command("/mentions", "stats").blocks)

            examined = subprocess.run(
                [sys.executable, *doctor.split()[1:]],
                cwd=home,
                env=bare,
                check=False,
                capture_output=True,
                text=True,
            )
            assert examined.returncode == 0, examined.stdout + examined.stderr
            assert {line.split()[0] for line in examined.stdout.splitlines()} <= {"ok", "note"}
        finally:
            bot.kill()
