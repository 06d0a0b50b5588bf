"""A stage for each network: the network under test, and the world around it in which people speak.

The contract suite runs on every stage in `STAGES`; a new network adds its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from bot.networks.base import Later, Network, Unsure
from bot.networks.http_client import CallLimits
from bot.networks.oauth2 import AccessToken
from bot.networks.values import AccountIdentity, Position, Post, ReplyTarget
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from sandbox.x import XServer
from tests.memory_network import MemoryNetwork

LIMITS = CallLimits(connect_seconds=5, call_seconds=20)
Trouble = Literal["unreachable", "rate limit", "lost before", "lost after", "unauthorized"]


class Stage(Protocol):
    """What a contract test may do around a network. The brand is @acmebrew."""

    network: Network
    start: Position  # before anything was said
    us: str  # the id of the brand's account

    def says(self, handle: str, text: str, under: str | None = None) -> str:
        """Let a customer post; returns the id."""

    def brand_says(self, text: str, under: str | None = None) -> str:
        """Let the brand post by hand, outside Heard."""

    def edits(self, post_id: str, text: str) -> None: ...

    def deletes(self, post_id: str) -> None: ...

    def reposts(self, handle: str, post_id: str) -> None: ...

    def replies_to(self, post_id: str) -> list[str]:
        """The texts of the brand's replies under a post, as they were sent."""

    def connects(self, handle: str) -> str:
        """Put the credentials of another account in place; returns its id."""

    def said_by(self, handle: str) -> list[str]:
        """All that an account has said, as it was sent."""

    def trouble(self, kind: Trouble, *, writing: bool) -> None:
        """Let the next call of each kind fail, the reading or the writing ones."""


def target(post: Post) -> ReplyTarget:
    return ReplyTarget(post.latest_id, post.author_id, "maria", post.posted_at)


class MemoryStage:
    def __init__(self) -> None:
        self.network = MemoryNetwork("acmebrew")
        self.start_at = self.network.says("nobody", "the first words").posted_at
        self.start = self.network.position_at(self.start_at)
        self.us = self.network.account().id

    def says(self, handle, text, under=None):
        return self.network.says(handle, text, under=under).id

    def brand_says(self, text, under=None):
        return self.says("acmebrew", text, under)

    def edits(self, post_id, text):
        self.network.edits(post_id, text)

    def deletes(self, post_id):
        self.network.deletes(post_id)

    def reposts(self, handle, post_id):
        self.network.reposts(handle, post_id)

    def replies_to(self, post_id):
        return [reply.text for reply in self.network.replies_to(post_id)]

    def connects(self, handle):
        self.network.speaks_as(handle)
        return self.network.account().id

    def said_by(self, handle):
        author = self.network.joins(handle).id
        return [post.text for post in self.network._posts.values() if post.author_id == author]

    def trouble(self, kind, *, writing):
        errors = {"lost before": Unsure("no answer"), "lost after": Unsure("no answer")}
        error = errors.get(kind) if writing else None
        error = error or Later(None, kind if "lost" not in kind else "unreachable", "not now")
        reading = ("mentions", "people", "find_reply", "refresh", "own_posts")
        for call in ("publish", "delete") if writing else reading:
            self.network.fails(call, error, landed=writing and kind == "lost after")


class Given:
    """Tokens as a test gives them out, one after the other."""

    def __init__(self, *letters: str) -> None:
        self.left = [AccessToken(SecretStr(one), datetime(2026, 11, 21, tzinfo=UTC)) for one in letters]
        self.refused: list[str] = []
        self.named: list[tuple[str, str]] = []

    def current(self) -> AccessToken:
        return self.left[0]

    def replacement_for(self, refused: AccessToken) -> AccessToken:
        self.refused.append(refused.secret.get_secret_value())
        if len(self.left) == 1:
            raise Later(None, "unauthorized", "run `python -m bot connect x`")
        del self.left[0]
        return self.left[0]

    def set_account(self, token: AccessToken, account: AccountIdentity) -> None:
        """Note whom the tokens of that grant speak for."""
        self.named.append((token.secret.get_secret_value(), account.handle))
        self.left = [replace(one, account=account) if one.grant == token.grant else one for one in self.left]

    def status_text(self) -> str:
        return "signs in with OAuth 2.0."


class XStage:
    """X by the four keys."""

    def __init__(self, server: XServer, network: XNetwork) -> None:
        self.server, self.world = server, server.world
        self.network = network
        self.us = self.world.brand.id
        self.start = Position(self.world.clock().isoformat())

    def says(self, handle, text, under=None):
        if self.world.find_user(handle) is None:
            self.world.add_user(handle, handle.title())
        return self.world.post(handle, text, reply_to=under).id

    def brand_says(self, text, under=None):
        return self.says("acmebrew", text, under)

    def edits(self, post_id, text):
        self.world.edit(post_id, text)

    def deletes(self, post_id):
        self.world.delete(post_id)

    def reposts(self, handle, post_id):
        self.says(handle, "hello")
        self.world.repost(handle, post_id)

    def replies_to(self, post_id):
        return [reply.text for reply in self.world.replies_to(post_id)]

    def connects(self, handle):
        """Other keys and a restart."""
        user = self.world.find_user(handle) or self.world.add_user(handle, handle.title())
        self.network = XNetwork(settings(self.server.url, access_token=f"{user.id}-token"), LIMITS)
        return user.id

    def said_by(self, handle):
        return [post.text for post in self.world.index.posts_by(self.world.user(handle).id)]

    def trouble(self, kind, *, writing):
        faults = self.world.faults
        kinds = {
            "rate limit": "rate_limited",
            "lost before": "answer_lost_before",
            "lost after": "answer_lost_after",
            "unauthorized": "unauthorized",
        }
        if kind == "unreachable":
            faults.add("*", "down")
        else:
            for call in ("POST /2/tweets", "DELETE *") if writing else ("GET *",):
                faults.add(call, kinds[kind], times=1)


class XStageWithTokens(XStage):
    """X by OAuth 2.0: whom it speaks for changes while it runs."""

    def __init__(self, server: XServer) -> None:
        self.app = server.world.grants.add_client("heard")
        self.tokens = Given(server.world.grants.grant(self.app).access)
        keys = XSettings(_env_file=None, api_url=server.url, client_id="heard")
        super().__init__(server, XNetwork(keys, LIMITS, tokens=self.tokens))

    def connects(self, handle):
        user = self.world.find_user(handle) or self.world.add_user(handle, handle.title())
        access = self.world.grants.grant(self.app, user_id=user.id).access
        grant = self.tokens.left[0].grant + timedelta(hours=1)
        self.tokens.left = [AccessToken(SecretStr(access), grant)]
        return user.id


def settings(url: str, **more: str) -> XSettings:
    keys = {
        "api_key": "app-key-0000",
        "api_secret": "app-s3cret-0000",
        "access_token": "1-token-0000",
        "access_token_secret": "t0ps3cret-0000",
    }
    return XSettings(_env_file=None, api_url=url, **keys | more)


@contextmanager
def memory_stage() -> Iterator[Stage]:
    yield MemoryStage()


@contextmanager
def x_stage() -> Iterator[Stage]:
    with XServer() as server:
        yield XStage(server, XNetwork(settings(server.url), LIMITS))


@contextmanager
def x_with_a_token() -> Iterator[Stage]:
    """X by OAuth 2.0."""
    with XServer() as server:
        yield XStageWithTokens(server)


STAGES = {"memory": memory_stage, "x": x_stage, "x by OAuth 2.0": x_with_a_token}
