"""The state of the Mastodon tab: people and conversations, as somebody who may see everything sees them."""

import re
from collections.abc import Iterator

from sandbox.mastodon import Account, MastodonWorld, Status
from sandbox.mastodon.state.text import LINK, MENTION, TAG, count_as_mastodon
from sandbox.page.json_replies import Json
from sandbox.page.page_context import PageContext

MAX_CONVERSATIONS = 40
_LIVE = re.compile(f"(?P<url>{LINK.pattern})|(?P<mention>{MENTION.pattern})|(?P<tag>{TAG.pattern})")


def mastodon_state(context: PageContext) -> Json:
    """Return what the tab draws; conversations with the newest posts come first."""
    world = context.mastodon.world
    with world.lock:
        brand = world.brand
        return {
            "brand": brand.id,
            "server": world.domain,
            "limit": world.flavour.max_characters,
            "tagline": context.tagline,
            "ideas": list(context.ideas.get("mastodon", ())),
            "users": {one.id: _user(world, one) for one in world.people},
            "people": [one.id for one in world.people if one.id != brand.id],
            "threads": [_thread(world, root, posts) for root, posts in _conversations(world).items()],
        }


def length(world: MastodonWorld, text: str, warning: str) -> int:
    """Return the length of a post as the server counts it."""
    return count_as_mastodon(warning, text, world.flavour.characters_per_url)


def _conversations(world: MastodonWorld) -> dict[str, list[Status]]:
    """Return the conversations by the ID of their first post, which may be gone; each oldest post first."""
    found: dict[str, list[Status]] = {}
    for post in sorted(world.index, key=lambda one: (one.created_at, one.id), reverse=True):
        root = _root_of(world, post)
        if post.reblog_of is None and (root in found or len(found) < MAX_CONVERSATIONS):
            found.setdefault(root, []).append(post)
    return {root: posts[::-1] for root, posts in found.items()}


def _root_of(world: MastodonWorld, post: Status) -> str:
    """Return the ID of the first post of its conversation, as far up as posts exist."""
    above = post.id
    parent = post.reply_to
    while parent is not None:
        above = parent
        found = world.index.find(parent)
        parent = found.reply_to if found is not None else None
    return above


def _thread(world: MastodonWorld, root: str, posts: list[Status]) -> Json:
    return {"id": root, "gone": world.index.find(root) is None, "posts": [_post(world, one) for one in posts]}


def _post(world: MastodonWorld, post: Status) -> Json:
    parent = world.index.find(post.reply_to) if post.reply_to else None
    return {
        "id": post.id,
        "uri": post.uri,
        "author": post.account_id,
        "runs": list(_runs(world, post.text)),
        "text": post.text,
        "warning": post.spoiler,
        "visibility": post.visibility,
        "media": [
            {
                "url": f"/mastodon/media/{one.upload}" if one.upload else one.url,
                "alt": one.alt,
                "kind": one.kind,
            }
            for one in post.media
        ],
        "poll": list(post.poll),
        "at": post.created_at.timestamp(),
        "edited": post.edited_at is not None,
        "to": parent.account_id if parent else None,
        "calls": world.brand.id in post.mentions,
        "hidden": not world.sees(world.brand, post),
    }


def _runs(world: MastodonWorld, text: str) -> Iterator[Json]:
    """Yield the text, with links, handles and tags as runs of their own; known handles without the server."""
    done = 0
    for found in _LIVE.finditer(text):
        if found.start() > done:
            yield {"t": text[done : found.start()]}
        if found["mention"] and world.people.find(found[0]) is not None:
            yield {"t": f"@{found[0].split('@')[1]}", "k": "mention", "full": found[0]}
        else:
            yield {"t": found[0], "k": found.lastgroup or "url"}
        done = found.end()
    if text[done:]:
        yield {"t": text[done:]}


def _user(world: MastodonWorld, one: Account) -> Json:
    return {
        "name": one.name,
        "username": one.username,
        "server": one.domain or world.domain,
        "followers": one.followers,
        "suspended": one.suspended,
    }
