"""docs/how-to/add-a-network.md, done as it says: its code in its order, its commands, and what a team then sees."""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from urllib.request import Request, urlopen

import pytest

from tests.bot.networks.test_whole_network import LAUNCH, WITHOUT_X, card_with
from tests.revision import ROOT
from tests.stage import free_port
from tests.story.harness import Stage, eventually, seen
from tests.story.process import environment, process, worlds

PAGE = Path(ROOT) / "docs" / "how-to" / "add-a-network.md"
BLOCK = re.compile(r"(?:^(?:    .*)?\n)+", re.MULTILINE)
PORT = "8099"  # as the page has it


def blocks() -> Iterator[tuple[str, str]]:
    """Each block of code, with the paragraph before it."""
    text = PAGE.read_text()
    for found in BLOCK.finditer(text):
        if found[0].strip():
            yield text[: found.start()].rstrip().rpartition("\n")[2], code_of(found[0])


def code_of(block: str) -> str:
    """The block without the four blanks that make it one; more of them belong to the code."""
    return "\n".join(line[4:] for line in block.strip("\n").splitlines()) + "\n"


def written(folder: Path) -> list[str]:
    """Write the files of the page into `folder`; returns the commands, in order."""
    commands = []
    for before, code in blocks():
        named = re.search(r"(?:Save this as|Add to) `(\w+\.py)`:$", before)
        if named is None:
            commands += [line for line in code.splitlines() if line]
            continue
        file = folder / named[1]
        gap = "\n\n" if file.exists() and not code.startswith(" ") else "\n" if file.exists() else ""
        file.write_text((file.read_text() if file.exists() else "") + gap + code)
    return commands


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


def test_the_network_of_the_page_is_heard_handed_off_and_counted(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    commands = written(tmp_path)
    serve, add, run, post = [shlex.split(one) for one in commands]
    port = str(free_port())
    assert serve == ["python", "board.py", PORT]
    board = Popen([sys.executable, "board.py", port], cwd=tmp_path, stdout=DEVNULL, stderr=PIPE)
    try:
        env = environment(stage, database_url, **WITHOUT_X, TOWNBOARD_URL=f"http://127.0.0.1:{port}")
        launch = ("-c", LAUNCH, str(tmp_path / "townboard.py"))
        assert add[:3] == run[:3] == ["python", "-m", "bot"]
        adds = Popen([sys.executable, *launch, *add[3:]], cwd=tmp_path, env=env, stdout=PIPE, text=True)
        assert adds.communicate(timeout=120)[0].strip().isdecimal()
        with process(run[3], env, tmp_path, launch) as bot:
            stage.slack.events_url = f"{bot.address}/slack/events"
            bot.healthy()
            assert post[:2] == ["curl", "-d"]
            url = post[3].replace(PORT, port)
            eventually(lambda: urlopen(Request(url, post[2].encode()), timeout=120).read(), within=180)

            card = card_with(stage, "Is the kettle back?")

            stage.shows(card, "Maria", "on Town board", "kettle", within=180)
            composer = stage.compose(card)
            assert "Heard has no account on Town board" in seen(composer.state)
            assert composer.fill("On Monday!").submit().closed
            card = stage.shows(card, "must be posted by hand", "[I posted it]", within=180)
            opened = stage.ana.press(card, "Open on Town board").opened_url
            assert opened == "https://board.example/posts/1"
            stage.ana.press(card, "I posted it")
            stage.shows(card, "answered by hand", within=180)
            assert "*Handed off* 1" in str(stage.ben.command("/mentions", "stats on townboard").blocks)
            with process("doctor", env, tmp_path, launch) as doctor:
                doctor.end()
                assert "ok    Town board: was last read" in doctor.log
            assert json.loads(urlopen(f"http://127.0.0.1:{port}/posts/1", timeout=120).read())["id"] == 1
    finally:
        board.kill()
        board.communicate()
