"""The real bot as a child process, connected to the local networks by environment variables alone.

The machine's settings do not reach it: no developer's variables (a demo must not call production's
HEARTBEAT_URL), no proxy, and no `.env`, since it runs in a folder of its own.
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
# The only variables that a child gets from the machine: those that Python needs.
KEPT = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
# NO_PROXY also stops urllib from using the proxies in macOS's network settings.
# https://docs.python.org/3/library/urllib.request.html#urllib.request.getproxies
OURS = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "NO_PROXY": "*", "no_proxy": "*"}
KILL_AFTER_SECONDS = 3.0  # from SIGTERM to SIGKILL
CHECK_INTERVAL_SECONDS = 0.25


class BotProcess:
    """`python -m bot run` in `folder`. `changed` is called whenever its state changes."""

    module = "bot"

    def __init__(self, settings: dict[str, str], folder: Path, changed: Callable[[], None]) -> None:
        self.port = free_port()
        self._settings, self._folder, self._changed = settings | {"PORT": str(self.port)}, folder, changed
        self._log = folder / "bot.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._healthy = False
        self._lock = threading.RLock()
        self._restarts, self._counting = 0, threading.Lock()  # how many restarts are in progress
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_state, name="bot-watch", daemon=True)
        self._watch.start()

    # --- state -------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """One of starting, running, stopping, stopped, died."""
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
        """The URL that Slack sends events to."""
        return f"http://127.0.0.1:{self.port}/slack/events"

    def tail(self, lines: int) -> list[str]:
        """Return the last lines of its log; none if it cannot be read."""
        try:
            return self._log.read_text(errors="replace").splitlines()[-lines:]
        except OSError:
            return []

    def wait_until_running(self, seconds: float) -> bool:
        """Wait until it has started; return whether it runs."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.state == "starting":
            time.sleep(0.05)
        return self.state == "running"

    # --- actions ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it unless it is running."""
        with self._lock:
            if self._over.is_set() or (self._child is not None and self._child.poll() is None):
                return
            self._wanted, self._healthy = True, False
            # In a session of its own, so that Ctrl-C reaches only us and we stop it in order.
            with self._log.open("ab") as log:
                self._child = subprocess.Popen(  # noqa: S603 - our own Python
                    [sys.executable, "-m", "sandbox.demo.isolated_run", self.module, "run"],
                    cwd=self._folder,
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        self._changed()

    def stop(self) -> None:
        """Ask it to finish and exit; kill it after three seconds. Return at once."""
        self._wanted = False
        self._changed()
        threading.Thread(target=self._end, name="bot-end", daemon=True).start()

    def restart(self, changes: dict[str, str]) -> None:
        """Restart it with `changes` to its settings, which stay; return at once."""
        self._settings = self._settings | changes
        self._count_restarts(1)
        self._changed()
        threading.Thread(target=self._stop_and_start, name="bot-restart", daemon=True).start()

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        child = self._child
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    def close(self) -> None:
        """Stop it for good."""
        self._over.set()
        self._wanted = False
        self._end()

    def migrate(self) -> None:
        """Create the tables of its database. Raises subprocess.CalledProcessError."""
        command = [sys.executable, "-m", "bot", "migrate"]
        subprocess.run(  # noqa: S603 - our own Python
            command, cwd=self._folder, env=self.environment(), check=True, capture_output=True
        )

    def environment(self) -> dict[str, str]:
        """Return its environment variables."""
        return {name: os.environ[name] for name in KEPT if name in os.environ} | OURS | self._settings

    def _end(self) -> None:
        with self._lock:
            child = self._child
            if child is None or child.poll() is not None:
                return
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(KILL_AFTER_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._changed()

    def _stop_and_start(self) -> None:
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

    def _watch_state(self) -> None:
        """Report every change of its state until `close`."""
        known = ""
        while not self._over.wait(CHECK_INTERVAL_SECONDS):
            self._healthy = self._answers()
            if self.state != known:
                known = self.state
                self._changed()

    def _answers(self) -> bool:
        child = self._child
        if child is None or child.poll() is not None:
            return False
        if self._healthy:  # once healthy it counts as running until it ends, even if its database is slow
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
    """Return a port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
