"""`python -m tests`: what `make test` does. Its parts run beside each other, since most of what two of them do is wait.

The page's tests and the chaos wait for a minute to pass and for a lease to end, so they run beside each other. All
other tests, which want the processor, begin once the chaos is over: with all three at once two cores are so busy that
people on the page wait longer than Slack lets them. With one job the parts come one after the other.

A part that collects comes first, beside the checks and the chaos: pytest rewrites the assertions of each test file
and keeps the result as bytecode. Without that part every process of the others does it again, for every file.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

import click

from tests import second_run
from tests.revision import ROOT
from tests.second_run import FirstRun

PAGES = "tests/page"  # a demo for each file, and a browser for each process
CREWS = "tests/chaos"  # whole crews of processes
COLLECT, CHAOS = "collect", "chaos"
POLL_INTERVAL_SECONDS = 0.2

# Bytecode is kept, whatever the surroundings ask: hundreds of processes start here, and compile the same files.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass
class Part:
    """A command, and what it said."""

    name: str
    command: Sequence[str]
    after: str = ""  # the part that ends before this one starts
    cache: Path | None = None  # where pytest keeps what failed
    said: IO[bytes] = field(default_factory=TemporaryFile)
    printed: str = ""
    began: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=self.said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def tell(self) -> None:
        """Print what it said, and how long it took."""
        self.said.seek(0)
        self.printed = self.said.read().decode(errors="replace")
        self.said.close()
        sys.stdout.write(f"\n=== {self.name}, {time.monotonic() - self.began:.0f} s ===\n{self.printed}")
        sys.stdout.flush()

    @property
    def first_run(self) -> FirstRun | None:
        """How its tests ended, if it was tests and has ended."""
        if self.cache is None or self.process is None or self.process.returncode is None:
            return None
        return FirstRun(self.process.returncode, self.printed, self.cache)

    def stop(self) -> None:
        """End it as Ctrl-C does, with all that it has started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait()


def parts(jobs: int | None, caches: Path) -> list[Part]:
    """All there is to do; of the tests without a part of their own `jobs` run at a time, or what suits the machine.

    What failed is kept below the folder `caches`.
    """
    pytest = (sys.executable, "-m", "pytest")
    two = min(jobs or 2, 2)
    others = [f"--ignore={folder}" for folder in (PAGES, CREWS)]

    def tests(name: str, which: Sequence[str], after: str = "") -> Part:
        cache = caches / name.replace(" ", "-")
        return Part(name, [*pytest, *second_run.options(cache), *which], after, cache)

    collect = [Part(COLLECT, [*pytest, "--collect-only", "-qqq", *others])] if jobs != 1 else []
    return [
        Part("check", ["make", "check"]),
        *collect,
        tests(CHAOS, [*_at_a_time(two), CREWS]),
        tests("pages", [*_at_a_time(two), *(["--dist=loadfile"] if two > 1 else []), PAGES]),
        # A worker that is done takes tests from the others: some tests take minutes, most take none.
        tests(
            "all other tests",
            [*_at_a_time(jobs), *_stealing(jobs), *others],
            CHAOS if jobs != 1 else "",
        ),
    ]


def _at_a_time(jobs: int | None) -> list[str]:
    return [] if jobs == 1 else [f"--numprocesses={jobs or 'auto'}"]


def _stealing(jobs: int | None) -> list[str]:
    return [] if jobs == 1 else ["--dist=worksteal"]


def run(todo: Sequence[Part], *, beside: int) -> list[Part]:
    """Run so many parts `beside` each other and tell of each as it ends; returns those that failed."""
    waiting, going, failed = list(todo), list[Part](), list[Part]()
    try:
        while waiting or going:
            for part in waiting[:]:
                if len(going) < beside and all(part.after != one.name for one in [*waiting, *going]):
                    waiting.remove(part)
                    going.append(part)
                    part.start()
            for part in [one for one in going if one.process is not None and one.process.poll() is not None]:
                going.remove(part)
                part.tell()
                if part.process is not None and part.process.returncode:
                    failed.append(part)
            time.sleep(POLL_INTERVAL_SECONDS)
    finally:
        for part in going:
            part.stop()
    return failed


def try_again(failed: Sequence[Part]) -> list[str]:
    """Run what failed once more, now that the machine is quiet; returns the tests if all of them passed, else none."""
    runs = [part.first_run for part in failed]
    if not all(one is not None and one.may_run_again for one in runs):
        return []
    again = [test for one in runs if one is not None for test in one.failed]
    click.echo(f"\n=== once more, alone: {', '.join(again)} ===")
    passed, printed = second_run.passes(again, ROOT)
    click.echo(printed)
    return again if passed else []


@click.command()
@click.option(
    "--jobs", type=click.IntRange(1), help="Tests at a time besides the pages and the chaos; 1: all in turn."
)
def main(jobs: int | None) -> None:
    """Check and test everything; exit code 1 if anything failed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    with TemporaryDirectory(prefix="heard-failed-") as caches:
        todo = parts(jobs, Path(caches))
        click.echo(f"{', '.join(part.name for part in todo)}: each is shown as it ends.")
        failed = run(todo, beside=1 if jobs == 1 else len(todo))
        unstable = try_again(failed) if failed else []
    click.echo(f"\n{time.monotonic() - began:.0f} s. " + _verdict([part.name for part in failed], unstable))
    sys.exit(bool(failed) and not unstable)


def _verdict(failed: Sequence[str], unstable: Sequence[str]) -> str:
    if unstable:
        return f"UNSTABLE: passed only on a second, quiet run: {', '.join(unstable)}"
    return f"FAILED: {', '.join(failed)}" if failed else "All well."


if __name__ == "__main__":
    main()
