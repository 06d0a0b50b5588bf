"""Timelines and search results, newest first, as they were `lag` ago."""

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta

from sandbox.x.state.posts import XPost
from sandbox.x.state.world import XWorld

MENTIONS_KEPT = 800  # https://docs.x.com/x-api/posts/timelines/introduction
SEARCHED = timedelta(days=7)


def mentions(world: XWorld, user_id: str, lag: timedelta) -> list[XPost]:
    """Return the newest 800 public posts that mention a user, with replies, reposts and the user's own."""
    return list(itertools.islice(_public(world, world.index.mentioning(user_id), lag), MENTIONS_KEPT))


def own(world: XWorld, user_id: str, lag: timedelta) -> list[XPost]:
    """Return a user's own posts, which late indexing does not affect."""
    until = world.clock() - lag
    return [post for post in world.index.posts_by(user_id) if post.created_at <= until]


def searchable(world: XWorld, lag: timedelta) -> list[XPost]:
    """Return a week of public posts, without reposts (since 4 May 2026)."""
    since = world.clock() - SEARCHED
    week = itertools.takewhile(lambda post: post.created_at > since, world.index.newest_first())
    return [post for post in _public(world, week, lag + world.search_delay) if post.repost_of is None]


def _public(world: XWorld, posts: Iterable[XPost], lag: timedelta) -> Iterator[XPost]:
    now = world.clock()
    for post in posts:
        indexed_at = max(post.visible_at, post.created_at + lag)
        if indexed_at <= now and not world.is_hidden(post.author_id):
            yield post
