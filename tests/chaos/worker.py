"""`python -m tests.chaos.worker <command>`: the real command line, which dies at a named point if told to.

HEARD_CHAOS_POINT names the point, HEARD_CHAOS_NTH at which passing, HEARD_CHAOS_NOTE the file that remembers.
HEARD_CHAOS_BUSY is a directory: a file named after the process is made there once it passes any point.
"""

import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

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


if __name__ == "__main__":
    where = os.environ.get("HEARD_CHAOS_POINT")
    if where:
        nth, note, busy = (os.environ[f"HEARD_CHAOS_{name}"] for name in ("NTH", "NOTE", "BUSY"))
        crash_points.set_visitor(assassin(where, int(nth), note, Path(busy)))
    main(prog_name="bot")
