"""The forum over HTTP on loopback, with connections that can be cut or refused.

A WSGI server would hide its sockets, so this one uses http.server, with a thread per connection.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from sandbox.feeds.api.dispatch import answer
from sandbox.feeds.api.http_messages import Answer, Request, as_page
from sandbox.feeds.faults import Fault
from sandbox.feeds.state.request_log import Asked
from sandbox.feeds.state.world import ForumWorld

HOST = "127.0.0.1"
MAX_BODY = 200_000

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
            self._send(as_page(413, "That is too long"))
            return
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(length))
        base_url = f"http://{headers.get('host', f'{HOST}:{self.server.server_port}')}"
        request = Request(self.command, target.path, dict(parse_qsl(target.query)), headers, body, base_url)
        if self.command == "POST" and headers.get("origin", base_url) != base_url:
            made = as_page(403, "Another site sent this form")
        else:
            faults = self.server.world.faults.take(target.path)
            self._wait(faults)
            made = self._answered(request, faults)
        self._note(request, made)
        self._send(made)

    do_POST = do_HEAD = do_GET  # noqa: N815 - http.server's names

    def _answered(self, request: Request, faults: Sequence[Fault]) -> Answer:
        try:
            return answer(self.server.world, request, faults)
        except Exception:
            log.exception("the sandbox itself failed at %s %s", request.method, request.path)
            return as_page(500, "The sandbox itself failed: see its log")

    def _note(self, request: Request, made: Answer) -> None:
        world = self.server.world
        world.note(
            Asked(
                world.clock(),
                request.method,
                request.path,
                None if made.is_cut or made.pieces is not None else made.status,
                request.headers.get("user-agent", ""),
                request.headers.get("if-none-match", ""),
                request.headers.get("if-modified-since", ""),
            )
        )

    def _wait(self, faults: Sequence[Fault]) -> None:
        """Wait as long as the faults say, or until they are released or the server closes."""
        for fault in faults:
            end = time.monotonic() + (fault.seconds if fault.kind == "slow" else 0)
            while (left := end - time.monotonic()) > 0 and not self.server.closing.is_set():
                if fault.released.wait(min(left, 0.02)):
                    break

    def _send(self, made: Answer) -> None:
        if made.is_cut or self.server.closing.is_set():
            self.close_connection = True
            return
        content = b"" if self.command == "HEAD" or made.status == HTTPStatus.NOT_MODIFIED else made.body
        self.connection.sendall(self._head(made) + content)
        if made.pieces is not None:
            self.close_connection = True
            for piece in made.pieces:
                if self.server.closing.is_set():
                    return
                self.connection.sendall(piece)

    def _head(self, made: Answer) -> bytes:
        length = (
            {"Connection": "close"} if made.pieces is not None else {"Content-Length": str(len(made.body))}
        )
        if made.status == HTTPStatus.NOT_MODIFIED:
            length = {}
        headers = {
            "Date": self.date_time_string(self.server.world.clock().timestamp()),
            "Server": "sandbox",
            **made.headers,
            **length,
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

    def __init__(self, world: ForumWorld, port: int) -> None:
        self.world = world
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="sandbox-feeds")
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


class ForumServer:
    """The forum on a loopback port, with its `world`.

    Use it as a context manager, or call `start` and `stop`. The fault `("*", "down")` makes its port refuse
    connections until it is cleared.
    """

    def __init__(self, world: ForumWorld | None = None, *, port: int = 0) -> None:
        self.world = world or ForumWorld()
        self.port = port
        self._lock = threading.RLock()
        self._listener: Listener | None = None
        self._ended: list[Listener] = []
        self._placeholder: socket.socket | None = None
        self._running = False
        self.world.faults.on_change(self._obey)

    @property
    def url(self) -> str:
        """The forum's address, without a slash at the end."""
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
        self.world.faults.clear()  # so that nothing drips on
        for listener in self._ended:  # without the lock, which a request that is ending may need
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
