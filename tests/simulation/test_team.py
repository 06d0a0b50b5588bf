"""Some days of a team on three networks; `make simulate` lives a hundred thousand of them."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from models.core.database import Database
from tests.revision import ROOT
from tests.simulation.team import Histories, histories
from tests.simulation.workplace import exchange

RUNS = 90
ON_POSTGRESQL = 5


def test_some_histories_of_a_team_break_no_rule() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--team", "--runs", str(RUNS), "--jobs", "2"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=850)

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{RUNS:,} runs in" in run.stdout
    assert "no rule was broken" in run.stdout


def test_a_history_repeats_itself() -> None:
    with histories() as lived:
        first, other, again = lived.run(7), lived.run(8), lived.run(7)

    assert (first.story, first.counts) == (again.story, again.counts)
    assert first.story != other.story


@pytest.mark.parametrize("new_database", ["postgresql"], indirect=True)
def test_histories_on_postgresql_break_no_rule(new_database: Callable[[], str]) -> None:
    opened: list[Database] = []

    def fresh() -> Database:
        opened.append(Database(new_database()))
        return opened[-1]

    try:
        with exchange() as at:
            found = [Histories(at, fresh).run(seed).violations for seed in range(1, ON_POSTGRESQL + 1)]
    finally:
        for db in opened:
            db.close()

    assert found == [[]] * ON_POSTGRESQL
