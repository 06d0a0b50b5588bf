"""Posts of the past, written into each local network and described as the bot would read them there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from models.sources.attachment import Attachment
from models.tickets.incoming_post import IncomingPost
from sandbox.bluesky import BlueskyWorld
from sandbox.bluesky.state.accounts import Record
from sandbox.demo.local_networks import LocalNetworks
from sandbox.demo.story import Network
from sandbox.mastodon import MastodonWorld, Status
from sandbox.x import Media, XWorld

NOT_ANSWERABLE = "They neither mentioned nor quoted us, so X accepts no reply from its API."
_KINDS = {"animated_gif": "gif"}  # X's word → the database's


class OurAccount(NamedTuple):
    """The brand's account as the bot names it."""

    network: Network
    network_id: str
    handle: str
    name: str
    server: str = ""


class Published(NamedTuple):
    """A reply of the brand: its id and its page on the web."""

    post_id: str
    url: str


class PastNetwork(Protocol):
    """One network, as the history writes it."""

    @property
    def account(self) -> OurAccount: ...

    def post(
        self, author: str, text: str, at: datetime, *, media: tuple[Media, ...] = (), warning: str = ""
    ) -> IncomingPost:
        """Let a customer post at `at`."""
        ...

    def follow_up(self, author: str, text: str, at: datetime, *, to: Published) -> IncomingPost:
        """Let a customer answer the brand's reply `to`."""
        ...

    def answer(self, post: IncomingPost, text: str, at: datetime) -> Published:
        """Let the brand answer `post`."""
        ...

    def author_handle(self, author: str) -> str:
        """Return the handle as the bot writes it: on Mastodon with the server."""
        ...


def past_networks(networks: LocalNetworks) -> Mapping[Network, PastNetwork]:
    """Return all three, by name."""
    return {
        "x": PastX(networks.x),
        "mastodon": PastMastodon(networks.mastodon),
        "bluesky": PastBluesky(networks.bluesky),
    }


@dataclass(frozen=True, slots=True)
class PastX:
    """The local X."""

    world: XWorld

    @property
    def account(self) -> OurAccount:
        brand = self.world.brand
        return OurAccount("x", brand.id, brand.handle, brand.name)

    def post(
        self, author: str, text: str, at: datetime, *, media: tuple[Media, ...] = (), warning: str = ""
    ) -> IncomingPost:
        del warning
        return self._written(author, text, at, media, None)

    def follow_up(self, author: str, text: str, at: datetime, *, to: Published) -> IncomingPost:
        return self._written(author, text, at, (), to.post_id)

    def answer(self, post: IncomingPost, text: str, at: datetime) -> Published:
        brand = self.world.brand.handle
        made = self.world.post(brand, text, at=at, reply_to=post.post_id)
        return Published(made.id, f"https://x.com/{brand}/status/{made.id}")

    def author_handle(self, author: str) -> str:
        return author

    def _written(
        self, author: str, text: str, at: datetime, media: tuple[Media, ...], reply_to: str | None
    ) -> IncomingPost:
        made = self.world.post(author, text, at=at, media=media, reply_to=reply_to)
        return IncomingPost(
            post_id=made.id,
            latest_id=made.id,
            conversation_id=made.conversation_id,
            author_id=made.author_id,
            text=made.text,
            media=tuple(Attachment(_KINDS.get(one.kind, one.kind), one.url, one.alt) for one in made.media),
            posted_at=made.created_at,
            url=f"https://x.com/{author}/status/{made.id}",
            matched="mentions us",
            in_reply_to=made.reply_to,
        )


