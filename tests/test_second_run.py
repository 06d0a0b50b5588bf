"""The second run of `make test`: it forgives a busy machine, and turns no true failure into a pass."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import second_run
from tests.__main__ import Part, run, try_again
from tests.revision import ROOT

# Fails where nothing has left a mark yet, and leaves one: as on a machine that was busy the first time.
UNSTABLE = """
from pathlib import Path

def test_story():
    mark = Path(__file__).with_suffix(".mark")
    was_there = mark.exists()
    mark.touch()
    assert was_there
"""
BROKEN = "def test_story():\n    assert False\n"
SKIPPED_LATER = """
from pathlib import Path
import pytest

def test_story():
    mark = Path(__file__).with_suffix(".mark")
    if mark.exists():
        pytest.skip("no browser")
    mark.touch()
    assert False
"""
ERROR_AFTERWARDS = """
import pytest

@pytest.fixture
def thing():
    yield
    assert False

def test_story(thing):
    pass
"""
PROPERTY = """
from pathlib import Path
from hypothesis import given, strategies as st

@given(st.just(1))
def test_story(number):
    mark = Path(__file__).with_suffix(".mark")
    was_there = mark.exists()
    mark.touch()
    assert was_there
"""
CRASH = UNSTABLE.replace("assert was_there", "was_there or __import__('os')._exit(3)")
TOO_MANY = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(11))
def test_story(number):
    mark = Path(__file__).with_suffix(f".{number}")
    was_there = mark.exists()
    mark.touch()
    assert was_there
"""
NO_TEST = "import nothing_of_that_name\n"


def tried(home: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> tuple[int, list[str]]:
    """Run those files as `make test` runs a part; how many parts failed, and what is called unstable."""
    for name, text in files.items():
        path = home / "tests" / name.replace("__", "/") / "test_one.py"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (home / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    monkeypatch.setattr("tests.__main__.ROOT", home)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("tests.__main__.ENVIRONMENT", {"PYTHONPATH": str(ROOT)})
    cache = home / "cache"
    workers = "-n1" if CRASH in files.values() else "-n0"
    command = [sys.executable, "-m", "pytest", workers, *second_run.options(cache), "tests"]
    failed = run([Part("all", command, cache=cache)], beside=1)
    return len(failed), try_again(failed)


def test_a_story_that_passes_on_a_quiet_machine_is_called_unstable(tmp_path, monkeypatch):
    assert tried(
        tmp_path, monkeypatch, story=UNSTABLE, models=UNSTABLE.replace("assert", "assert True or")
    ) == (
        1,
        ["tests/story/test_one.py::test_story"],
    )


@pytest.mark.parametrize(
    "files",
    [
        {"story": BROKEN},
        {"story": UNSTABLE, "page": BROKEN},
        {"story": ERROR_AFTERWARDS},
        {"story": SKIPPED_LATER},
        {"story": PROPERTY},
        {"story": CRASH},
        {"story": NO_TEST},
        {"story": UNSTABLE, "models": UNSTABLE},
        {"bot__networks": UNSTABLE},
        {"story": TOO_MANY},
    ],
    ids=[
        "broken",
        "one of two is broken",
        "error afterwards",
        "skipped the second time",
        "property",
        "a worker crashed",
        "cannot be collected",
        "one of two is not of processes and clocks",
        "a contract",
        "too many",
    ],
)
def test_a_true_failure_stays_one(tmp_path, monkeypatch, files):
    assert tried(tmp_path, monkeypatch, **files) == (1, [])


def test_checks_that_fail_are_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.__main__.ROOT", tmp_path)
    failed = run([Part("check", [sys.executable, "-c", "raise SystemExit(1)"])], beside=1)

    assert try_again(failed) == []


def test_tests_that_are_not_there_do_not_pass():
    passed, printed = second_run.passes(["tests/story/test_harness.py::test_no_such_thing"], ROOT)

    assert not passed
    assert "not found" in printed


def test_its_folders_are_there():
    tracked = subprocess.check_output(["git", "ls-files", "tests"], cwd=ROOT, text=True).splitlines()

    assert [one for one in second_run.FOLDERS if not any(path.startswith(one) for path in tracked)] == []
