"""A local Jetstream: every public commit over a WebSocket. https://github.com/bluesky-social/jetstream."""

import json
import threading
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from sandbox.bluesky.faults import Kind
from sandbox.bluesky.state.event_log import Event
from sandbox.bluesky.state.world import STREAM_ENDPOINT, BlueskyWorld

HOST = "127.0.0.1"
WAKE_SECONDS = 0.1  # between two looks whether the client is still there
REFUSALS: dict[Kind, HTTPStatus] = {
    "server_error_before": HTTPStatus.INTERNAL_SERVER_ERROR,
    "bad_gateway": HTTPStatus.BAD_GATEWAY,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
}


class JetstreamServer:
    """Jetstream on a port of its own. Use it as a context manager.

    Clients connect to `url` + `/subscribe` with `wantedCollections`, `wantedDids` and `cursor`. Faults at
    `GET /subscribe` refuse them.
    """

    def __init__(self, world: BlueskyWorld) -> None:
        self._world = world
        self._closing = threading.Event()
        self._begins: dict[ServerConnection, int] = {}
        self._server: Server = serve(self._stream, HOST, 0, process_request=self._admit)
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

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse, or note where the stream begins: before the client knows that it is open."""
        if urlsplit(request.path).path != "/subscribe":
            return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
        with self._world.lock:
            self._world.journal.counts[STREAM_ENDPOINT] += 1
        for fault in self._world.faults.take(STREAM_ENDPOINT):
            if fault.kind in REFUSALS:
                return connection.respond(REFUSALS[fault.kind], "refused\n")
        self._begins[connection] = self._world.events.newest
        return None

    def _stream(self, connection: ServerConnection) -> None:
        asked = parse_qs(urlsplit(connection.request.path if connection.request else "").query)
        log, begin = self._world.events, self._begins.pop(connection)
        cursor = int(asked["cursor"][0]) if "cursor" in asked else begin
        cuts = log.cuts
        try:
            while not self._closing.is_set() and log.cuts == cuts:
                if log.is_silent:
                    self._lie_dead(connection)
                with log.changed:
                    if not log.after(cursor):
                        log.changed.wait(WAKE_SECONDS)
                    events = log.after(cursor)
                for event in events:
                    cursor = event.time_us
                    if _is_wanted(event, asked):
                        connection.send(json.dumps(event.as_json()))
                _check_open(connection)
        except ConnectionClosed:
            return

    def _lie_dead(self, connection: ServerConnection) -> None:
        """Answer nothing, not even a ping, as long as the streams are silent."""
        with connection.protocol_mutex:  # which the thread that answers pings needs
            while self._world.events.is_silent and not self._closing.is_set():
                self._closing.wait(WAKE_SECONDS)


def _is_wanted(event: Event, asked: dict[str, list[str]]) -> bool:
    """What happens to accounts comes whatever collections are asked for."""
    collections, dids = asked.get("wantedCollections"), asked.get("wantedDids")
    if dids is not None and event.did not in dids:
        return False
    collection = event.collection
    return (
        collections is None
        or collection is None
        or any(
            collection == one or (one.endswith("*") and collection.startswith(one[:-1]))
            for one in collections
        )
    )


def _check_open(connection: ServerConnection) -> None:
    """Raise ConnectionClosed if the client has gone; what it sends is ignored."""
    try:
        connection.recv(timeout=0)
    except TimeoutError:
        return
