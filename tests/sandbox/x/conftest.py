"""X itself, and the two clients that speak to it: the real tweepy, and bare requests."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import tweepy

from sandbox.x import XServer, XWorld


class Redirect(requests.adapters.HTTPAdapter):
    """Sends what tweepy means for api.twitter.com to the sandbox; tweepy has no setting for it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = request.url.replace("https://api.twitter.com", self.url)
        kwargs["timeout"] = 5
        return super().send(request, *args, **kwargs)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def x() -> Iterator[XServer]:
    with XServer() as server:
        server.world.add_user("ana", "Ana", followers=120)
        server.world.add_user("bo", "Bo")
        yield server


@pytest.fixture
def world(x: XServer) -> XWorld:
    return x.world


@pytest.fixture
def clock(world: XWorld) -> Clock:
    world.clock = Clock()
    return world.clock


@pytest.fixture
def client(x: XServer) -> Iterator[tweepy.Client]:
    client = tweepy.Client(
        consumer_key="key", consumer_secret="secret", access_token="1-token", access_token_secret="secret"
    )
    client.session.mount("https://api.twitter.com", Redirect(x.url))
    yield client
    client.session.close()


Get = Callable[..., requests.Response]


@pytest.fixture
def ask(x: XServer) -> Iterator[Get]:
    """One bare request: `ask("GET", "/2/users/me", ids="1")`; dots in names are written as two underscores."""
    with requests.Session() as session:

        def ask(method: str, path: str, *, json: Any = None, **query: Any) -> requests.Response:
            params = {name.replace("__", "."): value for name, value in query.items()}
            headers = {"Authorization": "Bearer token"}
            return session.request(
                method, x.url + path, params=params, json=json, headers=headers, timeout=120
            )

        yield ask
