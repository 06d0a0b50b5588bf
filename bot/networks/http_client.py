"""One HTTP call that ends in time and knows whether anything of it can have left this machine.

`requests` alone promises neither: its timeout starts anew with every byte that drips in, and its exceptions
say how a call failed, not how far it came. Here the connection itself keeps the record, so that a failure is
a decision: `Later` when no byte of the request was written or the call only read, `Unsure` when a write may
have arrived. Any answer but a 2xx is `HttpStatusError` and holds the answer, for its network to judge.
"""

import functools
import ipaddress
import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import allowed_gai_family, create_connection

from bot.networks.errors import Later, NetworkError, Unsure

USER_AGENT = f"Heard/0.1 (requests {requests.__version__})"
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may take: seconds until connected, seconds in all, and bytes of answer once unpacked.

    A worker holds a reply for twelve seconds. So a call that publishes is not made if it took longer than
    `sign_seconds` to get its token, and what takes several calls begins none of them after `begin_seconds`.
    """

    connect_seconds: float = 3.0
    call_seconds: float = 8.0
    max_bytes: int = 8 * 1024 * 1024
    sign_seconds: float = 2.5
    begin_seconds: float = 4.0


class HttpStatusError(Exception):
    """The server answered, and not with a 2xx."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


class HttpSession(requests.Session):
    """A `requests` session that speaks to one server only, wherever its caller thinks that it speaks to.

    It follows no redirect, keeps no cookie, retries nothing, and opens a fresh connection for every call, so
    that no call can die of a connection that went stale. Proxies and a certificate bundle are taken from the
    environment, other surprises (netrc) are not. It raises `HttpStatusError`, `Later` and `Unsure`, and
    belongs to one thread, as every `requests` session does.
    """

    def __init__(self, base_url: str, limits: CallLimits | None = None) -> None:
        super().__init__()
        self._base_url = base_url.rstrip("/")
        self._limits = limits or CallLimits()
        self.trust_env = False
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Point `request` at our server, before it is signed: an OAuth 1.0a signature covers the address."""
        asked = urlsplit(str(request.url))
        request.url = self._base_url + asked.path + (f"?{asked.query}" if asked.query else "")
        return super().prepare_request(request)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        """Make the call and return its response, whose status is 2xx.

        Raises `HttpStatusError` for any other status, and what the adapter raises if no whole response came.
        """
        response = super().send(request, **kwargs | {"proxies": proxies_for(str(request.url))})
        if not requests.codes.ok <= response.status_code < requests.codes.multiple_choices:
            raise HttpStatusError(response)
        return response

    def get_adapter(self, url: str | bytes) -> HTTPAdapter:  # noqa: ARG002 - all addresses are alike to us
        """A new adapter for each call: its connections and its record belong to nobody else."""
        return _SingleCallAdapter(self._limits)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: a redirected write would be a second write, and a redirected signature is wrong."""


class CallTracker:
    """How far a call provably came, and its end, which comes in time whatever the other side does."""

    def __init__(self, limits: CallLimits) -> None:
        self.limits = limits
        self.connected = False
        self.wrote = False
        self.over = False
        self.trouble: Exception | None = None
        self._ends = time.monotonic() + limits.call_seconds
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(limits.call_seconds, self._cut)
        self._timer.daemon = True

    @property
    def is_late(self) -> bool:
        """Whether its time is over, even if the timer that cuts the line has not come to it yet."""
        return self.over or time.monotonic() >= self._ends

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None

    def dial(self, host: str, port: int, options: Any) -> socket.socket:  # noqa: ANN401 - urllib3 has the type
        """Connect to `host`, as `connect` does. Raises `OSError`, and what `open_line` raises."""
        line = self.open_line(host, port, options)
        line.settimeout(self.limits.connect_seconds)
        self._hold(line)
        return line

    def open_line(self, host: str, port: int, options: Any) -> socket.socket:  # noqa: ANN401
        """Return a socket to `host`. Raises `OSError`; a subclass may raise an error of its own."""
        return connect(host, port, self.limits.connect_seconds, options)

    def write(self) -> None:
        """Note that from now on bytes of the request leave; refuse to begin once the time is over."""
        if not self.wrote and self.is_late:
            self.trouble = TimeoutError()
            raise self.trouble
        self.wrote = True

    def _hold(self, line: socket.socket) -> None:
        """Keep a handle of our own: TLS takes the first one apart, and responses outlive connections."""
        with self._lock:
            self._line = line.dup()
        if self.over:
            self._cut()

    def _cut(self) -> None:
        """End the call: shutting the line down wakes whoever reads from it or writes to it."""
        self.over = True
        with self._lock, suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)


class TrackedConnection(HTTPConnection):
    """A connection that tells its call what has happened on the wire."""

    def __init__(self, *args: Any, call: CallTracker, **kwargs: Any) -> None:  # noqa: ANN401 - urllib3's own
        super().__init__(*args, **kwargs)
        self._call = call

    def _new_conn(self) -> socket.socket:
        assert self.port is not None
        return self._call.dial(self._dns_host, self.port, self.socket_options)

    def connect(self) -> None:
        """Connect, and note how that went. Raises what urllib3 and the call raise."""
        try:
            super().connect()
        except Exception as error:
            self._call.trouble = error
            raise
        self._call.connected = True

    def send(self, data: Any) -> None:  # noqa: ANN401 - http.client takes many types
        """Send `data`, connecting first if need be; a proxy's CONNECT is not yet our request."""
        if self.sock is None:
            self.connect()
        if self._call.connected:
            self._call.write()
        super().send(data)


