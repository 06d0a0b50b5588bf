"""One WebSocket of the server, from the handshake to its end.

The protocol is that of `websockets`, without its I/O, so that it shares the port with everything else.
"""

import contextlib
import queue
import socket
import time
from collections.abc import Callable

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from sandbox.mastodon.api.http_messages import Conversation

PING_SECONDS = 30.0  # https://github.com/mastodon/mastodon/blob/main/streaming/index.js
_LOOK_SECONDS = 0.02  # between two looks for something to send
_CHUNK_BYTES = 65_536


def converse(
    line: socket.socket, head: bytes, conversation: Conversation, is_dead: Callable[[], bool]
) -> None:
    """Shake hands as the request `head` asks, then pass messages on until either side ends it.

    While `is_dead`, nothing is sent and what comes is thrown away. Raises `OSError` if the line breaks.
    """
    protocol = _shake_hands(head)
    if conversation.is_ended and protocol.state is State.OPEN:
        protocol.send_close(1001)
    _flush(line, protocol)
    line.settimeout(_LOOK_SECONDS)
    pinged_at = time.monotonic()
    while protocol.state is State.OPEN:
        data = _receive(line)
        if data == b"":
            return
        if conversation.is_silent or is_dead():
            continue
        _take_in(protocol, data, conversation)
        with contextlib.suppress(queue.Empty):
            while True:
                protocol.send_text(conversation.messages.get_nowait().encode())
        if time.monotonic() - pinged_at > PING_SECONDS:
            pinged_at = time.monotonic()
            protocol.send_ping(b"")
        _flush(line, protocol)


def _shake_hands(head: bytes) -> ServerProtocol:
    """The protocol once it has answered the request."""
    protocol = ServerProtocol()
    protocol.receive_data(head)
    for event in protocol.events_received():
        if isinstance(event, Request):
            protocol.send_response(protocol.accept(event))
    return protocol


def _receive(line: socket.socket) -> bytes | None:
    """What has come; None if nothing has, empty at the end."""
    try:
        return line.recv(_CHUNK_BYTES)
    except TimeoutError:
        return None


def _take_in(protocol: ServerProtocol, data: bytes | None, conversation: Conversation) -> None:
    if data is None:
        return
    protocol.receive_data(data)
    for event in protocol.events_received():
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            conversation.receive(bytes(event.data).decode())


def _flush(line: socket.socket, protocol: ServerProtocol) -> None:
    for data in protocol.data_to_send():
        if data:
            line.sendall(data)
