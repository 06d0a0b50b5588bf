"""The X pane: conversations, newest first, and posting in them as any user."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint

from sandbox.page.json_replies import Json, words
from sandbox.page.page_context import PageContext
from sandbox.page.request_body import answer_errors, given, given_name, given_text
from sandbox.page.uploaded_pictures import picture
from sandbox.x import XPost, XWorld
from sandbox.x.state.posting_rules import ForbiddenError, check_summons
from sandbox.x.state.text import Composed, Span, length

MAX_CONVERSATIONS = 40


def network_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/network`."""
    pages = Blueprint("network", __name__, url_prefix="/network")
    world = context.x.world
    answer_errors(pages)

    @pages.get("/state")
    def state() -> Json:
        return network_state(context)

    @pages.get("/media/<media_id>")
    def media(media_id: str) -> Any:  # noqa: ANN401 - bytes, or a refusal
        found = world.uploads.files.get(media_id)
        return picture(found.data if found else None, found.content_type if found else "")

    @pages.post("/post")
    def post() -> Json:
        body, text = given(), given_text("Type something first.")
        made = world.post(words(body, "as"), text, reply_to=words(body, "reply_to") or None)
        return {"id": made.id}

    @pages.post("/person")
    def person() -> Json:
        user = world.add_user(words(given(), "handle").removeprefix("@"), given_name(), followers=12)
        return {"handle": user.handle}

    @pages.post("/edit")
    def edit() -> Json:
        text = given_text("A post cannot be empty. Delete it instead.")
        return {"id": world.edit(words(given(), "id"), text).id}

    @pages.post("/delete")
    def delete() -> Json:
        world.delete(words(given(), "id"))
        return {}

    @pages.post("/length")
    def count() -> Json:
        return {"length": length(words(given(), "text")[:3000])}

    _account_acts(pages, world)
    return pages


def _account_acts(pages: Blueprint, world: XWorld) -> None:
    """Add the route that changes a customer's account."""

    @pages.post("/standing")
    def standing() -> Json:
        """Protect or suspend an account, or end that: meanwhile X hides its posts from the brand."""
        body = given()
        changes = {name: body[name] is True for name in ("protected", "suspended") if name in body}
        user = world.change_user(words(body, "handle").removeprefix("@"), **changes)
        return {"protected": user.protected, "suspended": user.suspended}


def network_state(context: PageContext) -> Json:
    """Return the pane's state: users and conversations."""
    world = context.x.world
    with world.lock:
        threads = [_thread(world, posts) for posts in _conversations(world)]
        people = {post["author"]: None for thread in threads for post in thread["posts"]}
        authors = (world.user_by_id(one) for one in people)
        known = [user for user in authors if user is not None]
        of_brand = {world.brand.id, *world.keys.values()}
        others = [user for user in world.users() if user.id not in of_brand]
    return {
        "brand": world.brand.handle,
        "tagline": context.tagline,
        "ideas": list(context.ideas.get("x", ())),
        "users": {user.id: _user(user) for user in [*known, *others, world.brand]},
        "people": [user.handle for user in others],
        "threads": threads,
        "strict": not world.implicit_counts,
    }


def _conversations(world: XWorld) -> list[list[XPost]]:
    """Return the conversations with the newest posts, each oldest first."""
    found: dict[str, list[XPost]] = {}
    for post in world.index.newest_first():
        if post.conversation_id in found or len(found) < MAX_CONVERSATIONS:
            found.setdefault(post.conversation_id, []).append(post)
    return [sorted(posts, key=lambda post: int(post.first_id)) for posts in found.values()]


def _thread(world: XWorld, posts: list[XPost]) -> Json:
    root = posts[0].conversation_id
    gone = root in world.deleted and root not in world.posts
    return {"id": root, "gone": gone, "posts": [_post(world, post) for post in posts]}


def _post(world: XWorld, post: XPost) -> Json:
    parent = world.posts.get(post.reply_to or "")
    mine = post.author_id == world.brand.id
    return {
        "id": post.id,
        "first": post.first_id,
        "author": post.author_id,
        "runs": list(_runs(post.composed)),
        "text": post.text,
        "media": [
            {
                "url": f"/network/media/{one.upload}" if one.upload else one.url,
                "alt": one.alt,
                "kind": one.kind,
            }
            for one in post.media
        ],
        "poll": list(post.poll),
        "at": world.posts.get(post.first_id, post).created_at.timestamp(),
        "edited": post.id != post.first_id,
        "parent": post.reply_to,
        "to": parent.author_id if parent else None,
        "calls": None if mine else post.summons(world.brand) or "no",
        "hidden": _hidden(world, post),
        "closed": not mine and not _may_answer(world, post),
    }


def _hidden(world: XWorld, post: XPost) -> str | None:
    """Return why X hides this post from the brand, if it does; visitors see everything."""
    user = world.user_by_id(post.author_id)
    if user is None or not world.is_hidden(post.author_id):
        return None
    return "suspended" if user.suspended else "protected"


def _may_answer(world: XWorld, post: XPost) -> bool:
    """Whether X's API would accept a reply of the brand to this post."""
    quoted = world.posts.get(post.quotes or "")
    try:
        check_summons(world.brand, post, quoted, implicit_counts=world.implicit_counts)
    except ForbiddenError:
        return False
    return True


def _runs(composed: Composed) -> Iterator[Json]:
    """Yield the visible text, with links, handles and tags as runs of their own."""
    done = composed.starts_at
    for span in sorted(composed.spans, key=lambda one: one.start):
        if span.start < done or "media_key" in span.facts:
            continue
        if composed.text[done : span.start]:
            yield {"t": composed.text[done : span.start]}
        yield _live(composed, span)
        done = span.end
    if composed.text[done : composed.ends_at]:
        yield {"t": composed.text[done : composed.ends_at]}


def _live(composed: Composed, span: Span) -> Json:
    shown = composed.text[span.start : span.end]
    if span.kind == "urls":
        return {"t": span.facts["display_url"], "k": "url"}
    return {"t": shown, "k": span.kind}


def _user(user: Any) -> Json:  # noqa: ANN401 - sandbox.x.state.posts.User
    return {
        "handle": user.handle,
        "name": user.name,
        "followers": user.followers,
        "verified": user.verified,
        "protected": user.protected,
        "suspended": user.suspended,
    }
