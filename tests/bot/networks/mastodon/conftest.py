"""A server of each kind, our account there, and what a reading brings."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.values import Position, Post, ReplyTarget
from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from tests.patience import CALL_LIMITS as LIMITS


class Here:
    """Our account on one server, with Maria on another one and Tom on ours."""

    def __init__(self, server: MastodonServer) -> None:
        self.server, self.world = server, server.world
        self.token = server.world.grants.grant(
            server.world.brand.id, frozenset({"read", "write:statuses"})
        ).secret
        self.network = self.restarted()
        self.us = self.network.account().id
        self.start = Position(self.world.clock().isoformat())
        self.world.add_user("maria@remote.example", "Maria", indexable=True)
        self.world.add_user("tom", "Tom", indexable=True)

    def restarted(self) -> MastodonNetwork:
        """The network as a new process makes it, which remembers nothing."""
        keys = MastodonSettings(_env_file=None, url=self.server.url, access_token=SecretStr(self.token))
        return MastodonNetwork(keys, LIMITS)

    def pages(self, after: Position | None = None) -> list[Any]:
        return list(self.network.mentions(after or self.start, account_id=self.us))

    def heard(self, after: Position | None = None) -> list[Post]:
        return [post for page in self.pages(after) for post in page.posts]

    def hear_one(self, text: str = "@acmebrew hi", handle: str = "maria@remote.example", **more: Any) -> Post:
        """Let somebody post, and hear it."""
        made = self.world.post(handle, text, **more)
        return next(post for post in self.heard() if post.id == made.uri)

    def replies(self, post: Post) -> list[Any]:
        return self.world.replies_to(post.id)

    def calls(self, endpoint: str) -> int:
        return self.world.counts[endpoint]


def target(post: Post, **changes: Any) -> ReplyTarget:
    """The post as the ledger hands it on."""
    made = ReplyTarget(
        post.latest_id,
        post.author_id,
        post.author_id,
        post.posted_at,
        context=post.reply_context,
        visibility=post.visibility,
        content_warning=post.content_warning,
        lang=post.lang,
    )
    return replace(made, **changes)


@pytest.fixture
def here(request: pytest.FixtureRequest) -> Iterator[Here]:
    """Mastodon, or the kind that `parametrize` names indirectly."""
    flavour = getattr(request, "param", "mastodon")
    flavour = FLAVOURS[flavour] if isinstance(flavour, str) else flavour
    with MastodonServer(MastodonWorld(flavour=flavour)) as server:
        yield Here(server)


@pytest.fixture
def raw() -> Iterator[Callable[[bytes], str]]:
    """Start a server that answers every request with that status and a page of HTML: `raw(b"404 …")`."""
    running: list[ThreadingHTTPServer] = []

    def start(status: bytes) -> str:
        class Gateway(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.wfile.write(
                    b"HTTP/1.1 " + status + b"\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
                )

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Here]]:
    """Start servers with settings of one's own: `serve("hollo", domain="tea.example")`."""
    running: list[MastodonServer] = []

    def start(flavour: str = "mastodon", **more: Any) -> Here:
        running.append(MastodonServer(MastodonWorld(flavour=FLAVOURS[flavour], **more)).start())
        return Here(running[-1])

    yield start
    for server in running:
        server.stop()
