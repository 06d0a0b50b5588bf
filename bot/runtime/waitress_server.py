"""The HTTP server: waitress, bounded in what it reads, how long it waits and how many it lets wait.

By default it spools a body of up to 1 GiB to the disk before anybody looks at it, and 100 connections that
say nothing keep everybody else out for two minutes.
https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html
"""

import time
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

BODY_MAX_BYTES = 1024 * 1024  # Slack's largest payloads are a quarter of that
SERVER_THREADS = 24
MAX_CONNECTIONS = 200  # open at once; macOS gives a process 256 files unless told otherwise
RESERVED_CONNECTIONS = (
    20  # of them kept free, by hanging up on those who have waited longest without being served
)
REQUEST_TIMEOUT_SECONDS = 10.0  # in which a request has to arrive whole; Slack gives up after three
IDLE_TIMEOUT_SECONDS = 60  # that a connection may be kept open between two requests
CLEANUP_INTERVAL_SECONDS = 1
HEADERS_MAX_BYTES = 32 * 1024  # bytes


class _Channel(HTTPChannel):
    """One connection. `waits_since` is when it was opened, or the first byte of its next request came."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - waitress's own
        self.waits_since = time.monotonic()
        super().__init__(*given, **named)

    def received(self, data: bytes) -> bool:
        """Take what was read."""
        if self.request is None:
            self.waits_since = time.monotonic()
        taken: bool = super().received(data)
        return taken

    @property
    def is_half(self) -> bool:
        """Whether only a part of a request has arrived."""
        return self.request is not None and not self.requests


class Server(TcpWSGIServer):
    """Serves the WSGI app `web` on `host` and `port` (0: any free one). Raises `OSError` if that is taken."""

    channel_class = _Channel
    active_channels: Any  # by file number; its stubs have one channel here

    def __init__(self, web: Callable[..., Any], host: str, port: int) -> None:
        adjusted: Any = Adjustments(
            host=host,
            port=port,
            threads=SERVER_THREADS,
            max_request_body_size=BODY_MAX_BYTES + 1,  # it refuses a body of exactly the limit
            inbuf_overflow=BODY_MAX_BYTES + 1,  # bytes from which on a body is written to the disk: never
            max_request_header_size=HEADERS_MAX_BYTES,
            connection_limit=MAX_CONNECTIONS,
            channel_timeout=IDLE_TIMEOUT_SECONDS,
            cleanup_interval=CLEANUP_INTERVAL_SECONDS,
            asyncore_use_poll=True,  # select() fails from file 1024 on
        )
        super().__init__(web, adj=adjusted, sockinfo=adjusted.listen[0])

    def readable(self) -> bool:
        """Whether to accept connections; asked before each wait, and so the moment to make room for them."""
        if len(self.active_channels) > MAX_CONNECTIONS - RESERVED_CONNECTIONS:
            self._make_room()
        is_readable: bool = super().readable()
        return is_readable

    def maintenance(self, now: Any) -> None:  # noqa: ANN401 - Unix time, a float; its stubs say int
        """Hang up on whoever is idle for too long, and on requests that do not come to their end.

        Bytes that drip keep waitress's own time-out from ever coming.
        """
        super().maintenance(now)
        latest = time.monotonic() - REQUEST_TIMEOUT_SECONDS
        for channel in self.active_channels.values():
            if channel.is_half and channel.waits_since < latest:
                channel.will_close = True

    def _make_room(self) -> None:
        """Hang up on those who have waited longest, of all who are not being served just now."""
        waiting = [one for one in self.active_channels.values() if not one.requests]
        surplus = len(self.active_channels) - (MAX_CONNECTIONS - RESERVED_CONNECTIONS)
        for channel in sorted(waiting, key=lambda one: one.waits_since)[:surplus]:
            channel.will_close = True
