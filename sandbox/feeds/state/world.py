"""A small forum: its members, topics and comments, and everything that changes them. No HTTP."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from sandbox.feeds.faults import Faults
from sandbox.feeds.state.posts import Member, Post
from sandbox.feeds.state.request_log import Asked, Journal

TITLE_MAX_CHARS, TEXT_MAX_CHARS = 200, 30_000


@dataclass(frozen=True, slots=True)
class Change:
    """A change; `id` is that of the post, or the handle of the member."""

    kind: Literal["member", "post", "edit", "delete"]
    id: str


class ForumWorld:
    """One forum. Members post with `post_topic` and `comment`; `handle` answers for the brand.

    Every method is thread-safe; hold `lock` to combine several calls. `clock` may be replaced at any time.
    `revision` counts what changed, as the feeds show it.
    """

    def __init__(
        self,
        *,
        title: str = "Homebrew Corner",
        domain: str = "forum.example",
        handle: str = "acmebrew",
        name: str = "Acme Brew",
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or (lambda: datetime.now(UTC))
        self.title, self.domain = title, domain
        self.faults, self.journal = Faults(), Journal()
        self.revision = 1
        self.changed_at = self.clock()
        self._members: dict[str, Member] = {}
        self._posts: dict[int, Post] = {}
        self._next = 1
        self._observers: list[Callable[[Change], None]] = []
        self.brand = self.add_member(handle, name)

    def add_member(self, handle: str, name: str) -> Member:
        """Create a member. Raises ValueError if the handle is taken."""
        with self.lock:
            if handle in self._members:
                raise ValueError(f"@{handle} is taken.")
            member = self._members[handle] = Member(handle, name)
        self._tell(Change("member", handle))
        return member

    def member(self, handle: str) -> Member:
        """Return the member with this handle. Raises LookupError."""
        with self.lock:
            return self._members[handle]

    def find_member(self, handle: str) -> Member | None:
        with self.lock:
            return self._members.get(handle)

    @property
    def members(self) -> tuple[Member, ...]:
        """Everybody, the brand first."""
        with self.lock:
            return tuple(self._members.values())

    def post_topic(self, author: str, title: str, text: str, *, at: datetime | None = None) -> Post:
        """Open a topic; a new author becomes a member. Raises ValueError for words that no forum takes."""
        title = " ".join(title.split())
        if not title or len(title) > TITLE_MAX_CHARS:
            raise ValueError(f"A topic needs a title of at most {TITLE_MAX_CHARS} characters.")
        with self.lock:
            return self._add((self._next, 1), author, title, text, at)

    def comment(self, topic_id: str, author: str, text: str, *, at: datetime | None = None) -> Post:
        """Write below a topic. Raises LookupError, and ValueError for words that no forum takes."""
        with self.lock:
            posts = self.topic(topic_id)
            return self._add((posts[0].topic, posts[-1].place + 1), author, posts[0].title, text, at)

    def edit(self, post_id: str, text: str) -> Post:
        """Change the words of a post. Raises LookupError and ValueError."""
        with self.lock:
            post = replace(self.post(post_id), text=_checked(text), edited_at=self.clock())
            self._posts[post.number] = post
        self._tell(Change("edit", post.id))
        return post

    def delete(self, post_id: str) -> None:
        """Take a post away, with its comments if it opens a topic. Raises LookupError."""
        with self.lock:
            post = self.post(post_id)
            gone = [
                one
                for one in self._posts.values()
                if one == post or (post.is_topic and one.topic == post.topic)
            ]
            for one in gone:
                del self._posts[one.number]
        self._tell(Change("delete", post_id))

    def post(self, post_id: str) -> Post:
        """Return a post. Raises LookupError."""
        with self.lock:
            if not post_id.isascii() or not post_id.isdigit():
                raise LookupError(post_id)
            return self._posts[int(post_id)]

    def topic(self, topic_id: str) -> list[Post]:
        """Return the posts of a topic, oldest first. Raises LookupError."""
        with self.lock:
            topic = self.post(topic_id).topic
            return [one for one in self._posts.values() if one.topic == topic]

    def newest(self, count: int, *, topics_only: bool = False) -> list[Post]:
        """Return the newest posts, newest first."""
        with self.lock:
            found = [one for one in self._posts.values() if one.is_topic or not topics_only]
        return sorted(found, key=lambda one: (one.at, one.number), reverse=True)[:count]

    def answers_to(self, post_id: str) -> list[Post]:
        """Return what the brand wrote after a post in its topic, oldest first. Raises LookupError."""
        with self.lock:
            place = self.post(post_id).place
            return [
                one for one in self.topic(post_id) if one.author == self.brand.handle and one.place > place
            ]

    def note(self, asked: Asked) -> None:
        """Keep a request in the journal."""
        with self.lock:
            self.journal.note(asked)

    @property
    def requests(self) -> list[Asked]:
        """Every request so far, in order."""
        with self.lock:
            return list(self.journal.requests)

    @property
    def counts(self) -> Counter[str]:
        """The number of requests by method and path, such as `GET /posts.atom`."""
        with self.lock:
            return Counter(self.journal.counts)

    def on_change(self, observer: Callable[[Change], None]) -> Callable[[], None]:
        """Call `observer` after every change, until the function that this returns is called."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _add(self, where: tuple[int, int], author: str, title: str, text: str, at: datetime | None) -> Post:
        """Add a post; `where` is its topic, and its place in it."""
        text = _checked(text)
        if author not in self._members:
            self.add_member(author, author)
        post = Post(self._next, *where, author, title, text, at or self.clock())
        self._posts[post.number] = post
        self._next += 1
        self._tell(Change("post", post.id))
        return post

    def _tell(self, change: Change) -> None:
        with self.lock:
            self.revision += 1
            self.changed_at = self.clock()
        for observer in tuple(self._observers):
            observer(change)


def _checked(text: str) -> str:
    if not text.strip() or len(text) > TEXT_MAX_CHARS:
        raise ValueError(f"A post has between 1 and {TEXT_MAX_CHARS:,} characters.")
    return text.strip()
