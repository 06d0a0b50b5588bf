"""Runs the local forum by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.feeds.server import ForumServer
from sandbox.feeds.state.world import ForumWorld


def main() -> None:
    """Serve until a signal. The first line of output has the forum's URL."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.feeds", description="A local forum with feeds.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument(
        "--brand", default="acmebrew", help="the handle of the member who answers for the brand"
    )
    parser.add_argument("--title", default="Homebrew Corner", help="the forum's name")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ForumServer(ForumWorld(title=options.title, handle=options.brand), port=options.port) as forum:
        sys.stdout.write(f"{options.title} with @{options.brand} listens at {forum.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
