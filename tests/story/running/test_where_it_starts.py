"""Two brands in two folders are two Heards: the folder where Heard is started holds its `.env` and its ledger."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.revision import ROOT
from tests.stage import free_port
from tests.story.harness import Stage
from tests.story.process import Process, environment, worlds

ALEMBIC = "from alembic.config import main; main()"
COMMANDS = {
    "migrate": ["-m", "bot", "migrate"],
    "doctor": ["-m", "bot", "doctor"],
    "export": ["-m", "bot", "export", "tickets"],
    "rotate-keys": ["-m", "bot", "rotate-keys"],
    "connect": ["-m", "bot", "connect", "x"],
    "alembic": ["-c", ALEMBIC, "-c", "{code}/pyproject.toml", "upgrade", "head"],
}


@pytest.fixture
def stage() -> Iterator[Stage]:
    with worlds() as stage:
        yield stage


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """The code in a folder of its own, with a `.env` beside it that is another brand's."""
    folder = tmp_path / "code"
    folder.mkdir()
    for name in ("bot", "handlers", "models", "alembic", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    write(folder / ".env", {"DATABASE_URL": "sqlite:///another.db", "SLACK_CHANNEL": "CANOTHER"})
    return folder


@pytest.fixture
def brand(stage: Stage, tmp_path: Path) -> Path:
    """The folder where Heard is started."""
    folder = tmp_path / "brand"
    folder.mkdir()
    told = environment(stage, "sqlite:///brand.db")
    write(folder / ".env", {name: value for name, value in told.items() if not name.startswith("P")})
    return folder


def write(path: Path, settings: Mapping[str, str]) -> None:
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    path.write_text("\ufeff" + "".join(lines), encoding="utf-8")  # as some editors write it


def bare(code: Path) -> dict[str, str]:
    """An environment without any setting."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(code)}


def said(command: str, code: Path, brand: Path) -> subprocess.CompletedProcess[str]:
    arguments = [one.format(code=code) for one in COMMANDS[command]]
    return subprocess.run(
        [sys.executable, *arguments], cwd=brand, env=bare(code), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_takes_settings_and_ledger_of_the_folder_where_it_starts(
    code: Path, brand: Path, command: str
) -> None:
    done = said(command, code, brand)

    assert "Traceback" not in done.stderr
    assert "is missing" not in (done.stdout + done.stderr).replace("X_CLIENT_ID is missing", "")
    assert (brand / "brand.db").exists(), done
    assert [*brand.parent.rglob("another.db"), *brand.parent.rglob("heard.db")] == []


def test_run_hears_for_the_brand_of_the_folder_where_it_starts(stage: Stage, code: Path, brand: Path) -> None:
    running = Process("run", bare(code) | {"PORT": str(free_port())}, brand)
    try:
        running.healthy()
        stage.slack.events_url = f"{running.address}/slack/events"
        stage.post("@acmebrew hello")
        stage.card("@acmebrew hello")  # in SLACK_CHANNEL of that folder
        assert running.stop()[0] == 0
    finally:
        running.kill()
    assert (brand / "brand.db").exists()


def test_settings_beside_the_code_are_not_taken_and_the_start_says_where_it_looked(
    code: Path, brand: Path
) -> None:
    (brand / ".env").unlink()

    done = said("export", code, brand)

    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1
    assert "SLACK_BOT_TOKEN is missing" in done.stderr
    assert str(brand) in done.stderr


def test_an_env_file_that_is_not_text_stops_the_start_with_one_line(code: Path, brand: Path) -> None:
    (brand / ".env").write_bytes(b"SLACK_CHANNEL=\xff\xfe\n")

    done = said("migrate", code, brand)

    assert done.stderr == "Heard cannot start: .env cannot be read: it is not UTF-8\n"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///brand.db", "9999, newer than this Heard"),
        ("sqlite:////nowhere/at/all.db", "DATABASE_URL does not work: unable to open database file"),
        ("postgresql://u:hidden-pw@127.0.0.1:9/x", "DATABASE_URL does not work"),
        ("nonsense", "DATABASE_URL is wrong"),
    ],
)
def test_an_export_that_cannot_be_ends_with_one_line(
    code: Path, brand: Path, url: str, sentence: str
) -> None:
    assert said("migrate", code, brand).returncode == 0
    ledger = sqlite3.connect(brand / "brand.db")
    ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.commit()
    ledger.close()
    env = brand / ".env"
    env.write_text(env.read_text().replace("DATABASE_URL=sqlite:///brand.db", f"DATABASE_URL={url}"))

    done = said("export", code, brand)

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
    assert "hidden-pw" not in done.stderr
