"""Connecting an account: a person consents in a browser, and the answer finds its way back to this process.

X sends the browser to an address on the person's own machine (RFC 8252, 7.3). If this process runs there, it
listens at that address; if it runs on a server without a browser, the person copies the address over. Both
ways are always open, since nobody can tell for certain where the browser is.
"""

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

from bot.networks.base import Account, Later, Unsure
from bot.networks.x.oauth import SCOPES, GrantRefusedError, OAuth2, Question
from bot.runtime.token_store import StoredTokens

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PATH = "/callback"
PATIENCE = 600.0  # seconds that a question is open
GLANCE = 0.1  # seconds
_CODE = re.compile(r"[A-Za-z0-9._~%-]{8,1000}={0,2}")
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Heard</title></head>
<body style="font: 18px/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem">{}</body></html>"""

Say = Callable[[str], object]


class NotConnectedError(Exception):
    """Nothing was connected. The message is the line that the command ends with."""


class _StrangerError(Exception):
    """An answer that does not belong to our question; the right one may still come."""


@dataclass(frozen=True, slots=True)
class Way:
    """How the answer comes back: the port on the person's machine, and whether to open a browser here."""

    port: int
    browser: bool
    patience: float = PATIENCE

    @property
    def redirect(self) -> str:
        """Where X sends the browser; the app's settings at X have to name exactly this."""
        return f"http://{HOST}:{self.port}{PATH}"


def has_browser() -> bool:
    """Whether a person probably sits at this machine."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or any(map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")))


def connect(
    oauth: OAuth2, tokens: StoredTokens, account: Callable[[], Account], way: Way, say: Say
) -> Account:
    """Have a person consent, keep the tokens, and only then use them, to ask whom they speak for.

    Raises `NotConnectedError`.
    """
    question = Question()
    code = _answer(question, oauth.page(question, way.redirect), way, say)
    try:
        pair = oauth.redeem(code, question, way.redirect)
    except GrantRefusedError as no:
        raise NotConnectedError(
            f"X does not take that code ({no}); each works once, for half a minute"
        ) from None
    except (Later, Unsure) as trouble:
        raise NotConnectedError(trouble.detail.rstrip(".")) from None
    tokens.connect(pair)
    missing = [scope for scope in SCOPES if scope not in pair.scopes]
    if missing:
        say(f"X did not grant {', '.join(missing)}; without it not everything will work.")
    try:
        return account()  # X's answer is kept with them: whom they speak for
    except Later as later:
        raise NotConnectedError(f"the tokens are kept, but X does not take them: {later.detail}") from None


def _answer(question: Question, page: str, way: Way, say: Say) -> str:
    """The code that X gave to the person, by whichever way it comes first."""
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    with _listening(question, way, said) as listens:
        say("Signed in to X as the account that answers, open this address and authorize the app:")
        say(f"\n{page}\n")
        if way.browser and listens:
            threading.Thread(target=webbrowser.open, args=(page,), name="browser", daemon=True).start()
        say(f"Your browser then goes to {way.redirect}. If it shows an error there, because it does not run")
        say(
            "on this machine, paste the address that it shows (or only the code in it) here, and press Enter."
        )
        until = time.monotonic() + way.patience
        for take, answer in _answers(said, until):
            try:
                return take(answer, question)
            except _StrangerError as stranger:
                say(f"{stranger} Try again.")
    raise NotConnectedError(f"no answer came within {way.patience / 60:g} minutes; run it again")


def pasted(words: str, question: Question) -> str:
    """The code in what a person pasted: an address, or the code alone.

    A bare code comes without our state, so it is only taken from a person's hand. It is good for our
    question and no other: X compares the verifier.
    """
    words = words.strip().strip("'\"")
    return unquote(words) if _CODE.fullmatch(words) else code_in(words, question)


def code_in(address: str, question: Question) -> str:
    """The code in the address that X sent a browser to, if it answers our `question`."""
    given = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    if not secrets.compare_digest(given.get("state", "").encode(), question.state.encode()):
        raise _StrangerError("That is no answer to the question above: its state is missing or another one.")
    if "error" in given:
        why = re.sub(r"[^a-z_]", "", given["error"])[:40]
        raise NotConnectedError(f"X says {why}")
    if not given.get("code"):
        raise _StrangerError("There is no code in that.")
    return given["code"]


def _answers(
    said: "queue.SimpleQueue[str]", until: float
) -> Iterator[tuple[Callable[[str, Question], str], str]]:
    """What the browser brings and what the person types, as it comes, each with how to take it.

    The terminal is read without a thread: one that waits for a line could not be ended.
    """
    typed, listening = b"", True
    while time.monotonic() < until:
        ready, _, _ = select.select([0] if listening else [], [], [], GLANCE)
        if ready:
            more = os.read(0, 4096)
            listening = bool(more)  # nothing: there is no terminal
            *lines, typed = (typed + more).split(b"\n") if more else (typed, b"")
            yield from ((pasted, line.decode("utf-8", "replace")) for line in lines if line.strip())
        while not said.empty():
            yield code_in, said.get()


@contextmanager
def _listening(question: Question, way: Way, said: "queue.SimpleQueue[str]") -> Iterator[bool]:
    """Wait for the browser at the address; tell whether we can."""

    class Door(BaseHTTPRequestHandler):
        """The browser's one request. What it asks for is secret, and goes into no log."""

        timeout = 10

        def do_GET(self) -> None:
            if urlsplit(self.path).path != PATH:
                self._show(404, "There is nothing here.")
                return
            try:
                code_in(self.path, question)
            except _StrangerError:
                self._show(400, "This does not belong to the sign-in that Heard is waiting for.")
                return
            except NotConnectedError:
                self._show(200, "Heard is not connected. You can close this page.")
            else:
                self._show(200, "Heard has its answer. You can close this page.")
            said.put(self.path)

        def _show(self, status: int, words: str) -> None:
            page = _PAGE.format(words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *args: Any) -> None:  # noqa: ANN401 - http.server's own
            """Say nothing: the path holds the code."""

    try:
        server = ThreadingHTTPServer((HOST, way.port), Door)
    except OSError as error:
        log.warning("port %d cannot be listened on (%s)", way.port, error.strerror)
        yield False
        return
    server.daemon_threads = True
    waiting = threading.Thread(target=server.serve_forever, args=(GLANCE,), name="callback", daemon=True)
    waiting.start()
    try:
        yield True
    finally:
        server.shutdown()
        server.server_close()
