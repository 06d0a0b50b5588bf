"""One GET of one address, to a machine that was checked, within a time and a size. It follows nothing."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import HTTPResponse

from bot.networks.feed.address import AddressRefusedError
from bot.networks.feed.guard import Guard
from bot.networks.http_client import (
    CallLimits,
    CallTracker,
    TrackedConnection,
    TrackedTlsConnection,
    connect_to,
    describe_error,
    trusted_ssl_context,
)

_CHUNK_BYTES = 65_536
_HEADER_MAX_BYTES = 65_536
_WIRE_FACTOR = 2  # bytes on the wire that a byte of the body may take: chunks of few bytes have long frames
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})  # what we ask for; no chains of them


class CallFailedError(Exception):
    """No whole answer came. The message is the end of a sentence about the address, without a full stop."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes: the parts of an address that was normalised."""

    scheme: str
    host: str
    port: int
    path: str  # with the query


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the headers by name in small letters; `body` unpacked, `b""` unless it was wanted."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _TooLargeError(Exception):
    """More bytes came than one answer may have."""


def get(
    target: Target,
    headers: Mapping[str, str],
    guard: Guard,
    limits: CallLimits,
    *,
    allow_private: bool = True,
    cut_body: bool = False,
) -> Answer:
    """Make one request and return its answer, whatever its status.

    A body over `limits.max_bytes` is an error, or with `cut_body` ends there. Only the answers 200 and 203
    have a body. Raises `AddressRefusedError` and `CallFailedError`.
    """
    call = _GuardedCall(limits, guard, allow_private=allow_private)
    connection = _connection(target, call, limits)
    try:
        with call:
            return _exchange(connection, target, headers, call, cut_body=cut_body)
    except (AddressRefusedError, CallFailedError):
        raise
    except Exception as error:  # whatever http.client, ssl or urllib3 make of a server that misbehaves
        raise CallFailedError(_describe(error, call)) from error
    finally:
        connection.close()


class _GuardedCall(CallTracker):
    """A call that connects only to the addresses that the guard has checked."""

    def __init__(self, limits: CallLimits, guard: Guard, *, allow_private: bool) -> None:
        super().__init__(limits)
        self._guard = guard
        self._allow_private = allow_private

    def open_line(self, host: str, port: int, options: Any) -> socket.socket:  # noqa: ANN401 - urllib3's own
        """Return a socket to `host`. Raises `AddressRefusedError` and `OSError`."""
        until = time.monotonic() + self.limits.connect_seconds
        addresses = self._guard.addresses(
            host, port, self.limits.connect_seconds, allow_private=self._allow_private
        )
        return connect_to(addresses, port, until - time.monotonic(), options)


class _Meter(io.RawIOBase):
    """Bytes from the wire, up to a number that is set for the headers and then for the body."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self.left = _HEADER_MAX_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401 - as RawIOBase has it
        """Read once. Raises `_TooLargeError`, and what the socket raises."""
        if self.left <= 0:
            raise _TooLargeError
        count = self._raw.readinto(memoryview(buffer)[: self.left])
        self.left -= count or 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _MeteredResponse(http.client.HTTPResponse):
    """A response that reads a limited number of bytes, framing and all.

    http.client limits a line and the number of headers; neither it nor urllib3 limits the line that announces
    a chunk, or trailers.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *args, **kwargs)
        self.meter = _Meter(self.fp.detach())
        self.fp = io.BufferedReader(self.meter)


class _MeteredConnection(TrackedConnection):
    response_class = _MeteredResponse


class _MeteredTlsConnection(TrackedTlsConnection):
    response_class = _MeteredResponse


def _connection(target: Target, call: CallTracker, limits: CallLimits) -> HTTPConnection:
    """A connection that asks for `target.host`, in the Host header, in TLS and of the certificate."""
    if target.scheme == "http":
        return _MeteredConnection(target.host, target.port, timeout=limits.call_seconds, call=call)
    return _MeteredTlsConnection(
        target.host,
        target.port,
        timeout=limits.call_seconds,
        call=call,
        ssl_context=trusted_ssl_context(),
        cert_reqs=ssl.CERT_REQUIRED,
    )


def _exchange(
    connection: HTTPConnection,
    target: Target,
    headers: Mapping[str, str],
    call: _GuardedCall,
    *,
    cut_body: bool,
) -> Answer:
    connection.connect()
    if connection.sock is not None:
        connection.sock.settimeout(call.limits.call_seconds)
    connection.request("GET", target.path, headers=dict(headers), preload_content=False, decode_content=True)
    response = connection.getresponse()
    try:
        found = {name.lower(): value for name, value in response.headers.items()}
        body = b""
        if response.status in {http.client.OK, http.client.NON_AUTHORITATIVE_INFORMATION}:
            _check_encoding(found.get("content-encoding", ""))
            _open_meter(response, call.limits.max_bytes)
            body = _read(response, call, cut_body=cut_body)
    finally:
        response.close()  # unread: what is left of an endless answer stays where it is
    if call.over:  # a line that we cut looks like an answer that ended
        raise TimeoutError
    return Answer(response.status, found, body)


def _check_encoding(encoding: str) -> None:
    if encoding.strip().lower() not in _ENCODINGS:
        raise CallFailedError("is packed in a way that Heard did not ask for")


def _open_meter(response: HTTPResponse, max_bytes: int) -> None:
    """Let the body through, now that the headers are read."""
    raw = response._original_response  # noqa: SLF001 - urllib3's name for http.client's response
    assert isinstance(raw, _MeteredResponse)
    raw.meter.left = _HEADER_MAX_BYTES + _WIRE_FACTOR * max_bytes


def _read(response: HTTPResponse, call: CallTracker, *, cut_body: bool) -> bytes:
    """Return the body, unpacked in steps, so that what unpacks to gigabytes stops at the limit."""
    limit = call.limits.max_bytes
    body = bytearray()
    try:
        for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > limit:
                break
        is_whole = len(body) <= limit
    except _TooLargeError:
        is_whole = False
    if not is_whole and not cut_body:
        raise _TooLargeError
    return bytes(body[:limit])


_FAILURES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((DecodeError,), "could not be unpacked"),
    ((http.client.IncompleteRead,), "broke off before its answer was complete"),
    ((http.client.HTTPException, ValueError), "did not answer as a web server does"),
    ((OSError, HTTPError), "broke off before its answer was complete"),
)


def _describe(error: Exception, call: CallTracker) -> str:
    """Put `error` into words that hold no address, no secret and nothing that the server wrote."""
    if isinstance(error, _TooLargeError):
        return f"is larger than {call.limits.max_bytes / 1_000_000:g} MB"
    if not call.wrote:
        return f"could not be reached: {describe_error(call.trouble or error)}"
    if call.is_late:
        return "took too long to answer"
    return next(
        (words for kinds, words in _FAILURES if isinstance(error, kinds)),
        "did not answer as a web server does",
    )
