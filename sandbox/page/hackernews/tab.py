"""The Hacker News tab: stories and comments as its readers see them, and posting as any of them."""

import re
from collections.abc import Iterator

from flask import Blueprint

from sandbox.hackernews import HackerNewsWorld, Item
from sandbox.page.json_replies import Json, words
from sandbox.page.page_context import PageContext
from sandbox.page.request_body import answer_errors, given, given_text

MAX_STORIES = 30
MAX_TITLE_LENGTH = 80  # https://news.ycombinator.com/submit
NAME = re.compile(r"[A-Za-z0-9_-]{2,15}")
ADDRESS = re.compile(r"https?://[^\s<>\"]+")


def hackernews_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/hackernews`."""
    pages = Blueprint("hackernews", __name__, url_prefix="/hackernews")
    world = context.hackernews.world
    answer_errors(pages)

    @pages.get("/state")
    def state() -> Json:
        return hackernews_state(context)

    @pages.post("/post")
    def post() -> Json:
        """Submit a story, or comment on what `reply_to` names."""
        body = given()
        author, under = _known(context, words(body, "as")), words(body, "reply_to")
        made = world.comment(author, int(under), given_text("Type something first.")) if under else None
        return {"id": str((made or _submit(world, author, body)).id)}

    @pages.post("/edit")
    def edit() -> Json:
        world.edit(int(words(given(), "id")), given_text("A comment cannot be empty. Delete it instead."))
        return {}

    @pages.post("/delete")
    def delete() -> Json:
        world.delete(int(words(given(), "id")))
        return {}

    @pages.post("/person")
    def person() -> Json:
        name = words(given(), "handle")
        if NAME.fullmatch(name) is None:
            raise ValueError("A name there has 2 to 15 letters, digits, dashes and underscores.")
        context.readers.append(name)
        return {"id": name}

    return pages


def hackernews_state(context: PageContext) -> Json:
    """Return what the tab draws; stories with the newest posts come first."""
    world, brand = context.hackernews.world, context.x.world.brand.handle
    people = [one for one in dict.fromkeys([*context.readers, *world.authors()]) if one != brand]
    return {
        "brand": brand,
        "tagline": context.tagline,
        "ideas": list(context.ideas.get("hackernews", ())),
        "users": {one: {"name": one, "username": one} for one in [*people, brand]},
        "people": people,
        "threads": list(_threads(world)),
    }


def _submit(world: HackerNewsWorld, author: str, body: Json) -> Item:
    """Post a story. Raises ValueError for what Hacker News would not take."""
    title, address = words(body, "title").strip(), words(body, "url").strip()
    if not title:
        raise ValueError("A story needs a title.")
    if len(title) > MAX_TITLE_LENGTH:
        raise ValueError(f"A title has at most {MAX_TITLE_LENGTH} characters.")
    if address and ADDRESS.fullmatch(address) is None:
        raise ValueError("The address must begin with https://.")
    return world.submit(author, title, url=address, text=words(body, "text").strip())


def _known(context: PageContext, name: str) -> str:
    if name not in hackernews_state(context)["users"]:
        raise KeyError(name)
    return name


def _threads(world: HackerNewsWorld) -> Iterator[Json]:
    by_story: dict[int, list[Item]] = {}
    for item in world.items():
        by_story.setdefault(item.story_id, []).append(item)
    newest_first = sorted(by_story.values(), key=lambda some: some[-1].id, reverse=True)
    for some in newest_first[:MAX_STORIES]:
        story, shown = some[0], list(_in_order(some, some[0], 0))
        yield {
            "id": str(story.id),
            "title": story.title,
            "url": story.url,
            "posts": [_post(world, one, depth) for one, depth in shown],
        }


def _in_order(items: list[Item], above: Item, depth: int) -> Iterator[tuple[Item, int]]:
    """Yield an item and what stands below it, comments under what they answer."""
    yield above, depth
    for one in items:
        if one.parent_id == above.id:
            yield from _in_order(items, one, depth + 1)


def _post(world: HackerNewsWorld, item: Item, depth: int) -> Json:
    return {
        "id": str(item.id),
        "author": item.author,
        "text": item.text,
        "title": item.title,
        "depth": depth,
        "at": item.at.timestamp(),
        "gone": item.is_gone,
        "indexed": item.indexed_at <= world.clock(),
    }
