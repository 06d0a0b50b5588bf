"""Socket Mode: envelopes over WebSockets that the app opens.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import contextlib
import itertools
import json
import secrets
import threading
import uuid

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from sandbox.slack.delivery.transport import NOBODY, TIMEOUT, Answer, Json, Kind, Parcel, encode

MOST = 10  # connections at once; each payload goes to one of them
HELD_SECONDS = 18_060


class SocketMode:
    """The port for the app's WebSockets."""

    def __init__(self, app_id: str) -> None:
        self._app_id = app_id
        self._guard = threading.Condition()
        self._tickets: set[str] = set()
        self._sockets: list[ServerConnection] = []
        self._turn = itertools.count()
        self._acks: dict[str, Answer] = {}
        self._awaited: set[str] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.used = False  # once an app has used a socket, Slack keeps trying that way

    @property
    def ready(self) -> bool:
        return bool(self._sockets)

    @property
    def connections(self) -> int:
        return len(self._sockets)

    def start(self) -> None:
        self._server = serve(
            self._attend, "127.0.0.1", 0, process_request=self._admit, compression=None, close_timeout=1
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack-sockets")
        self._thread.start()

    def close(self) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._thread.join()

    def ticket(self) -> str:
        """Return a new URL for one connection, for `apps.connections.open`."""
        assert self._server is not None
        ticket = secrets.token_urlsafe(16)
        with self._guard:
            self._tickets.add(ticket)
        port = self._server.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/link/?ticket={ticket}&app_id={self._app_id}"

    def refresh(self, *, warn: bool = True) -> None:
        """Ask every connection to reconnect, as Slack does every few hours."""
        for socket in list(self._sockets):
            with contextlib.suppress(ConnectionClosed):
                if warn:
                    socket.send(self._disconnect("warning"))
                socket.send(self._disconnect("refresh_requested"))
                socket.close()

    def drop(self) -> None:
        """Cut every connection without a close frame."""
        for socket in list(self._sockets):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(2)

    def pack(self, kind: Kind, payload: Json) -> Parcel:
        return Parcel(kind, payload, encode(kind, payload)[1], envelope_id=str(uuid.uuid4()))

    def send(self, parcel: Parcel, seconds: float, retry: tuple[int, str] | None = None) -> Answer:
        """Send one envelope over one connection and wait for its ack."""
        with self._guard:
            if not self._sockets:
                return Answer(None, failure=NOBODY)
            socket = self._sockets[next(self._turn) % len(self._sockets)]
            self._awaited.add(parcel.envelope_id)
        try:
            socket.send(json.dumps(self._envelope(parcel, retry)))
        except ConnectionClosed:
            return Answer(None, failure=NOBODY)
        return self._await(parcel.envelope_id, socket, seconds)

    def _await(self, envelope_id: str, socket: ServerConnection, seconds: float) -> Answer:
        with self._guard:
            done = self._guard.wait_for(
                lambda: envelope_id in self._acks or socket not in self._sockets, seconds
            )
            self._awaited.discard(envelope_id)
            return self._acks.pop(envelope_id, Answer(None, failure=NOBODY if done else TIMEOUT))

    def _envelope(self, parcel: Parcel, retry: tuple[int, str] | None) -> Json:
        envelope = {
            "envelope_id": parcel.envelope_id,
            "type": parcel.kind,
            "payload": parcel.payload,
            "accepts_response_payload": parcel.kind != "events_api",
        }
        if parcel.kind == "events_api":
            attempt, reason = retry or (0, "")
            envelope |= {"retry_attempt": attempt, "retry_reason": reason.replace("http_", "")}
        return envelope

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        ticket = request.path.partition("ticket=")[2].partition("&")[0]
        with self._guard:
            if ticket in self._tickets and len(self._sockets) < MOST:
                self._tickets.discard(ticket)
                return None
        return connection.respond(403, "no such ticket\n")

    def _attend(self, socket: ServerConnection) -> None:
        with self._guard:
            self._sockets.append(socket)
            self.used = True
        try:
            socket.send(json.dumps(self._hello()))
            for message in socket:
                self._acked(message if isinstance(message, str) else message.decode())
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._guard:
                self._sockets.remove(socket)
                self._guard.notify_all()

    def _acked(self, message: str) -> None:
        try:
            ack = json.loads(message)
        except ValueError:
            return
        payload = ack.get("payload")
        body = json.dumps(payload).encode() if payload is not None else b""
        with self._guard:
            if ack.get("envelope_id") in self._awaited:
                self._acks[ack["envelope_id"]] = Answer(200, body)
            self._guard.notify_all()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "debug_info": {"host": "applink-local", "approximate_connection_time": HELD_SECONDS},
            "connection_info": {"app_id": self._app_id},
        }

    def _disconnect(self, reason: str) -> str:
        return json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}})
