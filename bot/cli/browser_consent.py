"""Connecting an account: a person consents in a browser, and the answer finds its way back to this process.

The network sends the browser to an address on the person's own machine (RFC 8252, 7.3). If this process runs
there, it listens at that address; if it runs on a server without a browser, the person copies the address
over. Both ways are always open, since nobody can tell for certain where the browser is.
"""

import getpass
import logging
import os
import queue
import re
import secrets
import select
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bot.networks.oauth2 import ConsentRequest
from bot.networks.registry import ConnectFailedError

log = logging.getLogger(__name__)

CALLBACK_HOST = "127.0.0.1"
CALLBACK_PATH = "/callback"
CONSENT_TIMEOUT_SECONDS = 600.0  # seconds that a question is open
INPUT_POLL_SECONDS = 0.1  # seconds
_CODE_PATTERN = re.compile(r"[A-Za-z0-9._~%-]{8,1000}={0,2}")
_CALLBACK_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Heard</title></head>
<body style="font: 18px/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem">{}</body></html>"""

Echo = Callable[[str], object]


class _UnrelatedAnswerError(Exception):
    """An answer that does not belong to our question; the right one may still come."""


@dataclass(frozen=True, slots=True)
class CallbackOptions:
    """How the answer comes back: the port on the person's machine, and whether to open a browser here."""

    port: int
    browser: bool
    patience: float = CONSENT_TIMEOUT_SECONDS

    @property
    def redirect(self) -> str:
        """Where the network sends the browser; the app's settings there have to name exactly this."""
        return f"http://{CALLBACK_HOST}:{self.port}{CALLBACK_PATH}"


def has_browser() -> bool:
    """Return whether a person probably sits at this machine."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))


class Terminal:
    """Where `connect` runs: prints sentences, and waits for the code of the network called `title`."""

    def __init__(
        self, title: str, options: CallbackOptions, echo: Echo, *, server: str | None = None
    ) -> None:
        self._title, self._options, self._echo = title, options, echo
        self.redirect, self.server = options.redirect, server

    def say(self, sentence: str) -> None:
        """Print `sentence`."""
        self._echo(sentence)

    def ask(self, question: str) -> str:
        """Return the line that a person types. Raises `ConnectFailedError` at the end of the input."""
        return _read_line(question, hide=False)

    def ask_secret(self, question: str) -> str:
        """Return the same, without an echo on the terminal; from a pipe as it comes."""
        return _read_line(question, hide=True)

    def wait_for_code(self, request: ConsentRequest, page: str) -> str:
        """Have a person consent on `page`; return the code, by whichever way it comes first.

        Raises `ConnectFailedError` if the answer is a no, or none comes in time.
        """
        return _wait_for_code(self._title, request, page, self._options, self._echo)


def _read_line(question: str, *, hide: bool) -> str:
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise ConnectFailedError("the input ended before an answer")
        return line.rstrip("\r\n")
    try:
        return getpass.getpass(f"{question}: ") if hide else input(f"{question}: ")
    except (EOFError, KeyboardInterrupt):
        raise ConnectFailedError("the input ended before an answer") from None


def _wait_for_code(title: str, question: ConsentRequest, page: str, way: CallbackOptions, say: Echo) -> str:
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    with _callback_server(question, way, said) as listens:
        say(f"Signed in to {title} as the account that replies, open this address and authorize the app:")
        say(f"\n{page}\n")
        if way.browser and listens:
            threading.Thread(target=webbrowser.open, args=(page,), name="browser", daemon=True).start()
        say(f"Your browser then goes to {way.redirect}. If it shows an error there, because it does not run")
        say(
            "on this machine, paste the address that it shows (or only the code in it) here, and press Enter."
        )
        until = time.monotonic() + way.patience
        for take, answer in _incoming_answers(said, until):
            try:
                return take(answer, question)
            except _UnrelatedAnswerError as stranger:
                say(f"{stranger} Try again.")
    raise ConnectFailedError(f"no response within {way.patience / 60:g} minutes; run it again")


def code_in_pasted(words: str, question: ConsentRequest) -> str:
    """The code in what a person pasted: an address, or the code alone.

    A bare code comes without our state, so it is only taken from a person's hand. It is good for our
    question and no other: the network compares the verifier.
    """
    words = words.strip().strip("'\"")
    return unquote(words) if _CODE_PATTERN.fullmatch(words) else code_in_url(words, question)


def code_in_url(address: str, question: ConsentRequest) -> str:
    """Return the code in the callback `address`, if that belongs to our `question`.

    Raises `ConnectFailedError` if the network reports an error, and `_UnrelatedAnswerError` if the state is
    not that of `question` or there is no code.
    """
    given = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    if not secrets.compare_digest(given.get("state", "").encode(), question.state.encode()):
        raise _UnrelatedAnswerError(
            "That does not belong to the sign-in above: its state is missing or different."
        )
    if "error" in given:
        why = re.sub(r"[^a-z_]", "", given["error"])[:40]
        raise ConnectFailedError(f"the response was {why}")
    if not given.get("code"):
        raise _UnrelatedAnswerError("That contains no code.")
    return given["code"]


def _incoming_answers(
    said: "queue.SimpleQueue[str]", until: float
) -> Iterator[tuple[Callable[[str, ConsentRequest], str], str]]:
    """What the browser brings and what the person types, as it comes, each with how to take it.

    The terminal is read without a thread: one that waits for a line could not be ended.
    """
    typed, listening = b"", True
    while time.monotonic() < until:
        ready, _, _ = select.select([0] if listening else [], [], [], INPUT_POLL_SECONDS)
        if ready:
            more = os.read(0, 4096)
            listening = bool(more)  # nothing: there is no terminal
            *lines, typed = (typed + more).split(b"\n") if more else (typed, b"")
            yield from ((code_in_pasted, line.decode("utf-8", "replace")) for line in lines if line.strip())
        while not said.empty():
            yield code_in_url, said.get()


@contextmanager
def _callback_server(
    question: ConsentRequest, way: CallbackOptions, said: "queue.SimpleQueue[str]"
) -> Iterator[bool]:
    """Listen for the browser at the address while the block lasts; yield whether that works."""

    class Door(BaseHTTPRequestHandler):
        """The browser's one request. What it asks for is secret, and goes into no log."""

        timeout = 10

        def do_GET(self) -> None:
            if urlsplit(self.path).path != CALLBACK_PATH:
                self._show(404, "Nothing here.")
                return
            try:
                code_in_url(self.path, question)
            except _UnrelatedAnswerError:
                self._show(400, "This does not belong to the sign-in that Heard is waiting for.")
                return
            except ConnectFailedError:
                self._show(200, "Heard is not connected. You can close this page.")
            else:
                self._show(200, "Heard has received the response. You can close this page.")
            said.put(self.path)

        def _show(self, status: int, words: str) -> None:
            page = _CALLBACK_PAGE.format(words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: Any) -> None:  # noqa: ANN401 - http.server's own
            """Say nothing: the path holds the code."""

    try:
        server = ThreadingHTTPServer((CALLBACK_HOST, way.port), Door)
    except OSError as error:
        log.warning("can't listen on port %d (%s)", way.port, error.strerror)
        yield False
        return
    server.daemon_threads = True
    waiting = threading.Thread(
        target=server.serve_forever, args=(INPUT_POLL_SECONDS,), name="callback", daemon=True
    )
    waiting.start()
    try:
        yield True
    finally:
        server.shutdown()
        server.server_close()
