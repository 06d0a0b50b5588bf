"""A local Jetstream: every public commit over a WebSocket. https://github.com/bluesky-social/jetstream."""

import json
import threading
from typing import Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from sandbox.bluesky.state.event_log import Commit
from sandbox.bluesky.state.world import BlueskyWorld

HOST = "127.0.0.1"
WAKE_SECONDS = 0.1  # between two looks whether the client is still there


class JetstreamServer:
    """Jetstream on a port of its own. Use it as a context manager.

    Clients connect to `url` + `/subscribe` with `wantedCollections`, `wantedDids` and `cursor`.
    """

    def __init__(self, world: BlueskyWorld) -> None:
        self._world = world
        self._closing = threading.Event()
        self._server: Server = serve(self._stream, HOST, 0)
        self._thread = threading.Thread(target=self._server.serve_forever, name="sandbox-jetstream")

    @property
    def url(self) -> str:
        """The base URL for clients (BLUESKY_STREAM_URL)."""
        return f"ws://{HOST}:{self._server.socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()

    def _stream(self, connection: ServerConnection) -> None:
        asked = parse_qs(urlsplit(connection.request.path if connection.request else "").query)
        log = self._world.events
        cursor = int(asked["cursor"][0]) if "cursor" in asked else _newest(log.commits)
        cuts = log.cuts
        try:
            while not self._closing.is_set() and log.cuts == cuts:
                with log.changed:
                    if not log.after(cursor):
                        log.changed.wait(WAKE_SECONDS)
                    commits = log.after(cursor)
                for commit in commits:
                    cursor = commit.time_us
                    if _is_wanted(commit, asked):
                        connection.send(json.dumps(commit.as_json()))
                _check_open(connection)
        except ConnectionClosed:
            return


def _newest(commits: list[Commit]) -> int:
    return commits[-1].time_us if commits else 0


def _is_wanted(commit: Commit, asked: dict[str, list[str]]) -> bool:
    collections, dids = asked.get("wantedCollections"), asked.get("wantedDids")
    if dids is not None and commit.record.did not in dids:
        return False
    return collections is None or any(
        commit.record.collection == one
        or (one.endswith("*") and commit.record.collection.startswith(one[:-1]))
        for one in collections
    )


def _check_open(connection: ServerConnection) -> None:
    """Raise ConnectionClosed if the client has gone; what it sends is ignored."""
    try:
        connection.recv(timeout=0)
    except TimeoutError:
        return
