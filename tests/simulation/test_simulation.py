"""Hundreds of bad days of the delivery machine, in less than a minute."""

import subprocess
import sys

import pytest

from tests.revision import ROOT
from tests.simulation.weather import KINDS
from tests.simulation.world import simulation

RUNS = 910  # with the 90 of a team, see test_team.py, a thousand


def test_many_seeds_break_no_rule() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--runs", str(RUNS), "--jobs", "2"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=850)

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{RUNS:,} runs in" in run.stdout
    assert "no rule was broken" in run.stdout


@pytest.mark.parametrize("weather", KINDS)
def test_a_seed_repeats_itself(weather: str) -> None:
    with simulation() as world:
        first, _other, again = world.run(7, weather), world.run(8, weather), world.run(7, weather)

    assert (first.story, first.counts) == (again.story, again.counts)
    assert first.story
