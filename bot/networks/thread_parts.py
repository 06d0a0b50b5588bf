"""What an author adds to a post as further parts of a thread of their own. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.networks.values import Post


def find_parts(posts: Iterable[Post], first: Collection[str], author_id: str) -> tuple[Post, ...]:
    """Return those of `posts` in which that author goes on from their own post, the newest first.

    `first` are the ids of the post that they go on from. A part answers it, or another part: what the author
    answers to other people is none.
    """
    known, left, parts = set(first), [post for post in posts if post.author_id == author_id], list[Post]()
    while found := [post for post in left if post.in_reply_to in known]:
        parts += [replace(post, continues=True) for post in found]
        known |= {post.id for post in found}
        left = [post for post in left if post.id not in known]
    return tuple(sorted(parts, key=lambda post: (post.posted_at, post.order_key), reverse=True))
