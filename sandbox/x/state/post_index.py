"""An index of posts by ID, author, mentioned user and edit chain."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterator

from sandbox.x.state.posts import XPost


class PostIndex:
    """All posts. IDs rise with time, so each list is sorted by ID and read from its end."""

    def __init__(self) -> None:
        self.posts: dict[str, XPost] = {}
        self.deleted: dict[str, XPost] = {}
        self._all: list[int] = []
        self._by_author: defaultdict[str, list[int]] = defaultdict(list)
        self._by_mentioned: defaultdict[str, list[int]] = defaultdict(list)
        self._versions: defaultdict[str, list[str]] = defaultdict(list)
        self._references: Counter[tuple[str, str]] = Counter()

    def put(self, post: XPost) -> None:
        self.posts[post.id] = post
        self._versions[post.first_id].append(post.id)
        for ids in self._lists(post):
            insort(ids, int(post.id))
        if post.id == post.first_id:
            self._references.update(references(post))

    def remove(self, post_id: str) -> None:
        """Delete a post with all its versions. Raises KeyError."""
        for version in self.versions(self.posts[post_id]):
            post = self.deleted[version] = self.posts.pop(version)
            for ids in self._lists(post):
                del ids[bisect_left(ids, int(version))]
            if post.id == post.first_id:
                self._references.subtract(references(post))

    def versions(self, post: XPost) -> tuple[str, ...]:
        """Return the IDs of an edit chain, oldest first."""
        return tuple(self._versions[post.first_id])

    def is_latest(self, post: XPost) -> bool:
        return self.versions(post)[-1] == post.id

    def references_to(self, post: XPost, kind: str) -> int:
        """Return how many posts refer to any version of `post` as `kind`: replied_to, quoted or retweeted."""
        return sum(self._references[kind, version] for version in self.versions(post))

    def newest_first(self) -> Iterator[XPost]:
        return self._walk(self._all)

    def posts_by(self, user_id: str) -> Iterator[XPost]:
        return self._walk(self._by_author.get(user_id, []))

    def mentioning(self, user_id: str) -> Iterator[XPost]:
        return self._walk(self._by_mentioned.get(user_id, []))

    def _walk(self, ids: list[int]) -> Iterator[XPost]:
        latest = (self.posts[str(post_id)] for post_id in reversed(ids))
        return filter(self.is_latest, latest)

    def _lists(self, post: XPost) -> Iterator[list[int]]:
        yield self._all
        yield self._by_author[post.author_id]
        for user_id in post.mentioned_ids:
            yield self._by_mentioned[user_id]


def references(post: XPost) -> tuple[tuple[str, str], ...]:
    """Return what a post refers to, as (type, ID) pairs."""
    pairs = (("replied_to", post.reply_to), ("quoted", post.quotes), ("retweeted", post.repost_of))
    return tuple((kind, post_id) for kind, post_id in pairs if post_id is not None)
