"""What the faults that are on make of a response."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sandbox.feeds.api.http_messages import HTML, Answer, Request, as_page
from sandbox.feeds.faults import Fault, Kind

DRIP_SECONDS = 0.25
PIECE = b"<!-- and on and on -->\n" * 300
RSS = {"Content-Type": "application/rss+xml"}
DAMAGES: frozenset[Kind] = frozenset(
    {"shrunk", "wrong_encoding", "not_xml"}
)  # these change a document, and so answer no 304


def replaced(request: Request, faults: Sequence[Fault]) -> Answer | None:
    """Return what comes instead of the forum's own response; None: that one."""
    for fault in faults:
        is_there = fault.kind in {"moved", "elsewhere"} and request.path.startswith("/moved/")
        if fault.kind in INSTEAD and not is_there:
            return INSTEAD[fault.kind](request, fault)
    return None


def damaged(answer: Answer, faults: Sequence[Fault]) -> Answer:
    """Return the forum's own response, as the faults leave it."""
    for fault in faults:
        if fault.kind == "wrong_encoding":
            text = answer.body.decode().encode("windows-1252", "xmlcharrefreplace")
            answer = replace(answer, body=text)
        elif fault.kind == "not_xml":
            answer = replace(answer, body=answer.body[: len(answer.body) * 2 // 3])
    return answer


def _dripping(fault: Fault) -> Iterator[bytes]:
    while not fault.released.wait(DRIP_SECONDS):
        yield b" "


def _endless(fault: Fault) -> Iterator[bytes]:
    return itertools.takewhile(lambda _: not fault.released.is_set(), itertools.repeat(PIECE))


INSTEAD: Mapping[Kind, Callable[[Request, Fault], Answer]] = {
    "down": lambda *_: Answer(0, is_cut=True),
    "gone": lambda *_: as_page(410, "This feed was taken away"),
    "missing": lambda *_: as_page(404, "There is no such page"),
    "server_error": lambda *_: as_page(500, "Something went wrong"),
    "sign_in": lambda *_: replace(
        as_page(401, "Sign in"), headers={"WWW-Authenticate": "Basic", "Content-Type": HTML}
    ),
    "rate_limited": lambda _, fault: replace(
        as_page(429, "Too many requests"),
        headers={"Retry-After": str(int(fault.seconds)), "Content-Type": HTML},
    ),
    "moved": lambda request, _: Answer(301, {"Location": f"/moved{request.path}"}),
    "elsewhere": lambda request, _: Answer(302, {"Location": f"/moved{request.path}"}),
    "html": lambda *_: as_page(200, "We are working on our forum"),
    "empty": lambda *_: Answer(200, RSS),
    "drip": lambda _, fault: Answer(200, RSS, b"<rss>", pieces=_dripping(fault)),
    "endless": lambda _, fault: Answer(200, RSS, b"<rss>", pieces=_endless(fault)),
}
