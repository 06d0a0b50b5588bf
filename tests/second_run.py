"""The last net of `make test`: tests of real processes and clocks that failed run once more, alone, after all others.

A machine that stalls for seconds fails them though nothing is wrong. What passes then is reported as unstable. Only
a few failures, and only tests in `FOLDERS`, are tried again: a property test never is, nor a worker that crashed, an
error while tests are collected, or a test that is skipped the second time.

It is a plugin too, which the second run loads: it refuses to run what may not run again.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

FOLDERS = ("tests/story/", "tests/page/", "tests/chaos/", "tests/sandbox/demo/")
MOST = 10  # failures; more than that is no accident
TESTS_FAILED = 1  # pytest's exit code if all were run and some failed
CRASHED = "crashed while running"  # what xdist says of a worker that ended


@dataclass(frozen=True)
class FirstRun:
    """How a part of the tests ended: pytest's exit code, what it printed, and where it keeps what failed."""

    code: int
    printed: str
    cache: Path

    @property
    def failed(self) -> list[str]:
        """The node ids of what failed."""
        kept = self.cache / "v" / "cache" / "lastfailed"
        return sorted(json.loads(kept.read_text())) if kept.exists() else []

    @property
    def may_run_again(self) -> bool:
        """Whether a machine that was busy may be all that was wrong."""
        failed = self.failed
        return (
            self.code == TESTS_FAILED
            and CRASHED not in self.printed
            and 0 < len(failed) <= MOST
            and all(one.startswith(FOLDERS) and "::" in one for one in failed)
        )


def options(cache: Path) -> list[str]:
    """What pytest is told in the first run, so that it keeps what failed in `cache`."""
    return ["-o", f"cache_dir={cache}", "--cache-clear"]


def passes(tests: Sequence[str], root: Path) -> tuple[bool, str]:
    """Run `tests` in one process; whether each of them passed, and what pytest printed."""
    with tempfile.TemporaryDirectory(prefix="heard-second-run-") as folder:
        report = Path(folder) / "report.xml"
        command = (
            *(sys.executable, "-m", "pytest", "-n0", "-p", "tests.second_run", "-p", "no:cacheprovider"),
            f"--junitxml={report}",
        )
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [*command, *tests],
            cwd=root,
            env=env,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return done.returncode == 0 and _passed(report) == len(tests), done.stdout


def _passed(report: Path) -> int:
    """How many tests passed, and were not skipped: nothing is said of those."""
    cases = ET.parse(report).iter("testcase")
    return sum(len(case.findall("*")) == len(case.findall("system-out")) for case in cases)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse property tests: they try other things the second time."""
    if random := [
        item.nodeid for item in items if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    ]:
        raise pytest.UsageError(f"not run again, since it draws its own examples: {', '.join(random)}")
