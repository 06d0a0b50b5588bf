"""Runs the local Hacker News by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.hackernews.server import HackerNewsServer


def main() -> None:
    """Serve until a signal. The first line of output has the URL for clients."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hackernews", description="A local Hacker News.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with HackerNewsServer(port=options.port) as server:
        sys.stdout.write(f"The search of Hacker News listens at {server.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
