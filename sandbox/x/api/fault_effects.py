"""The effect of each fault on a call."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.x.api.http_messages import Answer, Wire, as_json, as_problem
from sandbox.x.api.problems import HTML_503, credits_depleted, missing, plain, unavailable, usage_capped
from sandbox.x.faults import Fault, Kind
from sandbox.x.state.posting_rules import CATCH_ALL

Wait = Callable[[Fault], None]


def before(taken: tuple[Fault, ...], now: datetime, wait: Wait) -> Answer | None:
    """Return the response of a fault that prevents the call's effect; None if there is none."""
    for fault in taken:
        if fault.kind == "slow_before":
            wait(fault)
        elif fault.kind == "rate_limited":
            return _rate_limited(now + timedelta(seconds=fault.seconds))
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


def _rate_limited(reset: datetime) -> Answer:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(reset.timestamp()))}
    limited = as_problem(plain(429))
    return replace(limited, headers=limited.headers | headers)


def _reordered(answer: Answer, change: Callable[[list[Any]], list[Any]]) -> Answer:
    """Return the response with its rows changed; `meta` stays the same."""
    body = json.loads(answer.content)
    if not isinstance(body.get("data"), list):
        return answer
    return replace(answer, content=json.dumps(body | {"data": change(body["data"])}).encode())


def _not_found(answer: Answer) -> Answer:
    """Return the response with its rows in `errors`, as if the posts did not exist."""
    body = json.loads(answer.content)
    rows = [row for row in _listed(body.get("data")) if isinstance(row, dict)]
    errors = [*_listed(body.get("errors")), *(missing("tweet", "ids", str(row.get("id"))) for row in rows)]
    return _without_rows(answer, body, {"errors": errors} if errors else {})


def _without_rows(answer: Answer, body: dict[str, Any], more: dict[str, Any]) -> Answer:
    kept = {name: value for name, value in body.items() if name not in {"data", "includes", "errors"}}
    return replace(answer, content=json.dumps(kept | more).encode())


def _listed(found: object) -> list[Any]:
    """Return the rows of a response; X omits the key if there are none."""
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


UNAVAILABLE = Answer(503, HTML_503, {"content-type": "text/html; charset=utf-8"})

INSTEAD: dict[Kind, Answer] = {
    "down": Answer(503, b"", wire=Wire.NOTHING),
    "answer_lost_before": Answer(503, b"", wire=Wire.NOTHING),
    "reset_before": Answer(503, b"", wire=Wire.RESET),
    "server_error_before": UNAVAILABLE,
    "unauthorized": as_problem(plain(401)),
    "credits": as_problem(credits_depleted()),
    "forbidden_blanket": as_problem(plain(403, CATCH_ALL)),
    "usage_capped": as_problem(usage_capped(429)),
    "usage_capped_403": as_problem(usage_capped(403)),
    "errors_alone": as_json(200, {"errors": [unavailable()]}),
    "hollow": as_json(200, {}),
}

SPOILS: dict[Kind, Callable[[Answer], Answer]] = {
    "answer_lost_after": lambda answer: replace(answer, wire=Wire.NOTHING),
    "reset": lambda answer: replace(answer, wire=Wire.RESET),
    "server_error_after": lambda _: UNAVAILABLE,
    "truncated": lambda answer: replace(answer, wire=Wire.HALF),
    "shuffled": lambda answer: _reordered(answer, lambda rows: rows[::-2] + rows[-2::-2]),
    "repeated": lambda answer: _reordered(answer, lambda rows: [row for row in rows for _ in range(2)]),
    "lagging_replica": _not_found,
    "left_out": lambda answer: _without_rows(answer, json.loads(answer.content), {}),
    "garbled": lambda answer: replace(answer, content=answer.content[: len(answer.content) // 2]),
}
