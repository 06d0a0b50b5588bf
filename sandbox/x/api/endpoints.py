"""Every endpoint: its method and path, its parameters, and its function.

https://docs.x.com/x-api
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.x.api import media_endpoints, oauth_endpoints, read_endpoints, write_endpoints
from sandbox.x.api.call import Call
from sandbox.x.api.fields import COUNTS_QUERY, POST_QUERY, SEARCH_QUERY, TIMELINE_QUERY, USER_QUERY
from sandbox.x.api.http_messages import Answer, Request
from sandbox.x.api.json_rows import Row
from sandbox.x.state.world import XWorld


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
    """A route of the API, its query parameters (in old names), and its function."""

    query: frozenset[str]
    handle: Callable[[Call], Row]
    status: int = 200


@dataclass(frozen=True, slots=True)
class OAuthRoute(Route):
    """A route of the OAuth flow, which needs no token."""

    handle: Callable[[XWorld, Request], Answer]


ENDPOINTS: tuple[Endpoint | OAuthRoute, ...] = (
    OAuthRoute("GET /i/oauth2/authorize", oauth_endpoints.authorize),
    OAuthRoute("POST /i/oauth2/authorize", oauth_endpoints.authorize),
    OAuthRoute("POST /2/oauth2/token", oauth_endpoints.token),
    Endpoint("GET /2/users/me", USER_QUERY, read_endpoints.me),
    Endpoint("GET /2/users/by/username/:username", USER_QUERY, read_endpoints.user_by_handle),
    Endpoint("GET /2/users", USER_QUERY | {"ids"}, read_endpoints.users),
    Endpoint("GET /2/users/:id", USER_QUERY, read_endpoints.user_by_id),
    Endpoint("GET /2/users/:id/mentions", TIMELINE_QUERY, read_endpoints.mentions),
    Endpoint("GET /2/users/:id/tweets", TIMELINE_QUERY | {"exclude"}, read_endpoints.own_timeline),
    Endpoint("GET /2/tweets/search/recent", SEARCH_QUERY, read_endpoints.search_recent),
    Endpoint("GET /2/tweets/counts/recent", COUNTS_QUERY, read_endpoints.count_recent),
    Endpoint("GET /2/tweets", POST_QUERY | {"ids"}, read_endpoints.posts),
    Endpoint("GET /2/tweets/:id", POST_QUERY, read_endpoints.post),
    Endpoint("POST /2/tweets", frozenset(), write_endpoints.create, status=201),
    Endpoint("POST /2/media/upload", frozenset(), media_endpoints.upload),
    Endpoint("POST /2/media/metadata", frozenset(), media_endpoints.describe),
    Endpoint("DELETE /2/tweets/:id", frozenset(), write_endpoints.delete),
)
