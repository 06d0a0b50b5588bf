"""A stage for each network: the network under test, and the world around it in which people speak.

The contract suite runs on every stage in `STAGES`; a new network adds its own. Those in `READERS` are of networks
where Heard has no account: for them the suite's tests of searching and of looking again count.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from bot.networks.base import Network
from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.errors import Later, RefusedReason, Unsure
from bot.networks.hackernews import HackerNews, HackerNewsSettings
from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.settings import MastodonSettings
from bot.networks.oauth2 import AccessToken
from bot.networks.values import AccountIdentity, Position, Post, ReplyTarget
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from models.sources.no_account import NO_ACCOUNT_ID
from sandbox.bluesky import BlueskyServer
from sandbox.hackernews import HackerNewsServer
from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from sandbox.x import XServer
from tests.memory_network import MemoryNetwork
from tests.patience import CALL_LIMITS as LIMITS

Trouble = Literal["unreachable", "rate limit", "lost before", "lost after", "unauthorized"]


@dataclass(frozen=True, slots=True)
class Rules:
    """In what networks differ. `refuses` are the reasons for which a reply is refused.

    `needs_summons`: a reply to somebody who did not call us is refused. `searches_words`: there is a search
    for any word. `edits_get_ids`: an edited post has a new id. `locks_posts`: the posts of a protected account
    are hidden. `versions_sort`: later versions of a post sort after it. `ids_in_addresses`: a post's address has
    its id in it. `profiles_come_along`: the profile of
    an author who was just read costs no call.
    """

    refuses: frozenset[RefusedReason] = frozenset({"parent gone", "duplicate", "too long"})
    needs_summons: bool = True
    searches_words: bool = True
    edits_get_ids: bool = True
    locks_posts: bool = True
    versions_sort: bool = True
    ids_in_addresses: bool = True
    profiles_come_along: bool = False


class Stage(Protocol):
    """What a contract test may do around a network. The brand is @acmebrew."""

    network: Network
    rules: Rules
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

    def full_handle(self, handle: str) -> str:
        """A customer's handle as the network's profiles have it."""

    def said_in(self, reply: str) -> str:
        """The words of a reply as it was sent, without what the network wants in front."""

    def pictures_under(self, post_id: str) -> list[tuple[bytes, str]]:
        """The pictures of the brand's replies under a post, in order, each with its description."""


def target(post: Post) -> ReplyTarget:
    """The post as the ledger hands it on, by Maria unless it says otherwise."""
    return ReplyTarget(
        post.latest_id,
        post.author_id,
        post.author_id if "@" in post.author_id else "maria",
        post.posted_at,
        context=post.reply_context,
        visibility=post.visibility,
        content_warning=post.content_warning,
        lang=post.lang,
    )


class _PlainHandles:
    """A network on which a handle is what people type, and a reply what they wrote."""

    rules = Rules()

    def full_handle(self, handle):
        return handle

    def said_in(self, reply):
        return reply


class MemoryStage(_PlainHandles):
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

    def pictures_under(self, post_id):
        replies = self.network.replies_to(post_id)
        shown = [one for reply in replies for one in self.network.shown.get(reply.id, [])]
        return [(one.data, one.alt) for one in shown]

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
        reading = ("mentions", "people", "find_reply", "refresh", "own_posts", "check_account")
        for call in ("publish", "delete", "upload") if writing else reading:
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


class XStage(_PlainHandles):
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

    def pictures_under(self, post_id):
        files = self.world.uploads.files
        shown = [one for reply in self.world.replies_to(post_id) for one in reply.media]
        return [(files[one.upload].data, one.alt or "") for one in shown]

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
            for call in ("POST /2/tweets", "POST /2/media/upload", "DELETE *") if writing else ("GET *",):
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


