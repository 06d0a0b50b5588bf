"""The effect of each fault on a call."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.api.errors import XrpcError, upstream_failure
from sandbox.bluesky.api.http_messages import Answer, Wire, as_error
from sandbox.bluesky.faults import Fault, Kind

Wait = Callable[[Fault], None]

LISTS = ("notifications", "posts", "feed", "records", "profiles")
HTML_PAGE = b"<!DOCTYPE html><html><body><h1>Just a moment</h1></body></html>"


def before(taken: tuple[Fault, ...], now: datetime, wait: Wait) -> Answer | None:
    """Return the response of a fault that prevents the call's effect; None if there is none."""
    for fault in taken:
        if fault.kind == "slow_before":
            wait(fault)
        elif fault.kind == "rate_limited":
            limited = as_error(XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded"))
            reset = str(int((now + timedelta(seconds=fault.seconds)).timestamp()))
            headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": reset}
            return replace(limited, headers=limited.headers | headers)
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


def _reordered(answer: Answer, change: Callable[[list[Any]], list[Any]]) -> Answer:
    """Return the response with its rows changed; the cursor stays the same."""
    body = json.loads(answer.content)
    for name in LISTS:
        if isinstance(body.get(name), list):
            body[name] = change(body[name])
    return replace(answer, content=json.dumps(body).encode())


SERVER_ERROR = as_error(XrpcError(500, "InternalServerError", "Internal Server Error"))

INSTEAD: dict[Kind, Answer] = {
    "down": Answer(503, b"", wire=Wire.NOTHING),
    "answer_lost_before": Answer(503, b"", wire=Wire.NOTHING),
    "reset_before": Answer(503, b"", wire=Wire.RESET),
    "server_error_before": SERVER_ERROR,
    "bad_gateway": as_error(upstream_failure()),
    "unauthorized": as_error(XrpcError(401, "AuthMissing", "Authentication Required")),
    "expired_token": as_error(XrpcError(400, "ExpiredToken", "Token has expired")),
    "invalid_token": as_error(XrpcError(400, "InvalidToken", "Token could not be verified")),
    "redirected": Answer(302, b"", {"location": "/elsewhere"}),
}

SPOILS: dict[Kind, Callable[[Answer], Answer]] = {
    "answer_lost_after": lambda answer: replace(answer, wire=Wire.NOTHING),
    "reset": lambda answer: replace(answer, wire=Wire.RESET),
    "server_error_after": lambda _: SERVER_ERROR,
    "truncated": lambda answer: replace(answer, wire=Wire.HALF),
    "garbled": lambda answer: replace(answer, content=answer.content[: len(answer.content) // 2]),
    "html": lambda _: Answer(200, HTML_PAGE, {"content-type": "text/html; charset=utf-8"}),
    "shuffled": lambda answer: _reordered(answer, lambda rows: random.sample(rows, len(rows))),
    "repeated": lambda answer: _reordered(answer, lambda rows: [row for row in rows for _ in range(2)]),
    "left_out": lambda answer: _reordered(answer, lambda _: []),
}
