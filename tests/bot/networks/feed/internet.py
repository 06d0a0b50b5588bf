"""An internet of a few hosts: names have addresses of their own, and connecting to one reaches a local server."""

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.networks.feed.fetching import LIMITS, Fetcher
from bot.networks.http_client import CallLimits
from tests.bot.networks.conftest import RawServer

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PUBLIC = ("93.184.215.14", "93.184.215.15", "93.184.215.16", "93.184.215.17")


@dataclass
class Internet:
    serve: Callable[..., RawServer]
    names: dict[str, list[str]] = field(default_factory=dict)
    servers: dict[str, RawServer] = field(default_factory=dict)  # by address
    asked_names: list[str] = field(default_factory=list)
    connected: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    now: datetime = NOON

    def host(self, name: str, script, address: str | None = None) -> RawServer:
        """Add a host that answers as `script`, at an address of its own."""
        address = address or PUBLIC[len(self.servers)]
        self.names[name] = [address]
        self.servers[address] = self.serve(script)
        return self.servers[address]

    def resolve(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """Answer as DNS would; numeric names are their own address."""
        with self.lock:
            self.asked_names.append(host)
        if host in self.names:
            return list(self.names[host])
        if host[0].isdigit() or ":" in host:
            return [host]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def connect_to(self, addresses, port, seconds, options=None) -> socket.socket:
        """Reach the local server of the first address."""
        with self.lock:
            self.connected.append((tuple(addresses), port))
        if (server := self.servers.get(addresses[0])) is None:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", server.port), seconds)

    def fetcher(self, *allow: str, limits: CallLimits = LIMITS) -> Fetcher:
        return Fetcher(
            user_agent="Heard/0.1 (+https://team.example)",
            allow=allow,
            resolve=self.resolve,
            now=lambda: self.now,
            limits=limits,
        )


def answer(
    status: str = "200 OK", body: bytes = b"<rss/>", *fields: str, kind: str = "application/rss+xml"
) -> bytes:
    """A whole answer of a publisher."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", f"Content-Type: {kind}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def moved(status: str, location: str) -> bytes:
    """A redirect."""
    return answer(status, b"", f"Location: {location}")


def by_path(answers: dict[str, bytes], *otherwise: bytes):
    """A script that answers each path as it says."""

    def script(line: socket.socket, asked: bytes) -> None:
        path = asked.split(b" ")[1].decode()
        line.sendall(answers.get(path) or (otherwise or (answer("404 Not Found", b""),))[0])

    return script
