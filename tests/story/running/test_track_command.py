"""`python -m bot track` as a process of its own, beside a running bot."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_bot import run
from tests.story.harness import Stage, eventually
from tests.story.process import environment, process, worlds


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


def test_a_running_bot_takes_it_up_moves_it_and_lets_it_go(
    stage: Stage, database_url: str, tmp_path: Path
) -> None:
    env = environment(stage, database_url)

    def track(*words: str) -> tuple[int, str]:
        done = run(["track", *words], env, tmp_path)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout

    def listed() -> list[dict]:
        return [json.loads(line) for line in track("list", "--json")[1].splitlines()]

    stage.slack.world.add_channel("C0TALK", "talk")
    with process("run", env, tmp_path) as bot:
        stage.slack.events_url = f"{bot.address}/slack/events"
        bot.healthy()
        stage.x.world.add_user("theo", "Theo")
        assert track("add", "search", "kettle")[0] == 0
        stage.x.world.post("theo", "that kettle needs a lid")
        card = eventually(lambda: stage.card("needs a lid"))
        stage.shows(card, "matches “kettle”", "can only be replied to by hand", without=("to @acmebrew",))

        mentions, search = listed()
        assert mentions["kind"] == "mentions"
        assert mentions["account"] == "@acmebrew"
        assert track("edit", str(mentions["id"]), "--channel", "C0TALK")[0] == 0
        assert track("edit", str(mentions["id"]), "--query", "x")[0] == 2
        assert track("pause", str(search["id"])) == (0, f"Track {search['id']} is paused.\n")
        assert listed()[1]["paused"] is True
        assert track("resume", str(search["id"]))[0] == 0
        assert track("remove", str(search["id"]))[0] == 0
        assert [row["kind"] for row in listed()] == ["mentions"]
