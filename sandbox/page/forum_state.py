"""The state of the Forum tab: members and topics, with their comments."""

from sandbox.feeds import ForumWorld, Post
from sandbox.page.json_replies import Json
from sandbox.page.page_context import PageContext

MAX_TOPICS = 40


def forum_state(context: PageContext) -> Json:
    """Return what the tab draws; topics with the newest posts come first."""
    world = context.forum.world
    with world.lock:
        brand = world.brand.handle
        return {
            "brand": brand,
            "title": world.title,
            "tagline": context.tagline,
            "ideas": list(context.ideas.get("forum", ())),
            "users": {one.handle: {"name": one.name, "handle": one.handle} for one in world.members},
            "people": [one.handle for one in world.members if one.handle != brand],
            "threads": [_thread(world, topic) for topic in _topics(world)],
        }


def _topics(world: ForumWorld) -> list[int]:
    newest = world.newest(10_000)
    return list(dict.fromkeys(one.topic for one in newest))[:MAX_TOPICS]


def _thread(world: ForumWorld, topic: int) -> Json:
    posts = world.topic(str(topic))
    return {"id": str(topic), "title": posts[0].title, "posts": [_post(one) for one in posts]}


def _post(post: Post) -> Json:
    return {
        "id": post.id,
        "author": post.author,
        "runs": [{"t": post.text}],
        "text": post.text,
        "at": post.at.timestamp(),
        "edited": post.edited_at is not None,
        "opens": post.is_topic,
    }
