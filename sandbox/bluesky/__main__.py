"""Runs the local Bluesky by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.bluesky.server import BlueskyServer
from sandbox.bluesky.state.world import BlueskyWorld


def main() -> None:
    """Serve until a signal. The first line of output has the URL for clients and how to log in."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.bluesky", description="A local Bluesky.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--brand", default="acmebrew.test", help="the handle of the account to log in as")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with BlueskyServer(BlueskyWorld(handle=options.brand), port=options.port) as bluesky:
        password = bluesky.world.app_password()
        sys.stdout.write(f"Bluesky for @{options.brand} listens at {bluesky.url}, app password {password}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
