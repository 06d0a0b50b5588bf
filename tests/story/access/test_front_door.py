"""The front door under real sockets: what is too large, half sent or nonsense costs nothing and keeps nobody out."""

import http.client
import logging
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from bot.runtime import waitress_server
from bot.runtime.waitress_server import BODY_MAX_BYTES
from tests.story.harness import Bot, eventually, running

HALF = b"POST /slack/events HTTP/1.1\r\nHost: heard\r\nContent-Length: 900\r\n\r\npayload="


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, troubles=True) as bot:
        yield bot


def address(bot: Bot) -> tuple[str, int]:
    found = urlsplit(bot.slack.events_url)
    assert found.hostname is not None
    assert found.port is not None
    return found.hostname, found.port


@contextmanager
def connection(bot: Bot) -> Iterator[socket.socket]:
    with socket.create_connection(address(bot), timeout=120) as line:
        yield line


def status(line: socket.socket) -> int:
    """The status that comes back on this connection."""
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return answer.status


def healthy(bot: Bot) -> bool:
    asking = http.client.HTTPConnection(*address(bot), timeout=120)
    try:
        asking.request("GET", "/healthz")
        return asking.getresponse().status == 200
    finally:
        asking.close()


def is_closed(line: socket.socket) -> bool:
    """Whether the other side has hung up."""
    line.settimeout(0)
    try:
        return line.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


# --- by length ----------------------------------------------------------------------------------------------


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """No body is written to the disk."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a body is spooled to the disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)


@pytest.mark.usefixtures("no_files")
def test_a_body_is_refused_by_its_length_before_any_of_it_is_sent(bot: Bot) -> None:
    with connection(bot) as line:
        line.sendall(b"POST /slack/events HTTP/1.1\r\nHost: heard\r\nContent-Length: 300000000\r\n\r\n")

        assert status(line) == 413


@pytest.mark.usefixtures("no_files")
def test_a_body_in_chunks_is_counted_as_it_comes(bot: Bot) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with connection(bot) as line:
        line.sendall(b"POST /slack/events HTTP/1.1\r\nHost: heard\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 300_000_000:
                line.sendall(chunk)
                sent += len(chunk)
        except OSError:  # it has hung up
            pass

    assert sent < 20 * BODY_MAX_BYTES  # what lies in the buffers on the way
    assert healthy(bot)


@pytest.mark.usefixtures("no_files")
@pytest.mark.parametrize(("size", "answer"), [(BODY_MAX_BYTES, 400), (BODY_MAX_BYTES + 1, 413)])
def test_a_body_of_just_the_limit_is_read(bot: Bot, size: int, answer: int) -> None:
    """The first is signed and of the right size, and no text."""
    with connection(bot) as line:
        body = b"\xff" * size
        head = {**bot.slack._http.signed(body), "Host": "heard", "Content-Length": str(size)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        line.sendall(f"POST /slack/events HTTP/1.1\r\n{lines}\r\n".encode())
        if answer == 400:
            line.sendall(body)

        assert status(line) == answer


# --- nonsense -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"[]", b"{", b"7", b"null", b"payload=[]", b"payload=7", b"\xff"])
@pytest.mark.parametrize("stamp", ["", "0", "1" * 12, "9" * 400, "9" * 5_000, "-1", "1e9", "\u0664"])
def test_unsigned_nonsense_is_401_without_a_traceback(
    bot: Bot, body: bytes, stamp: str, caplog: pytest.LogCaptureFixture
) -> None:
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=" + "0" * 64}
    for headers in ({}, signed):
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            asking = http.client.HTTPConnection(*address(bot), timeout=120)
            spelled = {name: value.encode() for name, value in headers.items()}
            asking.request("POST", "/slack/events", body, {"Content-Type": kind, **spelled})

            assert asking.getresponse().status in ({401} if body != b"\xff" else {400, 401})
            asking.close()
    assert [one for one in caplog.records if one.levelno >= logging.ERROR or one.exc_info] == []


# --- those who wait -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [130, 500])
@pytest.mark.parametrize("half", [b"", HALF], ids=["silent", "half a request"])
def test_idle_connections_keep_neither_slack_nor_health_out(bot: Bot, many: int, half: bytes) -> None:
    _, card = bot.heard("@acmebrew hello")
    with ExitStack() as lines:
        for _ in range(many):
            line = lines.enter_context(connection(bot))
            line.sendall(half)

        assert healthy(bot)
        assert bot.press(card, "Claim").ok
        bot.shows(card, "assigned to @U0ANA")


def test_a_request_that_drips_is_hung_up_on(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waitress_server, "REQUEST_TIMEOUT_SECONDS", 1.0)
    with connection(bot) as line:
        line.sendall(HALF)
        until = time.monotonic() + 20

        def drip() -> bool:
            try:
                line.settimeout(5)
                line.sendall(b"x")
            except OSError:
                return True
            return is_closed(line)

        eventually(drip)
        assert time.monotonic() < until
    assert healthy(bot)
