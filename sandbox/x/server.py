"""X over HTTP on loopback, with connections that can be cut, reset or refused.

A WSGI server would hide its sockets, so this one uses http.server, with a thread per connection.
"""

import contextlib
import logging
import socket
import struct
import threading
import time
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.x.api.dispatch import answer
from sandbox.x.api.http_messages import Answer, Request, Wire, as_problem
from sandbox.x.api.problems import plain
from sandbox.x.faults import Fault
from sandbox.x.state.world import XWorld

HOST = "127.0.0.1"
MAX_BODY = 8_000_000
LINGER_NOT = struct.pack("ii", 1, 0)  # SO_LINGER for zero seconds: closing sends RST

log = logging.getLogger(__name__)


class Handler(BaseHTTPRequestHandler):
    """One client connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Listener"

    def handle_one_request(self) -> None:
        """Serve one request; a client that disconnects ends the connection without an error."""
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()
            return
        self.close_connection = True

    def do_GET(self) -> None:
        length = self.headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(as_problem(plain(413)))
            return
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = self.rfile.read(int(length))
        request = Request(self.command, target.path, target.query, headers, content)
        self._send(self._answered(request))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - http.server's names

    def _answered(self, request: Request) -> Answer:
        try:
            return answer(self.server.world, request, self._wait)
        except Exception:
            log.exception("the sandbox itself failed at %s %s", request.method, request.path)
            return as_problem(plain(500, "The sandbox itself failed: see its log."))

    def _wait(self, fault: Fault) -> None:
        """Wait as long as `fault` says, or until it is released or the server closes."""
        end = time.monotonic() + fault.seconds
        while (left := end - time.monotonic()) > 0 and not self.server.closing.is_set():
            if fault.released.wait(min(left, 0.02)):
                return

    def _send(self, made: Answer) -> None:
        if self.server.closing.is_set():
            made = replace(made, wire=Wire.NOTHING)
        if made.wire is Wire.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            self.connection.close()  # before socketserver can send a FIN
        if made.wire in {Wire.WHOLE, Wire.HALF}:
            half = len(made.content) // 2 if made.wire is Wire.HALF else None
            self.connection.sendall(self._head(made) + made.content[:half])
        if made.wire is not Wire.WHOLE:
            self.close_connection = True

    def _head(self, made: Answer) -> bytes:
        headers = {
            "date": self.date_time_string(self.server.world.clock().timestamp()),
            "server": "sandbox",
            **made.headers,
            "content-length": str(len(made.content)),
        }
        lines = [f"HTTP/1.1 {made.status} {HTTPStatus(made.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's signature
        log.debug(format, *args)


class Listener(ThreadingHTTPServer):
    """A listening socket with its connections."""

    request_queue_size = 128
    daemon_threads = False  # so that server_close joins them

    def __init__(self, world: XWorld, port: int) -> None:
        self.world = world
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="sandbox-x")
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's signature
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Stop listening and cut every connection, as if the process had died."""
        self.closing.set()
        self.shutdown()
        self._thread.join()
        self.socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class XServer:
    """X on a loopback port, with its `world`.

    Use it as a context manager, or call `start` and `stop`. The fault `("*", "down")` makes its port refuse
    connections until it is cleared.
    """

    def __init__(self, world: XWorld | None = None, *, port: int = 0) -> None:
        self.world = world or XWorld()
        self.port = port
        self._lock = threading.RLock()
        self._listener: Listener | None = None
        self._ended: list[Listener] = []
        self._placeholder: socket.socket | None = None
        self._running = False
        self.world.faults.on_change(self._obey)

    @property
    def url(self) -> str:
        """The base URL for clients (X_API_URL), without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> Self:
        with self._lock:
            self._running = True
            self._listen()
            self._obey()
        return self

    def stop(self) -> None:
        """Cut every connection and wait for every thread."""
        with self._lock:
            self._running = False
            self._refuse()
            if self._placeholder is not None:
                self._placeholder.close()
        for listener in self._ended:  # without the lock, which a call that is ending may need
            listener.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _obey(self) -> None:
        with self._lock:
            if self._running and self.world.faults.refusing:
                self._refuse()
            elif self._running:
                self._listen()

    def _listen(self) -> None:
        if self._listener is None:
            if self._placeholder is not None:
                self._placeholder.close()
                self._placeholder = None
            self._listener = Listener(self.world, self.port)
            self.port = self._listener.server_port

    def _refuse(self) -> None:
        """Stop listening but keep the port: a bound socket that does not listen refuses connections."""
        if self._listener is not None:
            self._listener.hang_up()
            self._ended.append(self._listener)
            self._listener = None
            self._placeholder = socket.socket()
            self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._placeholder.bind((HOST, self.port))
