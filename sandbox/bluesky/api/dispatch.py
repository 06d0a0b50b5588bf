"""From a request to a response: faults, rate limit, token, then the endpoint."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from sandbox.bluesky.api import fault_effects
from sandbox.bluesky.api.call import Call
from sandbox.bluesky.api.endpoints import ENDPOINTS, Endpoint
from sandbox.bluesky.api.errors import XrpcError
from sandbox.bluesky.api.http_messages import Answer, Request, as_error, as_json
from sandbox.bluesky.api.session_endpoints import did_document
from sandbox.bluesky.faults import Fault
from sandbox.bluesky.state.accounts import Account
from sandbox.bluesky.state.request_log import Asked
from sandbox.bluesky.state.sessions import TokenError
from sandbox.bluesky.state.world import BlueskyWorld

PREFIX = "/xrpc/"


def answer(world: BlueskyWorld, request: Request, wait: fault_effects.Wait) -> Answer:
    """Return the response to one request. `wait` delays it as a fault says."""
    name = f"{request.method} {request.path.removeprefix(PREFIX)}"
    endpoint = ENDPOINTS.get(name) if request.path.startswith(PREFIX) else None
    if endpoint is not None:
        return _noted(world, request, name, _bent(world, request, endpoint, wait))
    return _noted(world, request, name, _outside(world, request))


def _outside(world: BlueskyWorld, request: Request) -> Answer:
    """DID documents and the proof of a handle, as their own servers would serve them; else nothing."""
    found = world.find_user(request.path.strip("/"))
    if request.method == "GET" and found is not None:
        return as_json(200, did_document(_call(world, request, "", None, timedelta(0)), found))
    host = world.find_user(request.headers.get("host", "").partition(":")[0])
    if request.path == "/.well-known/atproto-did" and host is not None:
        return Answer(200, host.did.encode(), {"content-type": "text/plain"})
    if request.path.startswith(PREFIX):
        return as_error(XrpcError(501, "MethodNotImplemented", "Method Not Implemented"))
    return as_error(XrpcError(404, "NotFound", "Not Found"))


def _bent(world: BlueskyWorld, request: Request, endpoint: Endpoint, wait: fault_effects.Wait) -> Answer:
    taken = world.faults.take(endpoint.name)
    instead = fault_effects.before(taken, world.clock(), wait)
    with world.lock:
        spent = world.limits.spend(endpoint.name, world.clock())
    if instead is not None:
        made = instead
    elif spent.exceeded:
        made = as_error(XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded"))
    else:
        made = fault_effects.after(_handled(world, request, endpoint, _lag(taken)), taken, wait)
    return replace(made, headers=spent.headers | made.headers)


def _handled(world: BlueskyWorld, request: Request, endpoint: Endpoint, lag: timedelta) -> Answer:
    """Return the endpoint's response. The world is locked meanwhile, so a page is consistent."""
    method = endpoint.name.partition(" ")[2]
    try:
        with world.lock:
            me = _caller(world, request) if endpoint.needs_token else None
            return as_json(200, endpoint.handle(_call(world, request, method, me, lag)))
    except XrpcError as error:
        return as_error(error)


def _call(world: BlueskyWorld, request: Request, method: str, me: Account | None, lag: timedelta) -> Call:
    url = f"http://{request.headers.get('host', '')}"
    params, body = parse_qs(request.query, keep_blank_values=True), request.json
    return Call(
        world,
        method,
        me,
        params,
        body,
        request.bearer,
        url,
        lag,
        world.reading_time(),
        request.content,
        request.headers.get("content-type", ""),
    )


def _caller(world: BlueskyWorld, request: Request) -> Account:
    """The account of the access token. Raises XrpcError: 401 without any, 400 for a wrong one."""
    if request.bearer is None:
        raise XrpcError(401, "AuthMissing", "Authentication Required")
    if not request.bearer:
        raise XrpcError(400, "InvalidToken", "Unexpected authorization type")
    try:
        return world.accounts[world.sessions.check(request.bearer, world.clock()).did]
    except TokenError as no:
        raise XrpcError(400, no.error, no.message) from None


def _lag(taken: tuple[Fault, ...]) -> timedelta:
    return timedelta(seconds=max((one.seconds for one in taken if one.kind == "late_index"), default=0))


def _noted(world: BlueskyWorld, request: Request, name: str, made: Answer) -> Answer:
    """Log a call before its response is sent, so that its client finds it in the log."""
    asked = Asked(
        at=world.clock(),
        endpoint=name,
        host=request.headers.get("host", ""),
        query=parse_qs(request.query),
        body=_without_password(request.json),
        content=b"" if name.endswith("createSession") else request.content,
        status=made.seen_status,
        user_agent=request.headers.get("user-agent", ""),
        account=_handle_of(world, request),
    )
    with world.lock:
        world.journal.note(asked)
    return made


def _without_password(body: Any) -> Any:  # noqa: ANN401 - any JSON
    return {**body, "password": "***"} if isinstance(body, dict) and "password" in body else body


def _handle_of(world: BlueskyWorld, request: Request) -> str | None:
    try:
        with world.lock:
            return _caller(world, request).handle
    except XrpcError:
        return None
