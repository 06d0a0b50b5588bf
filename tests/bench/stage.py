"""The real thing to be measured: `python -m bot` as a process of its own, between the local Slack and the local X."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

from sqlalchemy import create_engine, text

from models.core.database import normal_url
from sandbox.slack import SlackServer
from sandbox.slack.workspace.message import Message
from sandbox.x import XServer
from tests import stage as shared
from tests.revision import ROOT
from tests.stage import CHANNEL

MENTIONS = "GET /2/users/:id/mentions"
SECRET = shared.SECRETS["SLACK_SIGNING_SECRET"]
DEADLINE = 120.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class Stage:
    """A Slack and an X, and the ledger between them, by its address."""

    slack: SlackServer
    x: XServer
    url: str

    def cards(self) -> list[Message]:
        """The messages that show a ticket."""
        with self.slack.world.lock:
            found = list(self.slack.world.channel(CHANNEL).messages)
        return [one for one in found if one.metadata and not one.is_reply]

    def asked(self, endpoint: str = MENTIONS) -> list[float]:
        """When X was asked that, in Unix seconds, just before each answer left."""
        with self.x.world.lock:
            return [one.at.timestamp() for one in self.x.world.journal.requests if one.endpoint == endpoint]

    def count(self, query: str) -> int:
        """A figure from the ledger, read from outside of the bot."""
        return int(self.counter(query)())

    def counter(self, query: str) -> Callable[[], int]:
        """The same, to be read often."""
        connection = create_engine(normal_url(self.url), isolation_level="AUTOCOMMIT").connect()
        return lambda: int(connection.scalar(text(query)) or 0)


@contextmanager
def stage(url: str) -> Iterator[Stage]:
    """A fresh Slack and a fresh X. Slack tells the bot of what README asks for: of being called by name."""
    with shared.worlds() as (slack, x):
        slack.world.subscriptions = {"app_mention"}
        yield Stage(slack, x, url)


@dataclass(frozen=True)
class Running:
    """A bot at work, and where it serves."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def megabytes(self) -> float:
        """What it holds of the machine's memory (VmRSS)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def bot(on: Stage, **settings: object) -> Iterator[Running]:
    """`python -m bot run` on this stage, with these settings and otherwise the defaults."""
    with process("bot", "run", env=(env := _environment(on, settings))) as started:
        on.slack.events_url = f"http://127.0.0.1:{env['PORT']}/slack/events"
        yield Running(started, int(env["PORT"]))


@contextmanager
def work(on: Stage, **settings: object) -> Iterator[None]:
    """`python -m bot worker` on this stage."""
    with process("bot", "worker", env=_environment(on, settings)):
        yield


def _environment(on: Stage, settings: Mapping[str, object]) -> dict[str, str]:
    """Unless a measurement is about spikes, each mention gets its own card."""
    given = {"SPIKE_PER_MINUTE": 0} | {name.upper(): value for name, value in settings.items()}
    return shared.environment(on.slack, on.x, on.url, LOG_LEVEL="WARNING", **given)


@contextmanager
def process(module: str, *args: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m module args` with this environment; ended by SIGTERM, and what it said shown if it had died."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with TemporaryFile() as said:
        started = subprocess.Popen(
            [sys.executable, "-m", module, *args], cwd=ROOT, env=kept | env, stdout=said, stderr=said
        )
        try:
            yield started
            alive = started.poll() is None
        except BaseException:
            _show(said)
            raise
        finally:
            started.terminate()
            started.wait(20)
        if not alive:
            raise RuntimeError(f"{module} ended by itself:\n{_read(said)}")


def _show(said: IO[bytes]) -> None:
    sys.stderr.write(_read(said))


def _read(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode(errors="replace")


def serving(port: int) -> None:
    """Wait until something answers there."""

    def answers() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    until(answers)


def until(look: Callable[[], Found], *, every: float = 0.01) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + DEADLINE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {DEADLINE} s")
        time.sleep(every)
    return found
