"""Posts that a stream has named and nobody has read yet; a bounded number of them."""

from collections.abc import Mapping
from dataclasses import dataclass

RETRY_DELAYS_SECONDS = (1.0, 2.0, 4.0, 8.0)  # a list may lag behind a stream
MAX_WAITING_POSTS = 1000


@dataclass(frozen=True, slots=True)
class _Waiting:
    due_at: float
    tries: int


class WaitingPosts:
    """Ids of posts, each with when to ask for it next; for one thread at a time.

    Moments are seconds of a clock that is never set.
    One that was asked for five times is left to the next reading.
    """

    def __init__(self, most: int = MAX_WAITING_POSTS) -> None:
        self._most = most
        self._posts: dict[str, _Waiting] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._posts)

    def add(self, post_id: str, *, at: float) -> int:
        """Have a post asked for at once; return how many were dropped because they were too many."""
        self._posts.setdefault(post_id, _Waiting(at, 0))
        return self._drop_if_full()

    def take_due(self, at: float, most: int) -> dict[str, int]:
        """Take out up to `most` posts that are due; return how often each was asked for before."""
        due = [post_id for post_id, waiting in self._posts.items() if waiting.due_at <= at][:most]
        return {post_id: self._posts.pop(post_id).tries for post_id in due}

    def ask_again(self, asked: Mapping[str, int], *, at: float) -> int:
        """Have posts of `take_due` that were not there asked for again; return how many were dropped."""
        for post_id, tries in asked.items():
            if tries < len(RETRY_DELAYS_SECONDS):
                self._posts.setdefault(post_id, _Waiting(at + RETRY_DELAYS_SECONDS[tries], tries + 1))
        return self._drop_if_full()

    def put_back(self, asked: Mapping[str, int], *, at: float) -> int:
        """Have posts of `take_due` that nobody asked for be due again; return how many were dropped."""
        for post_id, tries in asked.items():
            self._posts.setdefault(post_id, _Waiting(at, tries))
        return self._drop_if_full()

    @property
    def next_due_at(self) -> float | None:
        """When the next one is due; None if none waits."""
        return min((waiting.due_at for waiting in self._posts.values()), default=None)

    def _drop_if_full(self) -> int:
        """Drop all of them if they are too many: whoever reads them can't keep up, and a search can."""
        if len(self._posts) <= self._most:
            return 0
        dropped = len(self._posts)
        self._posts.clear()
        return dropped