class TrackedTlsConnection(TrackedConnection, HTTPSConnection):
    """The same over TLS: connected means that the handshake is done and the certificate is good."""


class _SingleCallAdapter(HTTPAdapter):
    """The adapter of exactly one call."""

    def __init__(self, limits: CallLimits) -> None:
        super().__init__()
        self._limits = limits
        self._call = CallTracker(limits)

    def send(  # noqa: PLR0917 - as requests calls it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the whole answer is read while the clock runs
        timeout: object = None,  # noqa: ARG002 - our limits hold
        verify: bool | str = True,
        cert: object = None,  # noqa: ARG002 - no network asks for one
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make the call and read its whole answer, or raise `Later` or `Unsure`."""
        patience = (self._limits.connect_seconds, self._limits.call_seconds)
        try:
            with self._call:
                response = super().send(request, True, patience, verify, None, proxies)
                with response:
                    body = self._body(response)
        except Exception as error:  # whatever went wrong, what was on the wire decides
            raise self._decision(request, self._call.trouble or error) from error
        finally:
            self.close()
        response._content = body  # noqa: SLF001 - how requests keeps a body that was read
        response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001
        return response

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: object = None,  # noqa: ARG002
    ) -> HTTPConnectionPool:
        """The pool that requests would use, with connections that keep our record."""
        pool = super().get_connection_with_tls_context(request, verify, proxies, None)
        assert isinstance(pool, HTTPConnectionPool)
        pool.conn_kw["call"] = self._call
        if isinstance(pool, HTTPSConnectionPool):
            pool.ConnectionCls = TrackedTlsConnection
            pool.conn_kw["ssl_context"] = trusted_ssl_context()
        else:
            pool.ConnectionCls = TrackedConnection
        return pool

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Nothing to do: the certificates are in the pool already, loaded once and not for every call."""

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            body += chunk
            if len(body) > self._limits.max_bytes:
                raise ValueError(f"its answer is larger than {self._limits.max_bytes} bytes")
        if self._call.over:  # a line that we cut looks like an answer that ended
            raise TimeoutError
        return bytes(body)

    def _decision(self, request: requests.PreparedRequest, error: Exception) -> NetworkError:
        host = urlsplit(str(request.url)).hostname
        if not self._call.wrote:
            return Later(None, "unreachable", f"{host} could not be reached: {describe_error(error)}.")
        if self._call.is_late:
            detail = f"{host} did not answer within {self._limits.call_seconds:g} s."
        else:
            detail = f"The connection to {host} broke before its answer was complete."
        return Later(None, "unreachable", detail) if request.method in _SAFE_METHODS else Unsure(detail)


_CONNECT_ERROR_TEXTS: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "its name could not be found"),
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "no secure connection could be made"),
    (TimeoutError, "it took too long to connect"),
    (ConnectionRefusedError, "connection refused"),
)


def describe_error(error: Exception) -> str:
    """`error`, before anything was sent, in words that hold no address and no secret."""
    for kind, words in _CONNECT_ERROR_TEXTS:
        if isinstance(error, kind):
            return words
    if type(error) is OSError:  # an errno without a name, or http.client on a proxy that refused the tunnel
        return (error.strerror or str(error))[:200].lower()
    return type(error).__name__


def connect(host: str, port: int, seconds: float, options: Any = None) -> socket.socket:  # noqa: ANN401
    """Return a socket to `host` within so many seconds, of which each address gets a fair share.

    `options` are socket options, as urllib3 has them. Raises `OSError`.
    """
    until = time.monotonic() + seconds
    return connect_to(resolve_host(host, port, seconds), port, until - time.monotonic(), options)


def connect_to(addresses: Sequence[str], port: int, seconds: float, options: Any = None) -> socket.socket:  # noqa: ANN401
    """Return a socket to the first of the numeric `addresses` that answers. Raises `OSError`."""
    until = time.monotonic() + seconds
    trouble: OSError = TimeoutError()
    for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        share = max(0.001, (until - time.monotonic()) / untried)
        try:
            return create_connection((address, port), share, socket_options=options)
        except OSError as error:
            trouble = error
    raise trouble


def resolve_host(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of `host`, asked for in a thread: the system's resolver knows no timeout.

    Raises `OSError`.
    """
    answer: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else socket.gaierror(str(error)))

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def proxies_for(url: str) -> dict[str, str]:
    """The proxies that the environment asks for; never one between us and our own machine."""
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return {}
    if host == "localhost" or host.endswith(".localhost"):
        return {}
    return get_environ_proxies(url, no_proxy=None)


@functools.cache
def trusted_ssl_context() -> ssl.SSLContext:
    """Whom we trust: the bundle that the environment names as it does for `requests`, else the usual one."""
    bundle = (
        os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    )
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
