"""Runs the local Mastodon by itself until SIGINT or SIGTERM."""

import argparse
import signal
import sys
import threading

from sandbox.mastodon.server import MastodonServer
from sandbox.mastodon.state.flavours import FLAVOURS
from sandbox.mastodon.state.world import MastodonWorld


def main() -> None:
    """Serve until a signal. The first line of output has the URL for clients."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.mastodon", description="A local Mastodon.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--brand", default="acmebrew", help="the handle of the account that clients post as")
    parser.add_argument("--flavour", choices=sorted(FLAVOURS), default="mastodon", help="the software")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    world = MastodonWorld(handle=options.brand, flavour=FLAVOURS[options.flavour])
    with MastodonServer(world, port=options.port) as mastodon:
        sys.stdout.write(f"{options.flavour} for @{options.brand} listens at {mastodon.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
