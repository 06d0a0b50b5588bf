"""`python -m sandbox.x --port 8002`: X by itself, until Ctrl-C."""

import argparse
import signal
import sys
import threading

from sandbox.x.server import XServer
from sandbox.x.state.world import XWorld


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.x", description="A local X API v2.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--brand", default="acmebrew", help="the handle of the account that clients speak for"
    )
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with XServer(XWorld(handle=options.brand), port=options.port) as x:
        sys.stdout.write(f"X for @{options.brand} listens at {x.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
