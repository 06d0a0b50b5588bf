"""The bot as everybody else runs it: a process of its own, told what it knows by environment variables alone."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import stage
from tests.forked_bot import Forked
from tests.story.harness import Stage, eventually

START = 120.0  # seconds: for a machine that is busy with something else


@contextmanager
def worlds() -> Iterator[Stage]:
    """A Slack and an X for a process to find."""
    with stage.worlds() as (slack, x):
        yield Stage(slack, x)


def environment(on: Stage, url: str, **more: str) -> dict[str, str]:
    """All that the process is told: to be quick, and to say what it does."""
    quick = {
        "POLL_SECONDS": 1,
        "UNDO_SECONDS": 0,
        "SLACK_POSTS_PER_SECOND": 100,
        "SLACK_UPDATES_PER_MINUTE": 6000,
        "SPIKE_PER_MINUTE": 0,
        "LOG_LEVEL": "DEBUG",
    }
    return stage.environment(on.slack, on.x, url, **(quick | more))


class Process:
    """One `python -m bot …`, its log, and how it ended."""

    def __init__(
        self, command: str, env: Mapping[str, str], home: Path, launch: Sequence[str] = ("-m", "bot")
    ) -> None:
        self.address = f"http://127.0.0.1:{env['PORT']}"
        self._log = home / f"{command}-{env['PORT']}.log"
        with self._log.open("ab") as log:
            self._running: subprocess.Popen[bytes] | Forked = (
                subprocess.Popen(
                    [sys.executable, *launch, command], env=dict(env), cwd=home, stdout=log, stderr=log
                )
                if launch
                else Forked([command], env=env, home=home, out=log, err=log)
            )

    @property
    def log(self) -> str:
        """Everything it has printed."""
        return self._log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        """Ask it over HTTP."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            raise LookupError(f"{self.address} does not answer: {error}\n{self.log}") from error

    def healthy(self) -> None:
        """Wait until it says that it is well."""
        eventually(lambda: self.get("/healthz")[0] == 200, within=START)

    def stop(self) -> tuple[int, float]:
        """Send SIGTERM; the exit code, and the seconds that it took."""
        begun = time.monotonic()
        self._running.send_signal(signal.SIGTERM)
        return self._running.wait(START), time.monotonic() - begun

    def end(self) -> int:
        """The exit code of a process that ends by itself."""
        return self._running.wait(START)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._running.poll() is None:
            self._running.kill()
            self._running.wait()


@contextmanager
def process(
    command: str, env: Mapping[str, str], home: Path, launch: Sequence[str] = ()
) -> Iterator[Process]:
    """Run `command` while the block lasts; `launch` is how Python gets at the commands, if it is not forked."""
    started = Process(command, env, home, launch)
    try:
        yield started
    finally:
        started.kill()
