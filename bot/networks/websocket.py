"""A live stream over a WebSocket: one that ends in time, and that notices when the other side is dead.

The protocol is that of `websockets`, without its I/O
(https://websockets.readthedocs.io/en/stable/howto/sansio.html). So there is no thread besides the one that
reads; no redirect is followed, which would take the credentials to another server; every byte is counted.

Back-pressure is TCP's: what is not read yet stays with the server, which ends the stream of somebody who
can't keep up. A message is in memory only while it is read, `max_message_bytes` of it at most.
"""

import logging
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from urllib.parse import unquote, urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from bot.networks.errors import Later, NetworkError, StreamNotOffered
from bot.networks.http_client import USER_AGENT, connect, describe_error, proxies_for, trusted_ssl_context
from bot.networks.streams import StreamEvent

log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
_REASON_MAX_CHARS = 100
_DATA_OPCODES = {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}
_CAUSES = {401: "unauthorized", 402: "out of credit", 403: "forbidden", 429: "rate limit"}
_NOT_OFFERED_STATUSES = {404, 405, 410, 426, 501}

Parse = Callable[[str], Iterable[StreamEvent]]
"""Returns what a message says. It may raise `Later`, which ends the stream; any other error skips it."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What a stream may take, in seconds and bytes.

    It is asked for a sign of life (a ping, https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2) when nothing
    came for `ping_after_seconds`, and dead when nothing came for `dead_after_seconds`. Between two looks at
    whether to stop there are `look_seconds`, between two events `alive_seconds` at most.
    """

    connect_seconds: float = 5.0
    ping_after_seconds: float = 20.0
    dead_after_seconds: float = 60.0
    look_seconds: float = 0.5
    alive_seconds: float = 5.0
    max_message_bytes: int = 1024 * 1024


DEFAULT_LIMITS = StreamLimits()


