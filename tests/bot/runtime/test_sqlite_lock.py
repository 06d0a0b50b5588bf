"""One process holds a SQLite ledger, and lets go of it however it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.runtime import sqlite_lock

HOLD = """
import sys, time
from bot.runtime import sqlite_lock
held = sqlite_lock.acquire(sys.argv[1])
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_holder_is_refused_in_one_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/heard.db"
    held = sqlite_lock.acquire(url)
    assert held is not None
    with pytest.raises(sqlite_lock.LockedError, match=r"^heard\.db is in use by another Heard"):
        sqlite_lock.acquire(url)
    held.close()
    again = sqlite_lock.acquire(url)
    assert again is not None
    again.close()


def test_a_ledger_by_another_name_is_the_same_ledger(tmp_path: Path) -> None:
    (tmp_path / "heard.db").touch()
    (tmp_path / "other.db").symlink_to(tmp_path / "heard.db")
    held = sqlite_lock.acquire(f"sqlite:///{tmp_path}/heard.db")
    assert held is not None
    with pytest.raises(sqlite_lock.LockedError):
        sqlite_lock.acquire(f"sqlite:///{tmp_path}/other.db")
    held.close()


def test_the_lock_dies_with_the_process_that_held_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/heard.db"
    root = Path(sqlite_lock.__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url], cwd=root, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(sqlite_lock.LockedError):
            sqlite_lock.acquire(url)
        child.send_signal(signal.SIGKILL)

    held = sqlite_lock.acquire(url)
    assert held is not None
    held.close()


def test_a_place_that_cannot_keep_a_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        sqlite_lock.LockedError, match=r"^DATABASE_URL: heard\.db can't be created there: No such file"
    ):
        sqlite_lock.acquire(f"sqlite:///{tmp_path}/nowhere/heard.db")


def test_postgresql_needs_no_lock() -> None:
    assert sqlite_lock.acquire("postgresql+psycopg://h/db") is None
    sqlite_lock.refuse_sqlite("postgresql+psycopg://h/db", "web")


@pytest.mark.parametrize("command", ["web", "worker"])
def test_half_a_bot_does_not_start_on_sqlite(command: str) -> None:
    with pytest.raises(sqlite_lock.LockedError, match=f"{command} needs PostgreSQL"):
        sqlite_lock.refuse_sqlite("sqlite:///heard.db", command)
