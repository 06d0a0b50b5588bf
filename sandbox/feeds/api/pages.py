"""The forum's pages: its topics, one topic with its comments and a form for the brand, a member."""

from html import escape
from math import ceil

from sandbox.feeds.api.feed_documents import COMMENTS_PER_PAGE, FORMATS, html_of
from sandbox.feeds.api.http_messages import Answer, as_page
from sandbox.feeds.state.posts import Post
from sandbox.feeds.state.world import ForumWorld

TOPICS_SHOWN = 100
STYLE = (
    "<style>body{font:16px/1.5 system-ui;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #ccc;padding:.5rem 0}small{color:#666}textarea{width:100%;height:8rem}"
    "article:target{background:#fff6d6}</style>"
)


def home(world: ForumWorld) -> Answer:
    """Return the page with the newest topics."""
    rows = "".join(
        f'<article><a href="/t/{one.topic}">{escape(one.title)}</a><br><small>{_by(world, one)}, '
        f"{len(world.topic(one.id)) - 1} comments</small></article>"
        for one in world.newest(TOPICS_SHOWN, topics_only=True)
    )
    return as_page(
        200, world.title, f"<h1>{escape(world.title)}</h1>{rows}", _head(world, "posts", "All posts")
    )


def topic(world: ForumWorld, topic_id: str, page: str) -> Answer:
    """Return one page of a topic. Raises LookupError."""
    posts = world.topic(topic_id)
    first, last = posts[0], ceil(posts[-1].place / COMMENTS_PER_PAGE)
    number = int(page) if page.isascii() and page.isdigit() and page else 1
    shown = [one for one in posts if (one.place - 1) // COMMENTS_PER_PAGE + 1 == number]
    if not shown:
        raise LookupError(page)
    articles = "".join(
        f'<article id="post-{one.id}"><small>{_by(world, one)}{" (edited)" if one.edited_at else ""}</small>'
        f"{html_of(one.text)}</article>"
        for one in shown
    )
    pages = " ".join(
        f"<b>{each}</b>" if each == number else f'<a href="/t/{first.topic}?page={each}">{each}</a>'
        for each in range(1, last + 1)
    )
    form = (
        f'<form id="reply" method="post" action="/t/{first.topic}">'
        f"<h2>Answer as {escape(world.brand.name)}</h2>"
        '<textarea name="text" required aria-label="Your answer"></textarea><button>Post</button></form>'
    )
    body = f'<p><a href="/">{escape(world.title)}</a></p><h1>{escape(first.title)}</h1>{articles}'
    more = f"<p>Pages: {pages}</p>" if last > 1 else ""
    head = _head(world, f"t/{first.topic}", f"Comments on “{first.title}”")
    return as_page(200, f"{first.title} – {world.title}", body + more + form, head)


def member(world: ForumWorld, handle: str) -> Answer:
    """Return the page of a member. Raises LookupError."""
    name = world.member(handle).name
    return as_page(200, f"{name} – {world.title}", f"<h1>{escape(name)}</h1>", STYLE)


def _head(world: ForumWorld, name: str, label: str) -> str:
    """The page's own feed first, then that of all topics."""
    own = "".join(
        f'<link rel="alternate" type="{each.media_type}" title="{escape(f"{label} ({each.label})")}" '
        f'href="/{name}.{suffix}">'
        for suffix, each in FORMATS.items()
    )
    title = escape(f"{world.title}: topics")
    all_topics = f'<link rel="alternate" type="application/rss+xml" title="{title}" href="/topics.rss">'
    return STYLE + own + all_topics


def _by(world: ForumWorld, post: Post) -> str:
    name = escape(world.member(post.author).name)
    return f'<a href="/u/{escape(post.author)}">{name}</a>, {post.at:%d %b %Y %H:%M} UTC'
