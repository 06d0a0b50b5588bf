"""A small WebSocket server on loopback, which says what a test tells it to."""

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.sync.server import ServerConnection, serve


class StreamServer:
    """What it was asked, and what it sends to everybody who connects."""

    def __init__(self) -> None:
        self.requests: queue.Queue[Request] = queue.Queue()
        self.received: queue.Queue[str] = queue.Queue()
        self.connections: queue.Queue[ServerConnection] = queue.Queue()
        self.closed = threading.Semaphore(0)
        self.refusal: tuple[int, dict[str, str]] | None = None
        self.url = ""

    def attend(self, connection: ServerConnection) -> None:
        self.connections.put(connection)
        try:
            for message in connection:
                self.received.put(str(message))
        except ConnectionClosed:
            pass
        finally:
            self.closed.release()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.put(request)
        if self.refusal is None:
            return None
        status, headers = self.refusal
        answer = connection.respond(status, "no\n")
        for name, value in headers.items():
            answer.headers[name] = value
        return answer


@contextmanager
def stream_server() -> Iterator[StreamServer]:
    made = StreamServer()
    server = serve(made.attend, "127.0.0.1", 0, process_request=made.admit, compression=None, close_timeout=1)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/stream"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does `talk` with everybody who connects; its address."""
    over = threading.Event()

    def attend() -> None:
        while not over.is_set():
            with suppress(OSError):
                line, _ = listener.accept()
                with line:
                    talk(line)
                    over.wait(120)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=attend)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def shake_hands(line: socket.socket) -> None:
    """Accept a WebSocket, and never say anything on it."""
    protocol = ServerProtocol()
    while True:
        protocol.receive_data(line.recv(65536))
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
                for data in protocol.data_to_send():
                    line.sendall(data)
                return
