"""Every endpoint: its method and path, the scope it needs, and its function."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.mastodon.api import (
    instance_endpoints,
    media_endpoints,
    oauth_endpoints,
    read_endpoints,
    streaming_endpoints,
    write_endpoints,
)
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, Request
from sandbox.mastodon.state.world import MastodonWorld


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path."""

    name: str

    def match(self, method: str, path: str) -> re.Match[str] | None:
        own_method, _, template = self.name.partition(" ")
        if method != own_method:
            return None
        return re.fullmatch(re.sub(r":(\w+)", r"(?P<\1>[^/]+)", template), path)


@dataclass(frozen=True, slots=True)
class Endpoint(Route):
    """A route of the API. `scope` is what its token needs; `any`: any token; empty: it needs none."""

    scope: str
    handle: Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class OAuthRoute(Route):
    """A route of the sign-in, which needs no token."""

    handle: Callable[[MastodonWorld, Request], Answer]


ENDPOINTS: tuple[Endpoint | OAuthRoute, ...] = (
    Endpoint("GET /api/v1/accounts/verify_credentials", "read:accounts", read_endpoints.me),
    Endpoint("GET /api/v1/accounts/lookup", "read:accounts", read_endpoints.lookup),
    Endpoint("GET /api/v1/accounts/:id", "read:accounts", read_endpoints.account),
    Endpoint("GET /api/v1/accounts/:id/statuses", "read:statuses", read_endpoints.account_statuses),
    Endpoint("GET /api/v1/notifications", "read:notifications", read_endpoints.notifications),
    Endpoint("GET /api/v1/timelines/tag/:tag", "read:statuses", read_endpoints.tag_timeline),
    Endpoint("GET /api/v2/search", "read:search", read_endpoints.search),
    Endpoint("GET /api/v1/statuses", "read:statuses", read_endpoints.statuses),
    Endpoint("GET /api/v1/statuses/:id", "read:statuses", read_endpoints.status),
    Endpoint("GET /api/v1/statuses/:id/context", "read:statuses", read_endpoints.context),
    Endpoint("GET /api/v1/statuses/:id/source", "read:statuses", read_endpoints.source),
    Endpoint("POST /api/v1/statuses", "write:statuses", write_endpoints.create),
    Endpoint("DELETE /api/v1/statuses/:id", "write:statuses", write_endpoints.delete),
    Endpoint("POST /api/v2/media", "write:media", media_endpoints.upload),
    Endpoint("GET /api/v1/media/:id", "write:media", media_endpoints.show),
    Endpoint("GET /api/v1/streaming", "any", streaming_endpoints.websocket),
    Endpoint("GET /api/v1/streaming/health", "", streaming_endpoints.health),
    Endpoint("GET /api/v1/streaming/user", "read:statuses", streaming_endpoints.user),
    Endpoint("GET /api/v1/streaming/hashtag", "read:statuses", streaming_endpoints.hashtag),
    Endpoint("GET /api/v1/apps/verify_credentials", "any", instance_endpoints.own_app),
    Endpoint("GET /api/v2/instance", "", instance_endpoints.v2),
    Endpoint("GET /api/v1/instance", "", instance_endpoints.v1),
    OAuthRoute("POST /api/v1/apps", oauth_endpoints.register_app),
    OAuthRoute("GET /oauth/authorize", oauth_endpoints.authorize),
    OAuthRoute("POST /oauth/authorize", oauth_endpoints.authorize),
    OAuthRoute("POST /oauth/token", oauth_endpoints.token),
)
