"""A local server of each kind, and bare requests to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld

Ask = Callable[..., requests.Response]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[MastodonServer]:
    """Mastodon, or the kind that `parametrize` names indirectly."""
    flavour = FLAVOURS[getattr(request, "param", "mastodon")]
    with MastodonServer(MastodonWorld(flavour=flavour)) as made:
        made.world.add_user("ana@books.example", "Ana", followers=120)
        made.world.add_user("bo", "Bo")
        yield made


@pytest.fixture
def world(server: MastodonServer) -> MastodonWorld:
    return server.world


@pytest.fixture
def ask(server: MastodonServer) -> Iterator[Ask]:
    """One bare request: `ask("GET", "/api/v1/notifications", limit=2)`."""
    with requests.Session() as session:

        def ask(
            method: str, path: str, *, json: Any = None, headers: dict[str, str] | None = None, **query: Any
        ) -> requests.Response:
            given = {"Authorization": "Bearer token", **(headers or {})}
            url = server.url + path
            return session.request(
                method, url, params=query, json=json, headers=given, timeout=120, allow_redirects=False
            )

        yield ask
