"""`python -m tests.chaos.worker`: the real command line in as many processes as are asked for, which die when told to.

One process imports the bot once and forks for each birth: of what a process cost, four fifths were its imports.
It reads lines of JSON: `{"command": …, "env": {…}, "log": …}` is answered with the new process's id,
`{"ended": id}` with its exit code, or null while it lives. With its input it ends itself, and leaves the others.

HEARD_CHAOS_POINT names the point at which the new process dies, HEARD_CHAOS_NTH at which passing,
HEARD_CHAOS_NOTE the file that remembers. HEARD_CHAOS_BUSY is a directory: a file named after the process is made
there once it passes any point.
"""

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.__main__ import main
from bot.runtime import crash_points


def assassin(point: str, nth: int, note: str, busy: Path) -> Callable[[str], None]:
    """Ends this process as a power cut would, at the `nth` passing of `point`."""
    passings = itertools.count(1)
    began = busy / str(os.getpid())

    def visit(name: str) -> None:
        began.touch()
        if name == point and next(passings) == nth:
            out = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(out, f"{os.getpid()} {point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return visit


def serve() -> dict[str, Any]:
    """Answer until the input ends; returns in each new process, with what it is to be."""
    while line := sys.stdin.readline():
        asked = json.loads(line)
        if "ended" in asked:
            done, status = os.waitpid(asked["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if done else None
        elif (answer := os.fork()) == 0:
            return asked  # type: ignore[no-any-return]
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
    sys.exit()


def become(asked: dict[str, Any]) -> None:
    """Take on the environment and the log of a process of its own."""
    os.environ.clear()
    os.environ.update(asked["env"])
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, number in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(file, number)
    where = os.environ.get("HEARD_CHAOS_POINT")
    if where:
        nth, note, busy = (os.environ[f"HEARD_CHAOS_{name}"] for name in ("NTH", "NOTE", "BUSY"))
        crash_points.set_visitor(assassin(where, int(nth), note, Path(busy)))


if __name__ == "__main__":
    become(asked := serve())
    main([asked["command"]], prog_name="bot")
