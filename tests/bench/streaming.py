"""A live stream of all public posts, filtered by 1,000 tracks: what it takes of one core, and of memory."""

import json
import random
import resource
import subprocess
import sys
import threading
import time

from bot.networks.bluesky.streaming import PostStream
from bot.networks.streams import StreamWish
from models.tracks.matcher import TrackMatcher
from models.tracks.query import parse_query
from tests.bench.figures import Figure
from tests.bench.matching import _english_words, _post, _query

TRACKS, POSTS_PER_SECOND, SECONDS, VARIETY = 1_000, 1_000, 20, 2_000


def measure() -> list[Figure]:
    """Read from a server in a process of its own, which sends so many posts in every second."""
    chance = random.Random(2026)
    words = _english_words(chance)
    matcher = TrackMatcher((number, parse_query(_query(chance, words))) for number in range(TRACKS))
    read = 0

    def wants_text(text: str) -> bool:
        nonlocal read
        read += 1
        return bool(matcher.match(text))

    command = [sys.executable, "-m", "tests.bench.streaming"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port, stop = int(server.stdout.readline()), threading.Event()
        began, at = time.thread_time(), time.monotonic()
        events = 0
        posts = PostStream(f"ws://127.0.0.1:{port}")
        for event in posts.read(StreamWish(wants_text=wants_text), "did:plc:us", stop):
            events += event.kind == "post"
            if time.monotonic() - at >= SECONDS:
                stop.set()
        share, passed = time.thread_time() - began, time.monotonic() - at
        server.kill()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = read / passed
    return [
        Figure(
            f"a stream of {rate:,.0f} posts a second compared with {TRACKS:,} tracks ({events / read:.0%} match)",
            f"{share / passed:.0%} of a core",
            "< 50 %",
            share / passed < 0.5 and rate > 0.95 * POSTS_PER_SECOND,
        ),
        Figure(
            "memory of the whole process at most, if nothing else was measured in it",
            f"{memory:.0f} MB",
            "< 150 MB",
            memory < 150,
        ),
    ]


def _serve() -> None:
    """Send posts to whoever connects, in Jetstream's form: https://github.com/bluesky-social/jetstream."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.server import ServerConnection, serve

    chance = random.Random(7)
    words = _english_words(random.Random(2026))
    messages = [
        json.dumps(
            {
                "did": f"did:plc:{number:024}",
                "kind": "commit",
                "time_us": 1_795_953_600_000_000 + number,
                "commit": {
                    "operation": "create",
                    "collection": "app.bsky.feed.post",
                    "rkey": f"3k{number:011}",
                    "record": {
                        "text": _post(chance, words, " "),
                        "langs": ["en"],
                        "createdAt": "2026-11-29T12:00:00Z",
                    },
                },
            }
        )
        for number in range(VARIETY)
    ]

    def attend(connection: ServerConnection) -> None:
        began, sent = time.monotonic(), 0
        try:
            while True:
                while sent < (time.monotonic() - began) * POSTS_PER_SECOND:
                    connection.send(messages[sent % VARIETY])
                    sent += 1
                time.sleep(0.02)
        except ConnectionClosed:
            return

    with serve(attend, "127.0.0.1", 0, compression=None) as server:
        print(server.socket.getsockname()[1], flush=True)  # noqa: T201 - to the process that asked
        server.serve_forever()


if __name__ == "__main__":
    _serve()
