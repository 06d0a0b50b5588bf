"""The local Bluesky, and a client that is nothing but HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.bluesky import BlueskyServer, BlueskyWorld

POST = "app.bsky.feed.post"
KEY = "3kg7myimnydfy"


class Client:
    """Somebody who is logged in, or not."""

    def __init__(self, server: BlueskyServer, handle: str | None = None) -> None:
        self.server, self.session, self.headers = server, {}, {}
        if handle is not None:
            password = server.world.app_password(handle)
            body = {"identifier": handle, "password": password}
            self.session = self.post("com.atproto.server.createSession", **body).json()
            self.headers = {"Authorization": f"Bearer {self.session['accessJwt']}"}
            self.did = self.session["did"]

    def get(self, method: str, **params: Any) -> requests.Response:
        return requests.get(
            f"{self.server.url}/xrpc/{method}", params=params, headers=self.headers, timeout=120
        )

    def post(self, method: str, **body: Any) -> requests.Response:
        address = f"{self.server.url}/xrpc/{method}"
        return requests.post(address, json=body, headers=self.headers, timeout=120)

    def put(self, text: str = "hello", rkey: str = KEY, **more: Any) -> requests.Response:
        fields = {name: more.pop(name) for name in ("swapRecord", "validate") if name in more}
        record = {"$type": POST, "text": text, "createdAt": "2026-03-01T12:00:00.000Z", **more}
        where = {"repo": self.did, "collection": POST, "rkey": rkey}
        return self.post("com.atproto.repo.putRecord", **where, record=record, **fields)

    def notifications(self, **params: Any) -> dict[str, Any]:
        return self.get("app.bsky.notification.listNotifications", **params).json()

    def refresh(self, token: str) -> requests.Response:
        address = f"{self.server.url}/xrpc/com.atproto.server.refreshSession"
        return requests.post(address, headers={"Authorization": f"Bearer {token}"}, timeout=120)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[BlueskyServer]:
    with BlueskyServer(BlueskyWorld(clock=clock)) as started:
        started.world.add_user("ana.test", "Ana")
        started.world.add_user("ben.test", "Ben")
        yield started


@pytest.fixture
def world(server: BlueskyServer) -> BlueskyWorld:
    return server.world


@pytest.fixture
def brand(server: BlueskyServer) -> Client:
    return Client(server, "acmebrew.test")


@pytest.fixture
def ana(server: BlueskyServer) -> Client:
    return Client(server, "ana.test")


@pytest.fixture
def nobody(server: BlueskyServer) -> Client:
    return Client(server)