class MastodonStage:
    """A server that speaks Mastodon's API. Maria and Tom live on another one."""

    def __init__(self, server: MastodonServer) -> None:
        self.server, self.world = server, server.world
        self.network = self._sign_in("acmebrew")
        self.us = self.network.account().id
        self.start = Position(self.world.clock().isoformat())
        flavour = self.world.flavour
        self.rules = Rules(
            refuses=frozenset({"parent gone", "too long"}),
            needs_summons=False,
            searches_words=flavour.searches is not None,
            edits_get_ids=False,
            locks_posts=False,
            ids_in_addresses=False,
            profiles_come_along=True,
        )

    def full_handle(self, handle):
        return handle if handle in {"acmebrew", "acmetea"} else f"{handle}@remote.example"

    def said_in(self, reply):
        return reply.removeprefix("@maria@remote.example ")

    def says(self, handle, text, under=None):
        """As a composer does it, which puts the handle of the author in front of an answer."""
        full = self.full_handle(handle)
        if self.world.find_user(full) is None:
            self.world.add_user(full, handle.title(), indexable=True)
        if under is not None:
            author = self.world.people[self.world.status(under).account_id]
            text = f"@{self.world.full_handle(author)} {text}"
        return self.world.post(full, text, reply_to=under).uri

    def brand_says(self, text, under=None):
        return self.says("acmebrew", text, under)

    def edits(self, post_id, text):
        self.world.edit(post_id, text)

    def deletes(self, post_id):
        self.world.delete(post_id)

    def reposts(self, handle, post_id):
        self.says(handle, "hello")
        self.world.repost(self.full_handle(handle), post_id)

    def replies_to(self, post_id):
        return [self.said_in(reply.text) for reply in self.world.replies_to(post_id)]

    def pictures_under(self, post_id):
        files = self.world.media.uploads
        shown = [one for reply in self.world.replies_to(post_id) for one in reply.media]
        return [(files[one.upload].data, one.alt or "") for one in shown]

    def connects(self, handle):
        """Another token and a restart."""
        self.network = self._sign_in(handle)
        return self.network.account().id

    def said_by(self, handle):
        return [post.text for post in self.world.posts_by(handle)]

    def trouble(self, kind, *, writing):
        kinds = {
            "rate limit": "rate_limited",
            "lost before": "answer_lost_before",
            "lost after": "answer_lost_after",
            "unauthorized": "unauthorized",
        }
        if kind == "unreachable":
            self.world.faults.add("*", "down")
        else:
            calls = ("POST /api/v1/statuses", "POST /api/v2/media", "DELETE *") if writing else ("GET *",)
            for call in calls:
                self.world.faults.add(call, kinds[kind], times=1)

    def _sign_in(self, handle):
        user = self.world.find_user(handle) or self.world.add_user(handle, handle.title())
        token = self.world.grants.grant(user.id, frozenset({"read", "write"}))
        keys = MastodonSettings(_env_file=None, url=self.server.url, access_token=SecretStr(token.secret))
        return MastodonNetwork(keys, LIMITS)


