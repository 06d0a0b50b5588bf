"""A thousand feeds that are read every 15 minutes: what that takes of one core, and of memory.

`python -m tests.bench.feeds serve` is the publishers' process, `… bot` the bot with a resolver of its own, as each
feed is on a host of its own.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.request import urlopen

from sqlalchemy import create_engine, text

from bot.networks import http_client
from bot.networks.feed import guard
from models.core.database import Database, normal_url
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bench.figures import Figure
from tests.bench.stage import Running, Stage, _environment, process, serving, stage
from tests.revision import ROOT

FEEDS, CHANGED_SHARE, INTERVAL_SECONDS, ENTRIES = 1_000, 0.05, 900, 25
IDLE_SECONDS = 20
ROUND_MAX_SECONDS = 500
TICKS = 100  # of the kernel's clock in a second: os.sysconf("SC_CLK_TCK")


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Read all feeds once, then once more when so many have changed; what counts is the second round."""
    with _publishers() as port, stage(new_database()) as on:
        _listen(on, port)
        allow = ",".join(f"feed{number}.bench:{port}" for number in range(FEEDS))
        with _bot(on, feed_allow=allow, poll_seconds=60) as bot:
            serving(bot.port)
            idle_before, empty = _seconds(bot), bot.megabytes
            time.sleep(IDLE_SECONDS)
            idle = (_seconds(bot) - idle_before) / IDLE_SECONDS
            _read_all(on)
            asked = _asked(port)
            began, before = time.monotonic(), _seconds(bot)
            urlopen(f"http://127.0.0.1:{port}/change", timeout=30).close()
            _read_all(on)
            passed = time.monotonic() - began
            spent = _seconds(bot) - before - idle * passed
            memory, parser = bot.megabytes, sum(_megabytes(pid) for pid in _children(bot.process.pid))
            whole, unchanged = (now - then for now, then in zip(_asked(port), asked, strict=True))
    share = spent / INTERVAL_SECONDS
    return [
        Figure(
            f"{FEEDS:,} feeds, {unchanged / (whole + unchanged):.0%} of them unchanged: processor time of one round",
            f"{spent:.1f} s, with the process that parses; every 15 minutes that is {share:.1%} of a core",
            "one core",
            share < 1 and whole + unchanged == FEEDS,
        ),
        Figure("the same, a feed", f"{spent / FEEDS * 1000:.1f} ms"),
        Figure("a round in which all are due at once takes", f"{passed:.0f} s on this machine"),
        Figure(
            "memory of the bot after two rounds, of which it held before it read any feed",
            f"{memory:.0f} MB, {empty:.0f} MB",
            "< 100 MB for the feeds",
            memory - empty < 100,
        ),
        Figure("memory of the process that parses, which ends when it is idle", f"{parser:.0f} MB"),
    ]


def _read_all(on: Stage) -> None:
    """Make every feed due, and wait until each has been read."""
    now = datetime.now(UTC).replace(tzinfo=None)
    _execute(on, "UPDATE feeds SET next_at = :now, not_before = NULL", now=now)
    waiting = on.counter(
        f"SELECT count(*) FROM feeds WHERE read_at IS NULL OR read_at < '{now.isoformat(' ')}'"
    )
    deadline = time.monotonic() + ROUND_MAX_SECONDS
    while waiting():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{waiting()} feeds were not read within {ROUND_MAX_SECONDS} s")
        time.sleep(0.5)


def _listen(on: Stage, port: int) -> None:
    database, now = Database(on.url), datetime.now(UTC)
    with database.write() as session:
        for number in range(FEEDS):
            address = f"http://feed{number}.bench:{port}/{number}"
            track_rules.add(session, TrackDraft("feed", "feed", "teapot", address=address), at=now)
    database.close()
    _execute(on, "UPDATE feeds SET next_at = :later", later=datetime(2100, 1, 1))  # noqa: DTZ001 - as stored


@contextmanager
def _bot(on: Stage, **settings: object) -> Iterator[Running]:
    """The bot, for which each host of the publishers is this machine."""
    env = _environment(on, settings)
    with process("tests.bench.feeds", "bot", env=env) as started:
        on.slack.events_url = f"http://127.0.0.1:{env['PORT']}/slack/events"
        yield Running(started, int(env["PORT"]))


@contextmanager
def _publishers() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.feeds", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def _asked(port: int) -> tuple[int, int]:
    """How many whole documents the publishers have sent, and how many 304s."""
    with urlopen(f"http://127.0.0.1:{port}/asked", timeout=30) as answer:
        whole, unchanged = answer.read().split()
    return int(whole), int(unchanged)


def _execute(on: Stage, statement: str, **values: object) -> None:
    engine = create_engine(normal_url(on.url))
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def _seconds(bot: Running) -> float:
    """Processor time of the bot and of what it has started."""
    return sum(_ticks(pid) for pid in (bot.process.pid, *_children(bot.process.pid))) / TICKS


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))  # its own, and that of children that ended


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


# --- the other processes ----------------------------------------------------------------------------------


def _run_bot() -> None:
    known = http_client.resolve_host

    def resolve(host: str, port: int, seconds: float) -> list[str]:
        return ["127.0.0.1"] if host.endswith(".bench") else known(host, port, seconds)

    guard.resolve_host = resolve  # type: ignore[attr-defined]
    from bot.__main__ import main

    main(["run"], standalone_mode=True)


def _serve() -> None:
    """Answer as publishers do: ETag, 304, and about 20 kB of RSS."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    versions = dict.fromkeys(range(FEEDS), 0)
    sent = {200: 0, 304: 0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/asked":
                self._answer(200, f"{sent[200]} {sent[304]}".encode())
            elif self.path == "/change":
                step = round(1 / CHANGED_SHARE)
                versions.update({number: versions[number] + 1 for number in range(0, FEEDS, step)})
                self._answer(200, b"")
            else:
                number = int(self.path[1:])
                etag = f'"{number}-{versions[number]}"'
                status = 304 if self.headers.get("if-none-match") == etag else 200
                sent[status] += 1
                body = b"" if status == 304 else _document(number, versions[number]).encode()
                self._answer(status, body, ETag=etag)

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)  # noqa: T201 - to the process that asked
    server.serve_forever()


def _document(number: int, version: int) -> str:
    now = datetime.now(UTC)
    items = "".join(
        f"<item><title>Entry {place} of feed {number}</title><link>http://feed{number}.bench/{place}</link>"
        f"<guid>{number}/{place}</guid><pubDate>{format_datetime(now - timedelta(hours=place))}</pubDate>"
        f"<description>&lt;p&gt;{'The kettle boils and nobody comes. ' * 20}&lt;/p&gt;</description></item>"
        for place in range(version, version + ENTRIES)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<link>http://feed{number}.bench/</link><description>x</description>{items}</channel></rss>"
    )


if __name__ == "__main__":
    {"bot": _run_bot, "serve": _serve}[sys.argv[1]]()
