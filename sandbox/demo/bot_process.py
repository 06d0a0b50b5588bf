"""The real bot as a child process, pointed at the local worlds by environment variables and nothing else.

It obeys nothing of the machine: neither a developer's settings (a demo that calls production's HEARTBEAT_URL
says there that all is well) nor a proxy, and no `.env`, for it is started in a folder of its own.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
# What Python needs of the machine; whatever else is set there, now or in a later version, is not for a demo.
KEPT = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# NO_PROXY also keeps urllib from asking macOS for the proxies of its network settings.
# https://docs.python.org/3/library/urllib.request.html#urllib.request.getproxies
OURS = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "NO_PROXY": "*", "no_proxy": "*"}
PATIENCE = 3.0  # seconds from SIGTERM to SIGKILL
LOOK = 0.25


class BotProcess:
    """`python -m bot run` in `folder`, watched. `changed` is called whenever its state is another one."""

    def __init__(self, settings: dict[str, str], folder: Path, changed: Callable[[], None]) -> None:
        self.port = free_port()
        self._settings, self._folder, self._changed = settings | {"PORT": str(self.port)}, folder, changed
        self._log = folder / "bot.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._healthy = False
        self._lock = threading.RLock()
        self._restarts, self._counting = 0, threading.Lock()  # how many are still under way
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, name="bot-watch", daemon=True)
        self._watch.start()

    # --- seen from outside -----------------------------------------------------------------------

    @property
    def state(self) -> str:
        child = self._child
        if self._restarts:
            return "starting"
        if child is None:
            return "stopped"
        if child.poll() is not None:
            return "died" if self._wanted else "stopped"
        if not self._wanted:
            return "stopping"
        return "running" if self._healthy else "starting"

    @property
    def events_url(self) -> str:
        """Where Slack delivers."""
        return f"http://127.0.0.1:{self.port}/slack/events"

    def tail(self, lines: int) -> list[str]:
        """The last lines of its log."""
        try:
            return self._log.read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            return []

    def wait_until_running(self, seconds: float) -> bool:
        """Whether it got up in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.state == "starting":
            time.sleep(0.05)
        return self.state == "running"

    # --- doing -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it, unless it runs."""
        with self._lock:
            if self._over.is_set() or (self._child is not None and self._child.poll() is None):
                return
            self._wanted, self._healthy = True, False
            # In a session of its own: Ctrl-C reaches us, and we end it in our own time.
            with self._log.open("ab") as log:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "sandbox.demo.isolated_run", "bot", "run"],
                    cwd=self._folder,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        self._changed()

    def stop(self) -> None:
        """Ask it to drain and leave; past three seconds it is made to."""
        self._wanted = False
        self._changed()
        threading.Thread(target=self._end, name="bot-end", daemon=True).start()

    def restart(self, changes: dict[str, str]) -> None:
        """Stop it, then start it with `changes` among its settings, from now on; return at once."""
        self._settings = self._settings | changes
        self._count_restarts(1)
        self._changed()
        threading.Thread(target=self._start_anew, name="bot-restart", daemon=True).start()

    def kill(self) -> None:
        """Pull the plug."""
        child = self._child
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    def close(self) -> None:
        """End it for good, and leave nothing behind."""
        self._over.set()
        self._wanted = False
        self._end()

    def migrate(self) -> None:
        """Make the ledger's tables. Raises CalledProcessError."""
        command = [sys.executable, "-m", "bot", "migrate"]
        subprocess.run(  # noqa: S603 - our own Python
            command, cwd=self._folder, env=self.environment(), check=True, capture_output=True
        )

    def environment(self) -> dict[str, str]:
        """All that it is told."""
        return {name: os.environ[name] for name in KEPT if name in os.environ} | OURS | self._settings

    def _end(self) -> None:
        with self._lock:
            child = self._child
            if child is None or child.poll() is not None:
                return
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._changed()

    def _start_anew(self) -> None:
        try:
            with self._lock:
                self._wanted = False
                self._end()
                self.start()
        finally:
            self._count_restarts(-1)

    def _count_restarts(self, more: int) -> None:
        with self._counting:
            self._restarts += more

    def _look(self) -> None:
        """Watch over it, and say when it is not as it was."""
        known = ""
        while not self._over.wait(LOOK):
            self._healthy = self._answers()
            if self.state != known:
                known = self.state
                self._changed()

    def _answers(self) -> bool:
        child = self._child
        if child is None or child.poll() is not None:
            return False
        if self._healthy:  # a process that was up once is up until it ends: a slow ledger is no death
            return True
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (http.client.HTTPException, OSError):
            return False
        finally:
            connection.close()


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