class BlueskyStage:
    """Bluesky by an app password. Handles have a domain there, and what names somebody is a facet."""

    rules = Rules(
        refuses=frozenset({"parent gone", "too long"}),
        needs_summons=False,
        edits_get_ids=False,
        locks_posts=False,
        versions_sort=False,
        ids_in_addresses=False,
    )

    def __init__(self, server: BlueskyServer) -> None:
        self.server, self.world = server, server.world
        self.network = self._sign_in("acmebrew")
        self.us = self.network.account().id
        self.start = Position(self.world.clock().isoformat())

    def full_handle(self, handle):
        return f"{handle}.test"

    def said_in(self, reply):
        return reply

    def says(self, handle, text, under=None):
        self._user(handle)
        return self.world.post(
            self.full_handle(handle), text, reply_to=under, facets=self._mentions(text)
        ).uri

    def brand_says(self, text, under=None):
        return self.says("acmebrew", text, under)

    def edits(self, post_id, text):
        self.world.edit(post_id, text, facets=self._mentions(text))

    def deletes(self, post_id):
        self.world.delete(post_id)

    def reposts(self, handle, post_id):
        self.says(handle, "hello")
        self.world.repost(self.full_handle(handle), post_id)

    def replies_to(self, post_id):
        return [reply.value["text"] for reply in self.world.replies_to(post_id)]

    def pictures_under(self, post_id):
        shown = [
            (reply.did, one)
            for reply in self.world.replies_to(post_id)
            for one in reply.value.get("embed", {}).get("images", [])
        ]
        blobs = self.world.blobs
        return [(blobs.find(did, one["image"]["ref"]["$link"]).data, one["alt"]) for did, one in shown]

    def connects(self, handle):
        """Another app password and a restart."""
        self._user(handle)
        self.network = self._sign_in(handle)
        return self.network.account().id

    def said_by(self, handle):
        return [post.value["text"] for post in self.world.posts_by(self.full_handle(handle))]

    def trouble(self, kind, *, writing):
        kinds = {
            "rate limit": "rate_limited",
            "lost before": "answer_lost_before",
            "lost after": "answer_lost_after",
            "unauthorized": "unauthorized",
        }
        if kind == "unreachable":
            self.world.faults.add("*", "down")
        else:
            writes = tuple(
                f"POST com.atproto.repo.{one}" for one in ("putRecord", "uploadBlob", "deleteRecord")
            )
            for call in writes if writing else ("GET *",):
                self.world.faults.add(call, kinds[kind], times=1)

    def _user(self, handle):
        full = self.full_handle(handle)
        return self.world.find_user(full) or self.world.add_user(full, handle.title())

    def _mentions(self, text):
        """A link on each of our handles, as its author's app puts it there: `@acmebrew` is @acmebrew.test."""
        facets = []
        for handle in ("acmebrew", "acmetea"):
            start = text.encode().find(f"@{handle}".encode())
            if start >= 0:
                feature = {"$type": "app.bsky.richtext.facet#mention", "did": self._user(handle).did}
                index = {"byteStart": start, "byteEnd": start + 1 + len(handle)}
                facets.append({"index": index, "features": [feature]})
        return facets

    def _sign_in(self, handle):
        full = self.full_handle(handle)
        password = SecretStr(self.world.app_password(full))
        keys = BlueskySettings(_env_file=None, url=self.server.url, handle=full, app_password=password)
        return BlueskyNetwork(keys, LIMITS)


class HackerNewsStage:
    """Hacker News, where nobody is signed in and a story stands for a post."""

    rules = Rules(
        refuses=frozenset(),
        needs_summons=False,
        edits_get_ids=False,
        locks_posts=False,
        versions_sort=False,
        profiles_come_along=True,
    )
    us = NO_ACCOUNT_ID

    def __init__(self, server: HackerNewsServer) -> None:
        self.world = server.world
        self.network = HackerNews(HackerNewsSettings(_env_file=None, url=server.url), LIMITS)
        self.start = self.network.position_at(self.world.clock())

    def says(self, handle, text, under=None):
        if under is not None:
            return str(self.world.comment(handle, int(under), text).id)
        return str(self.world.comment(handle, self.world.submit("pg", "A story").id, text).id)

    def edits(self, post_id, text):
        self.world.edit(int(post_id), text)

    def deletes(self, post_id):
        self.world.delete(int(post_id))

    def trouble(self, kind, *, writing):
        assert not writing
        kinds = {"rate limit": "rate_limited", "lost after": "answer_lost", "unreachable": "down"}
        self.world.faults.add("*", kinds.get(kind, kind), times=None if kind == "unreachable" else 1)


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


def mastodon_stage(flavour: str) -> Callable[[], AbstractContextManager[Stage]]:
    @contextmanager
    def made() -> Iterator[Stage]:
        with MastodonServer(MastodonWorld(flavour=FLAVOURS[flavour])) as server:
            yield MastodonStage(server)

    return made


@contextmanager
def bluesky_stage() -> Iterator[Stage]:
    with BlueskyServer() as server:
        yield BlueskyStage(server)


@contextmanager
def hackernews_stage() -> Iterator[HackerNewsStage]:
    with HackerNewsServer() as server:
        yield HackerNewsStage(server)


STAGES = {
    "memory": memory_stage,
    "x": x_stage,
    "x by OAuth 2.0": x_with_a_token,
    "Mastodon": mastodon_stage("mastodon"),
    "GoToSocial": mastodon_stage("gotosocial"),
    "Hollo": mastodon_stage("hollo"),
    "Bluesky": bluesky_stage,
}
READERS = {"Hacker News": hackernews_stage}