@dataclass(frozen=True, slots=True)
class PastMastodon:
    """The local Mastodon. A post's id is its address, an author's id is the handle with the server."""

    world: MastodonWorld

    @property
    def account(self) -> OurAccount:
        brand, domain = self.world.brand, self.world.domain
        return OurAccount(
            "mastodon", f"{brand.username}@{domain}".lower(), brand.username, brand.name, domain
        )

    def post(
        self, author: str, text: str, at: datetime, *, media: tuple[Media, ...] = (), warning: str = ""
    ) -> IncomingPost:
        del media
        made = self.world.post(author, text, at=at, spoiler=warning)
        return self._described(made, made.uri, text)

    def follow_up(self, author: str, text: str, at: datetime, *, to: Published) -> IncomingPost:
        parent = self.world.status(to.post_id)
        made = self.world.post(author, f"@{self.world.brand.acct} {text}", at=at, reply_to=parent.id)
        root = self.world.status(parent.reply_to or parent.id)
        described = self._described(made, root.uri, text)
        return replace(described, in_reply_to=parent.uri, addressed=(self.account.network_id,))

    def answer(self, post: IncomingPost, text: str, at: datetime) -> Published:
        parent = self.world.status(post.post_id)
        words = f"@{self.world.people[parent.account_id].acct} {text}"
        made = self.world.post(
            self.world.brand.acct, words, at=at, reply_to=parent.id, spoiler=parent.spoiler
        )
        return Published(made.uri, made.url)

    def author_handle(self, author: str) -> str:
        return self.world.full_handle(self.world.user(author))

    def _described(self, made: Status, conversation: str, text: str) -> IncomingPost:
        author = self.world.people[made.account_id]
        handle = self.world.full_handle(author)
        context = {"server": self.world.domain, "id": made.id, "account": author.id, "acct": handle}
        return IncomingPost(
            post_id=made.uri,
            latest_id=made.uri,
            conversation_id=conversation,
            author_id=handle.lower(),
            text=text,
            posted_at=made.created_at,
            url=made.url,
            matched="mentions us",
            lang=made.language,
            edit_keeps_id=True,
            order_key=f"{len(made.id):03}{made.id}",
            version_key=made.created_at.isoformat(timespec="microseconds"),
            content_warning=made.spoiler or None,
            reply_context=json.dumps(context | {"edited": ""}, separators=(",", ":")),
        )


@dataclass(frozen=True, slots=True)
class PastBluesky:
    """The local Bluesky. A post's id is its at-URI, an author's id is the DID."""

    world: BlueskyWorld

    @property
    def account(self) -> OurAccount:
        brand = self.world.brand
        return OurAccount("bluesky", brand.did, brand.handle, brand.name)

    def post(
        self, author: str, text: str, at: datetime, *, media: tuple[Media, ...] = (), warning: str = ""
    ) -> IncomingPost:
        del media, warning
        return self._described(self.world.post(author, text, created_at=at))

    def follow_up(self, author: str, text: str, at: datetime, *, to: Published) -> IncomingPost:
        return self._described(self.world.post(author, text, created_at=at, reply_to=to.post_id))

    def answer(self, post: IncomingPost, text: str, at: datetime) -> Published:
        made = self.world.post(self.world.brand.handle, text, created_at=at, reply_to=post.post_id)
        return Published(made.uri, _page_of(made))

    def author_handle(self, author: str) -> str:
        return author

    def _described(self, made: Record) -> IncomingPost:
        reply = made.value.get("reply")
        context: dict[str, object] = {"cid": made.cid, "root": reply["root"] if reply else None, "langs": []}
        return IncomingPost(
            post_id=made.uri,
            latest_id=made.uri,
            conversation_id=reply["root"]["uri"] if reply else made.uri,
            author_id=made.did,
            text=made.value["text"],
            posted_at=datetime.fromisoformat(made.value["createdAt"]),
            url=_page_of(made),
            matched="mentions us",
            in_reply_to=reply["parent"]["uri"] if reply else None,
            edit_keeps_id=True,
            order_key=made.rkey,
            reply_context=json.dumps(context, separators=(",", ":")),
        )


def _page_of(record: Record) -> str:
    return f"https://bsky.app/profile/{record.did}/post/{record.rkey}"
