"""`python -m tests.bench.files_entered`: how many of the bot's files a person's press runs through.

It starts the bot between the local Slack and the local X, presses *Claim* on one card, answers another, and counts
the distinct files below bot/, handlers/ and models/ in which a function was called, in any thread of the bot:

- *Claim*: from the press until it is acknowledged, the card shows the owner and no thread has more to do.
- *Reply*: from the press of the button (the composer opens, is filled in and submitted; nothing may be undone)
  until the ledger says `published`. What is drawn after that is counted apart, as *Reply, card redrawn*.

Jobs that the clock starts are paused, so that only what follows from the press is counted; the three loops that
it wakes (cards, reactions, outbox) run. Of the files, those are marked that the thread which answers Slack's
request enters (the rest is entered by the loops and by what runs beside a request). Bodies of modules and classes do not count, nor does what the test itself
calls. The ledger is on SQLite. `--tree` measures another checkout of the project, by its own tests/story/harness.py.
"""

import inspect
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import click

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "models")
DEADLINE_SECONDS = 60.0
POLL_INTERVAL_SECONDS = 0.001

SERVING = ("web", "waitress")  # how the threads that answer a request are called


@dataclass
class Entered:
    """By file, as seen from the root of the tree: the function that was called there first."""

    first: dict[str, str] = field(default_factory=dict)
    in_request: dict[str, str] = field(default_factory=dict)  # the same, in the threads that answer Slack


class Recorder:
    """Notes the files in which functions are called, in every thread that starts after `install`."""

    def __init__(self, tree: Path) -> None:
        self._rooms = tuple(f"{tree / room}{os.sep}" for room in ROOMS)
        self._start = len(f"{tree}{os.sep}")
        self._entered: Entered | None = None

    def install(self) -> None:
        """Have new threads report their calls; the thread that calls this does not."""
        threading.setprofile(self._called)

    @contextmanager
    def recording(self) -> Iterator[Entered]:
        """Fill what is given while the block lasts."""
        self._entered = entered = Entered()
        try:
            yield entered
        finally:
            self._entered = None

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        entered, code = self._entered, frame.f_code
        if entered is None or event != "call" or not code.co_flags & inspect.CO_OPTIMIZED:
            return  # a module's or a class's body is no function
        if code.co_filename.startswith(self._rooms):
            file = code.co_filename[self._start :]
            entered.first.setdefault(file, code.co_qualname)
            if file not in entered.in_request and threading.current_thread().name.startswith(SERVING):
                entered.in_request[file] = code.co_qualname


def measure(tree: Path) -> dict[str, Entered]:
    """The files entered by each press, in the checkout at `tree`, which must be the one that is imported.

    Raises TimeoutError if a press does not come to its end within `DEADLINE_SECONDS`.
    """
    from sqlalchemy import text

    from tests import databases
    from tests.story.harness import running

    recorder = Recorder(tree)
    recorder.install()
    with (
        TemporaryDirectory() as folder,
        databases.sqlite(Path(folder)) as lend,
        lend(Path(folder)) as url,
        running(url) as bot,
    ):
        bot.schedule._jobs.pause()
        engine = (bot.ctx if hasattr(bot, "ctx") else bot.desk).db.engine

        def count(query: str) -> int:
            with engine.connect() as connection:
                return int(connection.scalar(text(query)) or 0)

        def rest() -> None:
            _until(lambda: count("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"))
            bot.settled()
            bot.told_all()

        _, warm = bot.heard("@acmebrew how do I start?", author="first")
        bot.ana.press(bot.now(warm), "Claim")  # what only the first press of a process does is not counted
        bot.shows(warm, "Release")
        _, claimed = bot.heard("@acmebrew is it open?", author="second")
        _, answered = bot.heard("@acmebrew where do I find it?", author="third")
        rest()
        found: dict[str, Entered] = {}
        with recorder.recording() as found["Claim"]:
            bot.ana.press(bot.now(claimed), "Claim")
            bot.shows(claimed, "Release")
            rest()
        with recorder.recording() as found["Reply"]:
            bot.reply(answered, "On the shelf to the left.")
            _until(lambda: count("SELECT count(*) FROM replies WHERE state = 'published'"))
        with recorder.recording() as found["Reply, card redrawn"]:
            rest()
    return found


def _until(look: Callable[[], Any]) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not look():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {DEADLINE_SECONDS} s")
        time.sleep(POLL_INTERVAL_SECONDS)


@click.command()
@click.option("--tree", type=click.Path(exists=True, file_okay=False, path_type=Path), default=ROOT)
@click.option("--functions", is_flag=True, help="Name the first function called in each file.")
def main(tree: Path, *, functions: bool) -> None:
    """Count the files that *Claim* and *Reply* run through, and name them."""
    tree = tree.resolve()
    if Path.cwd() != tree:
        command = [
            sys.executable,
            "-P",
            __file__,
            *(["--functions"] if functions else []),
            "--tree",
            str(tree),
        ]
        sys.exit(
            subprocess.run(
                command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=False
            ).returncode
        )
    for press, entered in measure(tree).items():
        click.echo(
            f"\n{press}: {len(entered.first)} files, {len(entered.in_request)} of them (*) by the request's thread"
        )
        for file, function in sorted(entered.first.items()):
            mark = "*" if file in entered.in_request else " "
            click.echo(f"  {mark} {file}" + (f"  {function}" if functions else ""))


if __name__ == "__main__":
    main()