def read_stream(
    url: str,
    parse: Parse,
    *,
    stop: threading.Event,
    headers: Mapping[str, str] | None = None,
    subscriptions: Sequence[str] = (),
    limits: StreamLimits = DEFAULT_LIMITS,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[StreamEvent, None, None]:
    """Hold the stream at `url` (`wss://…`) open and yield what its messages say, until `stop` is set.

    `subscriptions` are sent as soon as it is open. `clock` returns seconds. Raises `Later`, as
    `Reader.stream` does, and `StreamNotOffered` if the server has nothing at that address.
    """
    with closing(_WebSocket(url, limits, clock)) as line:
        line.open(headers or {})
        for text in subscriptions:
            line.send(text)
        yield StreamEvent("alive", line.take_bytes())
        reported_at, unreadable = clock(), 0
        while not stop.is_set():
            for message in line.receive():
                try:
                    events = list(parse(message))
                except Later:
                    raise
                except Exception as error:  # noqa: BLE001 - one message spoils itself only
                    unreadable += 1
                    if unreadable == 1:
                        log.warning("%s sent what cannot be read: %s", line.host, type(error).__name__)
                    continue
                for event in events:
                    reported_at = clock()
                    yield replace(event, bytes_read=line.take_bytes())
            if clock() - reported_at >= limits.alive_seconds:
                reported_at = clock()
                yield StreamEvent("alive", line.take_bytes())


class _WebSocket:
    """One connection; for one thread."""

    def __init__(self, url: str, limits: StreamLimits, clock: Callable[[], float]) -> None:
        """Connect to nothing yet. Raises `Later` for an address that is none."""
        try:
            self._uri = parse_uri(url)
        except InvalidURI:
            raise Later(None, "unreachable", "The address of the stream is none.") from None
        self.host = self._uri.host
        self._limits, self._clock = limits, clock
        self._protocol = ClientProtocol(self._uri, max_size=limits.max_message_bytes)
        self._line: socket.socket | None = None
        self._bytes = 0
        self._parts: list[bytes] = []
        self._heard_at, self._is_asked = clock(), False

    def open(self, headers: Mapping[str, str]) -> None:
        """Connect and shake hands. Raises `Later`."""
        until = time.monotonic() + self._limits.connect_seconds
        try:
            self._line = self._dial()
            request = self._protocol.connect()
            request.headers["User-Agent"] = USER_AGENT
            for name, value in headers.items():
                request.headers[name] = value
            self._protocol.send_request(request)
            self._flush()
            while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
                if time.monotonic() > until:
                    raise TimeoutError
                self._take_in(self._line.recv(_CHUNK_BYTES))
        except (OSError, HTTPException) as error:
            raise self._unreachable(describe_error(error)) from None
        if self._protocol.handshake_exc is not None:
            raise self._why_refused(self._protocol.handshake_exc) from None
        self._line.settimeout(self._limits.look_seconds)
        self._heard_at = self._clock()

    def send(self, text: str) -> None:
        """Send a message. Raises `Later`."""
        self._protocol.send_text(text.encode())
        try:
            self._flush()
        except OSError as error:
            raise self._unreachable(describe_error(error)) from None

    def receive(self) -> list[str]:
        """Return what comes within `look_seconds`, perhaps nothing. Raises `Later` if it ended or is dead."""
        assert self._line is not None
        if found := self._messages():  # what came with the handshake
            return found
        if self._protocol.state is not State.OPEN:
            raise Later(None, "unreachable", f"{self.host} ended the stream{self._why_closed()}.")
        try:
            data = self._line.recv(_CHUNK_BYTES)
        except TimeoutError:
            self._check_alive()
            return []
        except OSError as error:
            raise self._unreachable(describe_error(error)) from None
        self._heard_at, self._is_asked = self._clock(), False
        with suppress(OSError):  # of an answer; whether the line is broken shows when it is read
            self._take_in(data)
        return self._messages()

    def take_bytes(self) -> int:
        """Return how many bytes came since this was last asked."""
        taken, self._bytes = self._bytes, 0
        return taken

    def close(self) -> None:
        """Say goodbye, and wait for nothing."""
        if self._line is None:
            return
        with suppress(OSError):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
                self._flush()
        self._line.close()

    def _dial(self) -> socket.socket:
        """Connect, through the proxy that the environment names, if it does."""
        uri, seconds = self._uri, self._limits.connect_seconds
        scheme = "https" if uri.secure else "http"
        proxy = proxies_for(f"{scheme}://{uri.host}:{uri.port}").get(scheme)
        line = self._tunnel(proxy) if proxy else connect(uri.host, uri.port, seconds)
        line.settimeout(seconds)
        if uri.secure:
            line = trusted_ssl_context().wrap_socket(line, server_hostname=uri.host)
        return line

    def _tunnel(self, proxy: str) -> socket.socket:
        to = urlsplit(proxy)
        if to.scheme != "http" or to.hostname is None:
            raise self._unreachable("only an http:// proxy can be used for streams")
        through = HTTPConnection(to.hostname, to.port or 80, timeout=self._limits.connect_seconds)
        login = f"{unquote(to.username or '')}:{unquote(to.password or '')}".encode()
        headers = {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"} if to.username else {}
        through.set_tunnel(self._uri.host, self._uri.port, headers)
        through.connect()
        return through.sock

    def _take_in(self, data: bytes) -> None:
        """Hand what came to the protocol, and send what that answers, such as to a ping."""
        self._bytes += len(data)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._flush()

    def _flush(self) -> None:
        assert self._line is not None
        for data in self._protocol.data_to_send():
            if data:
                self._line.sendall(data)

    def _messages(self) -> list[str]:
        """The messages that are complete."""
        found = []
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in _DATA_OPCODES:
                self._parts.append(bytes(event.data))
                if event.fin:
                    found.append(b"".join(self._parts).decode(errors="replace"))
                    self._parts.clear()
        return found

    def _check_alive(self) -> None:
        """Ask for a sign of life after a while. Raises `Later` if there was none."""
        silent = self._clock() - self._heard_at
        if silent >= self._limits.dead_after_seconds:
            detail = f"{self.host} has sent nothing for {silent:.0f} s, not even an answer to a ping."
            raise Later(None, "unreachable", detail)
        if silent >= self._limits.ping_after_seconds and not self._is_asked:
            self._is_asked = True
            self._protocol.send_ping(b"")
            with suppress(OSError):
                self._flush()

    def _why_closed(self) -> str:
        close = self._protocol.close_rcvd or self._protocol.close_sent
        if close is None:
            return ""
        return f" ({close.code} {close.reason[:_REASON_MAX_CHARS]}".rstrip() + ")"

    def _unreachable(self, why: str) -> Later:
        return Later(None, "unreachable", f"The stream at {self.host} can't be reached: {why}.")

    def _why_refused(self, error: Exception) -> NetworkError:
        if not isinstance(error, InvalidStatus):
            kind = "refused the handshake" if isinstance(error, InvalidHandshake) else "ended the handshake"
            return Later(None, "server error", f"{self.host} {kind}.")
        status = error.response.status_code
        if status in _NOT_OFFERED_STATUSES:
            return StreamNotOffered(f"{self.host} offers no stream there (HTTP {status}).")
        return Later(None, _CAUSES.get(status, "server error"), f"{self.host} answered with HTTP {status}.")
