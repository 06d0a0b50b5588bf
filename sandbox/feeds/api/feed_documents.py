"""The forum's posts as Atom, RSS 2.0 and JSON Feed.

https://www.rfc-editor.org/rfc/rfc4287, https://www.rssboard.org/rss-specification,
https://www.jsonfeed.org/version/1.1/
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from html import escape

from sandbox.feeds.state.posts import Post
from sandbox.feeds.state.world import ForumWorld

COMMENTS_PER_PAGE = 20
ENTRIES = 30


@dataclass(frozen=True, slots=True)
class Format:
    """A format of feeds: its media type, its name for people, and what writes it."""

    media_type: str
    label: str
    write: "Callable[[ForumWorld, str, str, str, Sequence[Post]], str]"


def link_of(base_url: str, post: Post) -> str:
    """Return the address of a post: of its topic's page, where it stands."""
    page = (post.place - 1) // COMMENTS_PER_PAGE + 1
    where = f"?page={page}" if page > 1 else ""
    return f"{base_url}/t/{post.topic}{where}#post-{post.id}"


def html_of(text: str) -> str:
    """Return plain text as HTML paragraphs."""
    return "".join(
        f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>"
        for part in text.split("\n\n")
        if part.strip()
    )


def title_of(post: Post) -> str:
    """Return the title of a post's entry."""
    return post.title if post.is_topic else f"Re: {post.title}"


def _atom(world: ForumWorld, base_url: str, path: str, title: str, posts: Sequence[Post]) -> str:
    entries = "".join(
        f"<entry><id>tag:{world.domain},2026:post/{post.id}</id><title>{escape(title_of(post))}</title>"
        f'<link rel="alternate" type="text/html" href="{escape(link_of(base_url, post))}"/>'
        f"<author><name>{escape(world.member(post.author).name)}</name>"
        f"<uri>{base_url}/u/{escape(post.author)}</uri></author>"
        f"<published>{post.at.isoformat()}</published><updated>{post.changed_at.isoformat()}</updated>"
        f'<content type="html">{escape(html_of(post.text))}</content></entry>'
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>tag:{world.domain},2026:{path}</id><title>{escape(title)}</title>"
        f'<link rel="self" href="{base_url}{path}"/>'
        f'<link rel="alternate" type="text/html" href="{base_url}/"/>'
        f"<updated>{world.changed_at.isoformat()}</updated>{entries}</feed>"
    )


def _rss(world: ForumWorld, base_url: str, path: str, title: str, posts: Sequence[Post]) -> str:
    items = "".join(
        f"<item><title>{escape(title_of(post))}</title><link>{escape(link_of(base_url, post))}</link>"
        f'<guid isPermaLink="false">{world.domain}/post/{post.id}</guid>'
        f"<dc:creator>{escape(world.member(post.author).name)}</dc:creator>"
        f"<pubDate>{format_datetime(post.at)}</pubDate>"
        f"<description>{escape(html_of(post.text))}</description></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>{escape(title)}</title><link>{base_url}/</link>"
        f"<description>{escape(title)}</description><ttl>15</ttl>"
        f'<atom:link rel="self" type="application/rss+xml" href="{base_url}{path}"/>{items}</channel></rss>'
    )


def _json(world: ForumWorld, base_url: str, path: str, title: str, posts: Sequence[Post]) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": f"{base_url}/",
            "feed_url": f"{base_url}{path}",
            "items": [
                {
                    "id": f"tag:{world.domain},2026:post/{post.id}",
                    "url": link_of(base_url, post),
                    "title": title_of(post),
                    "content_html": html_of(post.text),
                    "date_published": post.at.isoformat(),
                    "date_modified": post.changed_at.isoformat(),
                    "authors": [
                        {"name": world.member(post.author).name, "url": f"{base_url}/u/{post.author}"}
                    ],
                }
                for post in posts
            ],
        },
        ensure_ascii=False,
    )


FORMATS: Mapping[str, Format] = {
    "atom": Format("application/atom+xml", "Atom", _atom),
    "rss": Format("application/rss+xml", "RSS", _rss),
    "json": Format("application/feed+json", "JSON Feed", _json),
}
