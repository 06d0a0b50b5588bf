"""From a request to a response: faults, rate limit, credentials, then the endpoint."""

import itertools
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

from sandbox.x.api import fault_effects
from sandbox.x.api.call import Call
from sandbox.x.api.endpoints import ENDPOINTS, Endpoint, OAuthRoute
from sandbox.x.api.fields import spelled
from sandbox.x.api.http_messages import Answer, Request, as_json, as_problem
from sandbox.x.api.problems import ProblemError, plain
from sandbox.x.api.query_params import Params
from sandbox.x.faults import Fault
from sandbox.x.state.request_log import Asked
from sandbox.x.state.world import XWorld

_transactions = itertools.count(1)


def answer(world: XWorld, request: Request, wait: fault_effects.Wait) -> Answer:
    """Return the response to one request. `wait` delays it as a fault says."""
    for endpoint in ENDPOINTS:
        if found := endpoint.match(request.method, request.path):
            key = unquote("".join(found.groups()))
            return _noted(world, request, endpoint.name, _bent(world, request, endpoint, key, wait))
    return _noted(world, request, f"{request.method} {request.path}", as_problem(plain(404)))


def _bent(
    world: XWorld, request: Request, endpoint: Endpoint | OAuthRoute, key: str, wait: fault_effects.Wait
) -> Answer:
    taken = world.faults.take(endpoint.name)
    instead = fault_effects.before(taken, world.clock(), wait)
    with world.lock:
        spent = world.limits.spend(endpoint.name, world.clock())
    if instead is not None:
        made = instead
    elif spent.exceeded:
        made = as_problem(plain(429))
    else:
        made = fault_effects.after(_handled(world, request, endpoint, key, _lag(taken)), taken, wait)
    return replace(made, headers=spent.headers | made.headers)


def _handled(
    world: XWorld, request: Request, endpoint: Endpoint | OAuthRoute, key: str, lag: timedelta
) -> Answer:
    """Return the endpoint's response. The world is locked meanwhile, so a page is consistent."""
    if isinstance(endpoint, OAuthRoute):
        with world.lock:
            return endpoint.handle(world, request)
    try:
        _check_credentials(world, request)
        _check_scope(world, request, endpoint)
        params = Params(request.query)
        params.check(spelled(endpoint.query, world.faults.vocabulary))
        with world.lock:
            me = world.speaker(oauth_token=request.oauth_token, bearer=request.bearer)
            return as_json(endpoint.status, endpoint.handle(Call(world, me, params, key, request.json, lag)))
    except ProblemError as problem:
        return as_problem(problem)


def _check_credentials(world: XWorld, request: Request) -> None:
    """Accept requests signed with keys, and valid bearer tokens.

    Raises ProblemError 401, which at X does not say what is wrong.
    """
    if request.scheme not in {"OAuth", "Bearer"}:
        raise plain(401)
    with world.lock:
        if request.bearer is not None and not world.grants.admits(request.bearer):
            raise plain(401)


def _check_scope(world: XWorld, request: Request, endpoint: Endpoint) -> None:
    """Raises ProblemError 403 for a token without `media.write` that uploads.

    https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
    """
    with world.lock:
        is_upload = "/2/media/" in endpoint.name and request.bearer is not None
        if is_upload and not world.grants.has_scope(request.bearer or "", "media.write"):
            raise plain(403)


def _account(world: XWorld, request: Request) -> str | None:
    """Return the handle of the account of a request's credentials."""
    if request.oauth_token is None and request.bearer is None:
        return None
    with world.lock:
        return world.speaker(oauth_token=request.oauth_token, bearer=request.bearer).handle


def _lag(taken: tuple[Fault, ...]) -> timedelta:
    behind = [fault.seconds for fault in taken if fault.kind in {"late_index", "stale_reads"}]
    return timedelta(seconds=max(behind, default=0))


def _noted(world: XWorld, request: Request, endpoint: str, made: Answer) -> Answer:
    """Log a call before its response is sent, so that its client finds it in the log."""
    asked = Asked(
        at=world.clock(),
        endpoint=endpoint,
        method=request.method,
        path=request.path,
        query=Params(request.query).all,
        body=request.json,
        status=made.seen_status,
        user_agent=request.headers.get("user-agent", ""),
        authorization=f"{request.scheme} ***" if request.scheme else "",
        account=_account(world, request),
    )
    with world.lock:
        world.journal.note(asked)
    return replace(made, headers={**made.headers, "x-transaction-id": f"{next(_transactions):016x}"})
