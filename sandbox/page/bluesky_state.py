"""The state of the Bluesky tab: people and conversations, as somebody who may see everything sees them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.bluesky import BlueskyWorld
from sandbox.bluesky.state.accounts import POST, Account, Record
from sandbox.bluesky.state.appview import mentioned, quoted_uri, sort_time
from sandbox.page.json_replies import Json
from sandbox.page.page_context import PageContext

MAX_CONVERSATIONS = 40
_KINDS = {"link": "url", "mention": "mention", "tag": "tag"}


def bluesky_version(world: BlueskyWorld) -> tuple[object, ...]:
    """Return a value that changes with every post, edit, deletion, gate, block and account."""
    with world.lock:
        records = [record for one in world.accounts.values() for record in one.records.values()]
        states = tuple((one.handle, one.state) for one in world.accounts.values())
        return len(records), max((one.written_at for one in records), default=None), states


def bluesky_state(context: PageContext) -> Json:
    """Return what the tab draws; conversations with the newest posts come first."""
    world = context.bluesky.world
    with world.lock:
        now = world.reading_time()
        brand = world.brand
        return {
            "brand": brand.did,
            "tagline": context.tagline,
            "ideas": list(context.ideas.get("bluesky", ())),
            "users": {one.did: _user(world, one) for one in world.accounts.values()},
            "people": [one.did for one in world.accounts.values() if one.did != brand.did],
            "threads": [_thread(world, root, posts, now) for root, posts in _conversations(world).items()],
        }


def _conversations(world: BlueskyWorld) -> dict[str, list[Record]]:
    """Return the conversations by the address of their first post, which may be gone; each oldest first."""
    posts = [record for account in world.accounts.values() for record in account.of(POST)]
    found: dict[str, list[Record]] = {}
    for post in sorted(posts, key=lambda one: (sort_time(one), one.rkey), reverse=True):
        root = world.appview.root_of(post)
        if root in found or len(found) < MAX_CONVERSATIONS:
            found.setdefault(root, []).append(post)
    return {root: posts[::-1] for root, posts in found.items()}


def _thread(world: BlueskyWorld, root: str, posts: list[Record], now: datetime) -> Json:
    first = world.appview.find(root, now)
    return {
        "id": root,
        "gone": first is None,
        "gate": _gate(world, root),
        "posts": [_post(world, one, now) for one in posts],
    }


def _gate(world: BlueskyWorld, root: str) -> str:
    """Return who may reply in the conversation: everybody, mentioned, or nobody."""
    gate = world.appview.gate_of(root)
    if gate is None or gate.value.get("allow") is None:
        return "everybody"
    return "mentioned" if gate.value["allow"] else "nobody"


def _post(world: BlueskyWorld, post: Record, now: datetime) -> Json:
    reply = post.value.get("reply")
    parent = world.appview.find(reply["parent"]["uri"], now) if reply else None
    brand = world.brand.did
    return {
        "id": post.uri,
        "author": post.did,
        "runs": list(_runs(post.value)),
        "text": post.value["text"],
        "at": sort_time(post).timestamp(),
        "edited": post.written_at != post.first_at,
        "to": parent.did if parent else None,
        "is_reply": reply is not None,
        "media": _media(post),
        "quote": _quoted(world, post, now),
        "calls": brand in mentioned(post.value),
        "closed": not world.appview.may_reply(brand, post) or world.appview.is_blocked(brand, post.did),
        "unseen": reply is not None and not world.appview.hangs_in_thread(post, now),
        "hidden": not world.appview.sees(brand, post),
    }


def _media(post: Record) -> list[Json]:
    """Return the pictures of a post, each with its description."""
    embed = post.value.get("embed")
    images = embed.get("images", []) if isinstance(embed, dict) else []
    named = [(one.get("image", {}).get("ref", {}).get("$link", ""), one.get("alt", "")) for one in images]
    return [{"url": f"/bluesky/blob/{post.did}/{cid}", "alt": alt} for cid, alt in named]


def _quoted(world: BlueskyWorld, post: Record, now: datetime) -> Json | None:
    """Return the post that it quotes; without an author if that is gone."""
    uri = quoted_uri(post.value)
    if uri is None:
        return None
    found = world.appview.find(uri, now)
    if found is None:
        return {"id": uri, "author": None, "runs": []}
    return {"id": uri, "author": found.did, "runs": list(_runs(found.value))}


def _runs(value: dict[str, Any]) -> Iterator[Json]:
    """Yield the text, with what its facets cover as runs of their own; facets count bytes.

    A facet that lies outside the text, splits a character or overlaps another is ignored, as apps do.
    """
    text, done = value["text"].encode(errors="replace"), 0
    for facet in sorted(value.get("facets", []), key=lambda one: int(one["index"]["byteStart"])):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        kind = _kind(facet)
        if kind is None or not done <= start < end <= len(text) or not _is_whole(text, start, end):
            continue
        if start > done:
            yield {"t": text[done:start].decode()}
        yield {"t": text[start:end].decode(), "k": kind}
        done = end
    if text[done:]:
        yield {"t": text[done:].decode()}


def _is_whole(text: bytes, start: int, end: int) -> bool:
    """Whether neither end of a span lies within a character."""
    return all(place == len(text) or text[place] & 0xC0 != 0x80 for place in (start, end))


def _kind(facet: dict[str, Any]) -> str | None:
    names = (feature.get("$type", "").partition("#")[2] for feature in facet.get("features", []))
    return next((_KINDS[name] for name in names if name in _KINDS), None)


def _user(world: BlueskyWorld, one: Account) -> Json:
    return {
        "name": one.name,
        "handle": one.handle,
        "followers": one.followers,
        "active": one.state == "active",
        "blocks": world.brand.did in one.blocks,
    }
