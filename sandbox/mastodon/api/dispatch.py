"""From a request to a response: faults, rate limit, credentials, then the endpoint."""

from dataclasses import replace
from urllib.parse import unquote

from sandbox.mastodon.api import fault_effects
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.endpoints import ENDPOINTS, Endpoint, OAuthRoute
from sandbox.mastodon.api.http_messages import Answer, ApiError, Request, as_error
from sandbox.mastodon.state.oauth_grants import covers
from sandbox.mastodon.state.request_log import Asked
from sandbox.mastodon.state.world import MastodonWorld

_PAGING = ("min_id", "max_id", "since_id")


def answer(world: MastodonWorld, request: Request, wait: fault_effects.Wait) -> Answer:
    """Return the response to one request. `wait` delays it as a fault says."""
    for endpoint in ENDPOINTS:
        if found := endpoint.match(request.method, request.path):
            key = unquote("".join(found.groups()))
            return _noted(world, request, endpoint.name, _bent(world, request, endpoint, key, wait))
    return _noted(
        world, request, f"{request.method} {request.path}", as_error(404, "The page does not exist")
    )


def _bent(
    world: MastodonWorld,
    request: Request,
    endpoint: Endpoint | OAuthRoute,
    key: str,
    wait: fault_effects.Wait,
) -> Answer:
    taken = world.faults.take(endpoint.name)
    instead = fault_effects.before(taken, world.clock(), request.path, wait)
    paged = any(request.params.has(name) for name in _PAGING)
    with world.lock:
        spent = world.limits.spend(request.bearer or "", paged=paged, now=world.clock())
    if instead is not None:
        made = instead
    elif spent.exceeded:
        made = as_error(429, "Too many requests")
    else:
        made = fault_effects.after(_handled(world, request, endpoint, key), taken, wait)
    return replace(made, headers=spent.headers | made.headers)


def _handled(world: MastodonWorld, request: Request, endpoint: Endpoint | OAuthRoute, key: str) -> Answer:
    """Return the endpoint's response. The world is locked meanwhile, so a page is consistent."""
    with world.lock:
        if isinstance(endpoint, OAuthRoute):
            return endpoint.handle(world, request)
        try:
            if endpoint.scope:
                _check_token(world, request.bearer, endpoint.scope)
            me = world.speaker(request.bearer or "")
            return endpoint.handle(Call(world, me, request, key))
        except ApiError as no:
            return as_error(no.status, no.words, no.more)


def _check_token(world: MastodonWorld, bearer: str | None, scope: str) -> None:
    """Raises ApiError 401 if the token is not valid, 403 if it lacks the scope."""
    if bearer is None or not world.grants.admits(bearer):
        raise ApiError(401, "The access token is invalid")
    known = world.grants.tokens.get(bearer)
    if known is not None and scope != "any" and not covers(known.scopes, scope):
        raise ApiError(403, "This action is outside the authorized scopes")


def _noted(world: MastodonWorld, request: Request, endpoint: str, made: Answer) -> Answer:
    """Log a call before its response is sent, so that its client finds it in the log."""
    asked = Asked(
        at=world.clock(),
        endpoint=endpoint,
        method=request.method,
        path=request.path,
        query=request.params.as_dict(),
        body=request.form.as_dict() if "oauth" not in request.path else {},
        status=made.seen_status,
        user_agent=request.headers.get("user-agent", ""),
        idempotency_key=request.headers.get("idempotency-key"),
        account=world.speaker(request.bearer).acct if request.bearer else None,
    )
    with world.lock:
        world.journal.note(asked)
    return made
