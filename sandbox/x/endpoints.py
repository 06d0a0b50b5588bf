"""Every endpoint: its method and path, the parameters it knows, and who answers.

https://docs.x.com/x-api
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.x import oauth, reads, writes
from sandbox.x.call import Call
from sandbox.x.fields import POST_QUERY, SEARCH_QUERY, TIMELINE_QUERY, USER_QUERY
from sandbox.x.rows import Row
from sandbox.x.wire import Answer, Request
from sandbox.x.world import XWorld


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
    """A route of the API, the query parameters it knows (in old names), and what it answers."""

    query: frozenset[str]
    handle: Callable[[Call], Row]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Door(Route):
    """A route that one needs no token for: it is where tokens come from."""

    handle: Callable[[XWorld, Request], Answer]


ENDPOINTS: tuple[Endpoint | Door, ...] = (
    Door("GET /i/oauth2/authorize", oauth.authorize),
    Door("POST /i/oauth2/authorize", oauth.authorize),
    Door("POST /2/oauth2/token", oauth.token),
    Endpoint("GET /2/users/me", USER_QUERY, reads.me),
    Endpoint("GET /2/users/by/username/:username", USER_QUERY, reads.user_by_handle),
    Endpoint("GET /2/users", USER_QUERY | {"ids"}, reads.users),
    Endpoint("GET /2/users/:id", USER_QUERY, reads.user_by_id),
    Endpoint("GET /2/users/:id/mentions", TIMELINE_QUERY, reads.mentions),
    Endpoint("GET /2/users/:id/tweets", TIMELINE_QUERY | {"exclude"}, reads.own_timeline),
    Endpoint("GET /2/tweets/search/recent", SEARCH_QUERY, reads.search_recent),
    Endpoint("GET /2/tweets", POST_QUERY | {"ids"}, reads.posts),
    Endpoint("GET /2/tweets/:id", POST_QUERY, reads.post),
    Endpoint("POST /2/tweets", frozenset(), writes.create, status=201),
    Endpoint("DELETE /2/tweets/:id", frozenset(), writes.delete),
)
