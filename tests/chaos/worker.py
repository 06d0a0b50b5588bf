"""`python -m tests.chaos.worker <command>`: the real command line, which dies at a named point if told to.

HEARD_CHAOS_POINT names the point, HEARD_CHAOS_NTH at which passing, HEARD_CHAOS_NOTE the file that remembers.
"""

import itertools
import os
import signal
from collections.abc import Callable

from bot import crash
from bot.__main__ import main


def assassin(point: str, nth: int, note: str) -> Callable[[str], None]:
    """Ends this process as a power cut would, at the `nth` passing of `point`."""
    passings = itertools.count(1)

    def visit(name: str) -> None:
        if name == point and next(passings) == nth:
            out = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(out, f"{os.getpid()} {point}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return visit


if __name__ == "__main__":
    where = os.environ.get("HEARD_CHAOS_POINT")
    if where:
        crash.visit(assassin(where, int(os.environ["HEARD_CHAOS_NTH"]), os.environ["HEARD_CHAOS_NOTE"]))
    main(prog_name="bot")
