"""The effect of each fault on a call."""

import json
import queue
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.mastodon.api.http_messages import Answer, Wire, as_error, as_html
from sandbox.mastodon.faults import Fault, Kind
from sandbox.mastodon.state.rate_limits import PER_WINDOW, Spent

Wait = Callable[[Fault], None]
_PORTAL = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in to the guest network</body></html>"
)
_SORRY = "<!DOCTYPE html><html><head><title>We're sorry</title></head><body>503</body></html>"


def before(taken: tuple[Fault, ...], now: datetime, path: str, wait: Wait) -> Answer | None:
    """Return the response of a fault that prevents the call's effect; None if there is none."""
    for fault in taken:
        if fault.kind == "slow_before":
            wait(fault)
        elif fault.kind == "rate_limited":
            spent = Spent(PER_WINDOW, 0, now + timedelta(seconds=fault.seconds), exceeded=True)
            limited = as_error(429, "Too many requests")
            return replace(limited, headers=limited.headers | spent.headers)
        elif fault.kind.startswith("redirect_"):
            where = {"location": f"https://moved.example{path}"}
            return as_html(int(fault.kind.removeprefix("redirect_")), "Moved", where)
        elif fault.kind in INSTEAD:
            return INSTEAD[fault.kind]
    return None


def after(answer: Answer, taken: tuple[Fault, ...], wait: Wait) -> Answer:
    """Return the response after the faults that damage or delay it."""
    for fault in taken:
        if fault.kind == "slow":
            wait(fault)
        elif fault.kind in SPOILS:
            answer = SPOILS[fault.kind](answer)
    return answer


def _repeated(answer: Answer) -> Answer:
    body = json.loads(answer.content)
    if not isinstance(body, list):
        return answer
    return replace(answer, content=json.dumps([row for row in body for _ in range(2)]).encode())


def _without_stream(answer: Answer) -> Answer:
    if answer.conversation is not None:
        answer.conversation.is_ended = True
        return answer
    if answer.ended is not None:
        answer.ended()
    return replace(answer, stream=None, ended=None)


def _silent(answer: Answer) -> Answer:
    if answer.conversation is not None:
        answer.conversation.is_silent = True
    return replace(answer, stream=queue.SimpleQueue() if answer.stream else None)


INSTEAD: dict[Kind, Answer] = {
    "down": Answer(503, b"", wire=Wire.NOTHING),
    "answer_lost_before": Answer(503, b"", wire=Wire.NOTHING),
    "reset_before": Answer(503, b"", wire=Wire.RESET),
    "server_error_before": as_error(500, "Something went wrong"),
    "maintenance": as_html(503, _SORRY),
    "unauthorized": as_error(401, "The access token is invalid"),
    "forbidden": as_error(403, "This action is outside the authorized scopes"),
    "html_before": as_html(200, _PORTAL),
}

SPOILS: dict[Kind, Callable[[Answer], Answer]] = {
    "answer_lost_after": lambda answer: replace(answer, wire=Wire.NOTHING),
    "reset": lambda answer: replace(answer, wire=Wire.RESET),
    "server_error_after": lambda _: as_error(500, "Something went wrong"),
    "html_after": lambda _: as_html(200, _PORTAL),
    "truncated": lambda answer: replace(answer, wire=Wire.HALF),
    "garbled": lambda answer: replace(answer, content=answer.content[: len(answer.content) // 2]),
    "repeated": _repeated,
    "stream_ended": _without_stream,
    "stream_silent": _silent,
}
