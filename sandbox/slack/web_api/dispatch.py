"""The Web API, from request to response: log, faults, token, rate limit, scope, method."""

import json
import threading
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Fault
from sandbox.slack.http_server import Request, Response
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods import METHODS, Method
from sandbox.slack.web_api.methods.registry import want_scope
from sandbox.slack.workspace.call_log import Call
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
CUT = Response(status=0, cut=True)
OK = 200
TOO_MANY = 429


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(self, world: SlackWorld, tokens: dict[str, str], stopping: threading.Event) -> None:
        self._world, self._tokens, self._stopping = world, tokens, stopping

    def answer(self, name: str, request: Request) -> Response:
        """Answer one call and log it."""
        try:
            args = Args.of(request)
        except SlackError as refusal:
            return _json(refusal.body())
        shown = {key: value for key, value in args.values.items() if key != "token"}
        call = Call(name, shown, self._world.now())
        with self._world.lock:
            self._world.calls.append(call)
        response = self._under_faults(name, args, request, call)
        call.status, call.done = response.status, self._world.now()
        self._world.changed("call")
        return response

    def _under_faults(self, name: str, args: Args, request: Request, call: Call) -> Response:
        fault = self._world.faults.take(name)
        if fault and (early := before(fault)):
            call.error = fault.name if fault.kind == "error" else fault.kind
            return early
        response = self._run(name, args, request, call)
        if fault and (late := after(fault, self._stopping)):
            call.error = fault.kind
            return late
        return response

    def _run(self, name: str, args: Args, request: Request, call: Call) -> Response:
        try:
            method = _known(name)
            self._admit(method, args, request)
            with self._world.lock:
                if wait := self._too_fast(method, args):
                    call.error = "ratelimited"
                    return too_many(wait)
                want_scope(self._world, method.scope)
                body = {"ok": True, **method.run(self._world, args)}
        except SlackError as refusal:
            call.error, body = refusal.name, refusal.body()
        return _json(body, {"x-oauth-scopes": ",".join(sorted(self._world.scopes))})

    def _admit(self, method: Method, args: Args, request: Request) -> None:
        if method.token == "none":  # noqa: S105 - a kind of token
            return
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or args.text("token")
        if not token:
            raise SlackError("not_authed")
        kind = next((kind for kind, known in self._tokens.items() if token == known), None)
        if kind is None:
            raise SlackError("invalid_auth")
        if kind != method.token:
            raise SlackError("not_allowed_token_type")

    def _too_fast(self, method: Method, args: Args) -> int:
        limits, now = self._world.limits, self._world.now()
        if not limits.enforce:
            return 0
        if method.name == "chat.postMessage":
            return limits.wait_to_post(args.text("channel"), now)
        per_minute = limits.updates_per_minute if method.name == "chat.update" else method.per_minute
        return limits.wait_to_call(method.name, per_minute, now) if per_minute else 0


def _known(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method", req_method=name)
    return METHODS[name]


def before(fault: Fault) -> Response | None:
    """Return the response of a fault that prevents the call's effect; None if it does not."""
    if fault.kind in {"down", "lost_before"}:
        return CUT
    if fault.kind == "error":
        return _json(SlackError(fault.name).body())
    if fault.kind == "rate_limited":
        return too_many(int(fault.seconds))
    return _broken() if fault.kind == "http_500" and not fault.after else None


def after(fault: Fault, stopping: threading.Event) -> Response | None:
    """Return the response of a fault after the call's effect; None lets the true response through."""
    if fault.kind == "slow":
        stopping.wait(fault.seconds)
    if fault.kind == "lost_after":
        return CUT
    return _broken() if fault.kind == "http_500" else None


def too_many(wait: int) -> Response:
    return _json({"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)}, TOO_MANY)


def _broken() -> Response:
    return Response(500, b"<html><body>Internal Server Error</body></html>", "text/html")


def _json(body: Json, headers: dict[str, str] | None = None, status: int = OK) -> Response:
    return Response(status, json.dumps(body).encode(), headers=headers or {})
