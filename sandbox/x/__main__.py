"""Runs the local X by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.x.server import XServer
from sandbox.x.state.world import XWorld


def main() -> None:
    """Serve until a signal. The first line of output has the URL for clients."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.x", description="A local X API v2.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--brand", default="acmebrew", help="the handle of the account that clients post as")
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
