"""`python -m sandbox` as a process: what it says, and that nothing of it stays behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

READY = re.compile(r"http://127\.0\.0\.1:(\d+)/")


class Started:
    """The demo in a process of its own, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.said = process, ""

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """What it says, as soon as it does."""
        for line in self.process.stdout:
            self.said += line
            if found := pattern.search(line):
                return found
        pytest.fail(f"it ended with: {self.said}")

    def ended(self) -> int:
        """Its exit code; if it does not end, a failure that says what each of its threads was doing."""
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            pytest.fail(f"it did not end: {self.process.stdout.read()}")

    def children(self) -> list[int]:
        """The processes that it started."""
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = [line.split() for line in listed.stdout.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]


@contextmanager
def started(*options: str, scratch: Path) -> Iterator[Started]:
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "sandbox", "--quiet-customers", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as process:
        try:
            yield Started(process)
        finally:
            process.terminate()


def alive(pid: int) -> bool:
    """Whether it still runs; one that only waits for its parent to take note does not."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip()[:1] not in {"", "Z"}


@pytest.mark.parametrize("hangs", [False, True], ids=["working bot", "hanging bot"])
def test_ctrl_c_ends_everything_and_leaves_nothing_behind(hangs: bool, tmp_path: Path) -> None:
    with started("--port", "0", scratch=tmp_path) as demo:
        demo.wait_for(READY)
        bot = demo.children()
        assert len(bot) == 1
        if hangs:
            os.kill(bot[0], signal.SIGSTOP)
        began = time.monotonic()
        demo.process.send_signal(signal.SIGINT)
        code = demo.ended()

        assert code == 0
        assert time.monotonic() - began < 10
        assert not alive(bot[0])
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_killed_demo_takes_its_bot_along(tmp_path: Path) -> None:
    with started("--port", "0", scratch=tmp_path) as demo:
        demo.wait_for(READY)
        (bot,) = demo.children()
        demo.process.kill()
        demo.process.wait(timeout=20)
        until = time.monotonic() + 20
        while alive(bot) and time.monotonic() < until:
            time.sleep(0.05)

        assert not alive(bot)


def test_a_port_in_use_is_named_and_another_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with started("--port", str(port), scratch=tmp_path) as demo:
            address = demo.wait_for(READY)

            assert f"Port {port} is in use" in demo.said
            assert int(address[1]) != port
            demo.process.send_signal(signal.SIGTERM)
            assert demo.ended() == 0
