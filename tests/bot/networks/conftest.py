"""A server that is nothing but a socket, to misbehave in ways that no HTTP library would."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest


class RawServer:
    """Accepts connections on loopback and leaves each to `script`, which gets the socket and what was asked."""

    def __init__(self, script: Callable[[socket.socket, bytes], None]) -> None:
        self.asked: list[bytes] = []
        self.stopped = threading.Event()
        self._script = script
        self._open: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._door.accept()
                self._open.append(line)
                self._threads.append(threading.Thread(target=self._serve, args=(line,), daemon=True))
                self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            asked = read_request(line)
            self.asked.append(asked)
            self._script(line, asked)

    def close(self) -> None:
        self.stopped.set()
        for line in (self._door, *self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        for thread in self._threads:
            thread.join(120)


def read_request(line: socket.socket) -> bytes:
    """One whole request: its head, and as much body as it announces."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = line.recv(65_536)
        if not more:
            return got
        got += more
        if got.startswith(b"\x16"):  # a TLS greeting, which has no end that we could see
            return got
    head, _, body = got.partition(b"\r\n\r\n")
    wanted = 0
    for field in head.split(b"\r\n"):
        if field.lower().startswith(b"content-length:"):
            wanted = int(field.split(b":")[1])
    while len(body) < wanted:
        more = line.recv(65_536)
        if not more:
            break
        body += more
    return head + b"\r\n\r\n" + body


def http(status: str, body: bytes = b"{}", *fields: str) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(script: Callable[[socket.socket, bytes], None] | bytes) -> RawServer:
        answer = script
        if isinstance(answer, bytes):
            servers.append(RawServer(lambda line, _: line.sendall(answer)))
        else:
            servers.append(RawServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def nobody() -> str:
    """An address on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        return f"http://127.0.0.1:{door.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
