"""`python -m bot …` in as many processes as are asked for, from one that has imported it: imports are most of a start.

Each has its own environment, folder, input, output and exit code, as if it had been started by itself; that the
command starts by itself, `test_tutorial.py`, `test_where_it_starts.py` and the demo show. What serves people waits
for its ledger and for Slack with a test's patience.

The other half of this file, `python -m tests.forked_bot NUMBER`, answers on the socket of that number. A message is
JSON: `{"words": …, "env": …, "home": …}`, with three files, is answered with the id of the new process; `{"ended":
id}` with its exit code, or null while it lives.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from tests.patience import PATIENCE
from tests.revision import ROOT

SERVING = {"run", "web", "worker"}
MESSAGE_BYTES = 1 << 17
POLL_SECONDS = 0.01


class Forked:
    """One of them, with what tests use of `subprocess.Popen`. Its input is a pipe if `has_input`, else empty."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str],
        home: Path,
        out: IO[Any],
        err: IO[Any],
        has_input: bool = False,
    ) -> None:
        self.stdin: IO[bytes] | None = None
        self.returncode: int | None = None
        given = os.open(os.devnull, os.O_RDONLY)
        if has_input:
            os.close(given)
            given, ours = os.pipe()
            self.stdin = os.fdopen(ours, "wb")
        try:
            asked = {"words": list(words), "env": dict(env), "home": str(home)}
            self.pid: int = _origin().ask(asked, [given, out.fileno(), err.fileno()])
        finally:
            os.close(given)

    def poll(self) -> int | None:
        """Its exit code, or None while it lives."""
        if self.returncode is None:
            self.returncode = _origin().ask({"ended": self.pid}, [])
        return self.returncode

    def wait(self, seconds: float = 120.0) -> int:
        """Its exit code, once it has ended."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("python -m bot", seconds)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(words: Sequence[str], env: Mapping[str, str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot` with `words` to its end."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        one = Forked(words, env=env, home=home, out=out, err=err)
        try:
            code = one.wait()
        finally:
            one.kill()
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(list(words), code, out.read(), err.read())


class _Origin:
    """The process that they are forked from; it ends with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.forked_bot", str(theirs.fileno())]
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with theirs:
            self._process = subprocess.Popen(
                command, env=env, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )

    def ask(self, question: Mapping[str, Any], files: Sequence[int]) -> Any:
        with self._lock:
            socket.send_fds(self._line, [json.dumps(question).encode()], files)
            return json.loads(self._line.recv(MESSAGE_BYTES))

    def close(self) -> None:
        self._line.close()
        self._process.wait()


_known: list[_Origin] = []
_knowing = threading.Lock()


def _origin() -> _Origin:
    """The one of this process, started by who asks first."""
    with _knowing:
        if not _known:
            _known.append(_Origin())
        return _known[0]


def close() -> None:
    """End it, when nothing is to be started any more."""
    while _known:
        _known.pop().close()


def _serve(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Answer until nobody asks any more; returns in each new process, with what it is to be."""
    while True:
        message, files, _, _ = socket.recv_fds(line, MESSAGE_BYTES, 3)
        if not message:
            sys.exit()
        asked = json.loads(message)
        if "ended" in asked:
            done, status = os.waitpid(asked["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if done else None
        elif (answer := os.fork()) == 0:
            line.close()
            return asked, files
        for file in files:
            os.close(file)
        line.send(json.dumps(answer).encode())


def _become(asked: Mapping[str, Any], files: Sequence[int]) -> None:
    """Take on the environment, the folder and the files of a process of its own."""
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["home"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)


def _leave(code: object) -> None:
    """End as Python does, but for taking every module apart, which took as long as many a command."""
    if isinstance(code, str):
        print(code, file=sys.stderr)  # noqa: T201 - as Python does
    threading._shutdown()  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    from bot import __main__ as program
    from bot.bootstrap import open_context

    gc.freeze()  # so that a child's collections copy no page of it
    told, given = _serve(socket.socket(fileno=int(sys.argv[1])))
    _become(told, given)
    if told["words"][0] in SERVING:
        program.open_context = partial(open_context, patience=PATIENCE)  # type: ignore[assignment]
    sys.argv = ["bot", *told["words"]]
    try:
        program.main(prog_name="python -m bot")
    except SystemExit as end:
        _leave(end.code)
