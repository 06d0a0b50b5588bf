"""A PostgreSQL that can be struck down and comes back, as `pg_ctl restart -m immediate` does it."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import URL

from tests import postgres

SAFE = ("listen_addresses=",)  # as it comes: what was committed must survive
QUICK = (*SAFE, "fsync=off", "full_page_writes=off")  # … the server's death, if not the machine's


@dataclass
class Server:
    """One server and its data."""

    programs: Path
    home: Path
    struck: int = 0
    _keeper: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> URL:
        return URL.create("postgresql+psycopg", "heard", database="postgres", query={"host": str(self.home)})

    def start(self) -> None:
        with (self.home / "log").open("a") as log:
            self._keeper = postgres._start(self.programs, self.home, log.fileno())
        postgres._await(self.url, self._keeper, self.home / "log")

    def strike(self, pause: float) -> None:
        """Let every one of its processes end at once, without a word to anybody; then start it again."""
        with self._lock:
            if self._keeper is None:
                return
            pid = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGQUIT)
            self._keeper.wait(postgres.START_SECONDS)
            self._let_go(self._keeper)
            threading.Event().wait(pause)
            self.start()
            self.struck += 1

    def stop(self) -> None:
        with self._lock:
            if self._keeper is not None:
                self._let_go(self._keeper)
                self._keeper.wait(postgres.START_SECONDS)
                self._keeper = None

    def _let_go(self, keeper: subprocess.Popen[bytes]) -> None:
        assert keeper.stdin is not None
        keeper.stdin.close()


@contextmanager
def server(*, durable: bool) -> Iterator[Server]:
    """A server of one's own."""
    programs, usual = postgres.find(), postgres.SETTINGS
    postgres.SETTINGS = SAFE if durable else QUICK  # type: ignore[assignment]
    try:
        with TemporaryDirectory(prefix="heard-pg-", dir="/tmp", ignore_cleanup_errors=True) as name:
            home = Path(name)
            folder = postgres._reachable(programs.folder, home)
            postgres._initialise(folder, home)
            made = Server(folder, home)
            made.start()
            try:
                yield made
            finally:
                made.stop()
    finally:
        postgres.SETTINGS = usual


@contextmanager
def outages(
    struck: Server | None, every: tuple[float, float] | None, rng: Random
) -> Iterator[threading.Event]:
    """Strike it down every so many seconds while the block lasts, and until the event that is given is set."""
    over = threading.Event()

    def strike() -> None:
        while struck is not None and every is not None and not over.wait(rng.uniform(*every)):
            struck.strike(rng.uniform(0, 2))

    striking = threading.Thread(target=strike, name="outages")
    striking.start()
    try:
        yield over
    finally:
        over.set()
        striking.join()
