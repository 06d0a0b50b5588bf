"""The search of Hacker News over HTTP on loopback, with connections that can be cut or refused."""

import contextlib
import json
import logging
import re
import socket
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from sandbox.hackernews.search import InvalidQueryError, search
from sandbox.hackernews.world import HackerNewsWorld

HOST = "127.0.0.1"
HTML_PAGE = b"<!DOCTYPE html><html><body><h1>Just a moment</h1></body></html>"

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
        target = urlsplit(self.path)
        world, endpoint = self.server.world, f"GET {target.path}"
        world.counts[re.sub(r"/\d+$", "/ID", endpoint)] += 1
        fault = world.faults.take(endpoint)
        if fault is not None and fault.kind in {"down", "answer_lost"}:
            self.close_connection = True
            world.note(endpoint, None)
            return
        if fault is not None and fault.kind in {"server_error", "rate_limited", "unauthorized"}:
            status = {"server_error": 500, "rate_limited": 429, "unauthorized": 403}[fault.kind]
            more = {"Retry-After": str(fault.seconds)} if fault.kind == "rate_limited" else {}
            self._send(status, _encode({"status": status, "error": HTTPStatus(status).phrase}), more)
            return
        if fault is not None and fault.kind == "html":
            self._send(200, HTML_PAGE, {"Content-Type": "text/html"})
            return
        status, found = self._answer(target.path, dict(parse_qsl(target.query, keep_blank_values=True)))
        content = _encode(found)
        self._send(status, content, {}, cut=fault is not None and fault.kind == "truncated")

    def _answer(self, path: str, given: Mapping[str, str]) -> tuple[int, object]:
        world = self.server.world
        try:
            if path in {"/api/v1/search", "/api/v1/search_by_date"}:
                return 200, search(world, given)
            if path.startswith("/api/v1/items/"):
                return self._item(path.rpartition("/")[2])
            if path.startswith("/api/v1/users/"):
                name = path.rpartition("/")[2]
                if name in world.authors():
                    return 200, {"username": name, "about": "", "karma": 1}
        except InvalidQueryError as error:
            return 400, {"message": str(error), "status": 400}
        except Exception:
            log.exception("the sandbox itself failed at %s", path)
            return 500, {"status": 500, "error": "The sandbox itself failed: see its log."}
        return 404, {"status": 404, "error": "Not Found"}

    def _item(self, number: str) -> tuple[int, object]:
        item = self.server.world.item(int(number)) if number.isdecimal() else None
        if item is None or item.is_gone or item.indexed_at > self.server.world.clock():
            return 404, {"status": 404, "error": "Not Found"}
        return 200, self.server.world.as_item(item)

    def _send(self, status: int, content: bytes, more: Mapping[str, str], *, cut: bool = False) -> None:
        self.server.world.note(f"GET {urlsplit(self.path).path}", status)
        headers = {
            "Date": format_datetime(self.server.world.clock(), usegmt=True),
            "Content-Type": "application/json",
            **more,
            "Content-Length": str(len(content)),
        }
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        sent = content[: len(content) // 2] if cut else content
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + sent)
        if cut:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's signature
        log.debug(format, *args)


def _encode(found: object) -> bytes:
    return json.dumps(found).encode()


class Listener(ThreadingHTTPServer):
    """A listening socket with its connections."""

    request_queue_size = 128
    daemon_threads = False  # so that server_close joins them

    def __init__(self, world: HackerNewsWorld, port: int) -> None:
        self.world = world
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="sandbox-hackernews")
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
        self.shutdown()
        self._thread.join()
        self.socket.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class HackerNewsServer:
    """The search on a loopback port, with its `world`.

    Use it as a context manager, or call `start` and `stop`. The fault `("*", "down")` makes its port refuse
    connections until it is cleared.
    """

    def __init__(self, world: HackerNewsWorld | None = None, *, port: int = 0) -> None:
        self.world = world or HackerNewsWorld()
        self.port = port
        self._lock = threading.RLock()
        self._listener: Listener | None = None
        self._ended: list[Listener] = []
        self._placeholder: socket.socket | None = None
        self._running = False
        self.world.faults.on_change(self._obey)

    @property
    def url(self) -> str:
        """The base URL for clients (HACKERNEWS_URL), without a slash at the end."""
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
        for listener in self._ended:
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
