"""Which part of the forum answers a request."""

import json
import re
from collections.abc import Sequence
from email.utils import format_datetime
from urllib.parse import parse_qs

from sandbox.feeds.api import pages
from sandbox.feeds.api.fault_effects import DAMAGES, damaged, replaced
from sandbox.feeds.api.feed_documents import ENTRIES, FORMATS, link_of
from sandbox.feeds.api.http_messages import Answer, Request, as_page
from sandbox.feeds.faults import Fault, Kind
from sandbox.feeds.state.posts import Post
from sandbox.feeds.state.world import ForumWorld

FEED = re.compile(r"/(?:moved/)?(posts|topics|t/(\d+))\.(atom|rss|json)")
TOPIC = re.compile(r"/t/(\d+)")
MEMBER = re.compile(r"/u/([^/]+)")
COMMENTS = re.compile(r"/api/topics/(\d+)/comments")
MAX_AGE_SECONDS = 0


def answer(world: ForumWorld, request: Request, faults: Sequence[Fault]) -> Answer:
    """Return the response, as `faults` leave it."""
    instead = replaced(request, faults)
    if instead is not None:
        return instead
    try:
        made = _get(world, request, faults) if request.method in {"GET", "HEAD"} else _post(world, request)
    except LookupError:
        return as_page(404, "There is no such page")
    except ValueError as error:
        return _json(422, {"error": str(error)})
    return damaged(made, faults)


def _get(world: ForumWorld, request: Request, faults: Sequence[Fault]) -> Answer:
    if request.path == "/":
        return pages.home(world)
    if match := FEED.fullmatch(request.path):
        return _feed(world, request, match[1], match[3], faults={one.kind for one in faults})
    if match := TOPIC.fullmatch(request.path):
        return pages.topic(world, match[1], request.query.get("page", ""))
    if match := MEMBER.fullmatch(request.path):
        return pages.member(world, match[1])
    raise LookupError(request.path)


def _feed(world: ForumWorld, request: Request, name: str, suffix: str, *, faults: set[Kind]) -> Answer:
    with world.lock:
        posts = _listed(world, name)
        title = f"{world.title}: {posts[0].title}" if name.startswith("t/") else f"{world.title}: {name}"
        etag, changed_at = f'W/"{world.revision}-{name}"', format_datetime(world.changed_at, usegmt=True)
        made = FORMATS[suffix].write(
            world, request.base_url, request.path, title, [] if "shrunk" in faults else posts
        )
    headers = {"ETag": etag, "Last-Modified": changed_at, "Cache-Control": f"max-age={MAX_AGE_SECONDS}"}
    if not faults & DAMAGES and _is_known(request, etag, changed_at):
        return Answer(304, headers)
    kind = f"{FORMATS[suffix].media_type}; charset=utf-8"
    return Answer(200, headers | {"Content-Type": kind}, made.encode())


def _is_known(request: Request, etag: str, changed_at: str) -> bool:
    """Whether the client has this version. If it sent an ETag, that decides: RFC 9110, section 13.1.3."""
    if "if-none-match" in request.headers:
        return etag in {each.strip() for each in request.headers["if-none-match"].split(",")}
    return request.headers.get("if-modified-since") == changed_at


def _listed(world: ForumWorld, name: str) -> list[Post]:
    if name.startswith("t/"):
        return world.topic(name.removeprefix("t/"))[::-1][:ENTRIES]
    return world.newest(ENTRIES, topics_only=name == "topics")


def _post(world: ForumWorld, request: Request) -> Answer:
    if match := TOPIC.fullmatch(request.path):
        text = parse_qs(request.body.decode("utf-8", "replace")).get("text", [""])[0]
        made = world.comment(match[1], world.brand.handle, text.replace("\r\n", "\n"))
        return Answer(303, {"Location": link_of(request.base_url, made)})
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("Send an object.")  # noqa: TRY004 - answered like other wrong input
    author, text = str(body.get("author", "")), str(body.get("text", ""))
    if not re.fullmatch(r"[\w.-]{1,40}", author):
        raise ValueError("An author is a handle such as ana.")
    if request.path == "/api/topics":
        return _made(request, world.post_topic(author, str(body.get("title", "")), text))
    if match := COMMENTS.fullmatch(request.path):
        return _made(request, world.comment(match[1], author, text))
    raise LookupError(request.path)


def _made(request: Request, post: Post) -> Answer:
    return _json(201, {"id": post.id, "topic": str(post.topic), "url": link_of(request.base_url, post)})


def _json(status: int, value: object) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(value).encode())
