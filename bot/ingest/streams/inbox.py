"""What a stream has asked for and nobody has done yet: bounded, so that a storm costs no memory.

Requests of one kind are one request, however many came; while it is worked off, the next ones gather. What
is lost here, by a crash or because it was too much, is found by the next reading.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.ingest.streams.waiting_posts import MAX_WAITING_POSTS, WaitingPosts
from bot.networks.streams import StreamEvent

Lane = Literal["mentions", "hashtags", "all tracks", "posts"]


@dataclass(frozen=True, slots=True)
class SearchWake:
    """Which tracks to read: all, or those of some hashtags."""

    hashtags: frozenset[str]
    is_all: bool


class StreamInbox:
    """The requests of one account's stream. Filled by one thread and emptied by another.

    `now` returns seconds of a clock that is never set; `wake` is set whenever something comes in.
    """

    def __init__(
        self, now: Callable[[], float], wake: threading.Event, *, most: int = MAX_WAITING_POSTS
    ) -> None:
        self._now, self._wake = now, wake
        self._lock = threading.Lock()
        self._is_mentions_wanted = self._is_all_wanted = False
        self._hashtags: set[str] = set()
        self._expected, self._posts = WaitingPosts(most), WaitingPosts(most)
        self._holds: dict[Lane, float] = {}
        self._dropped = 0

    def put(self, event: StreamEvent) -> None:
        """Take in what the stream says; never blocks for long."""
        at = self._now()
        with self._lock:
            if event.kind == "mentions":
                self._is_mentions_wanted = True
                if event.post_id is not None:
                    self._dropped += self._expected.add(event.post_id, at=at)
            elif event.kind == "tracks":
                self._hashtags |= {event.hashtag} if event.hashtag is not None else set()
            elif event.kind == "post" and event.post_id is not None:
                self._count_dropped(self._posts.add(event.post_id, at=at))
        if event.kind != "alive":
            self._wake.set()

    def wake_all(self) -> None:
        """Have everything read: what came while no stream was open is known to nobody."""
        with self._lock:
            self._is_mentions_wanted = self._is_all_wanted = True
        self._wake.set()

    def put_mentions_back(self, expected: Mapping[str, int]) -> None:
        """Have the mentions read for what `take_mentions` returned, as they could not be read now."""
        with self._lock:
            self._is_mentions_wanted = True
            self._dropped += self._expected.put_back(expected, at=self._now())

    def want_searches(self, wake: SearchWake) -> None:
        """Have tracks searched for."""
        with self._lock:
            self._is_all_wanted |= wake.is_all
            self._hashtags |= wake.hashtags

    def hold(self, lane: Lane, until: float) -> None:
        """Have requests of that kind wait until then: a reading costs calls, whatever the stream asks for."""
        with self._lock:
            self._holds[lane] = until

    def take_mentions(self) -> tuple[bool, dict[str, int]]:
        """Return whether to read the mentions, and which posts should be among them, with their tries."""
        with self._lock:
            at = self._now()
            if self._is_held("mentions", at):
                return False, {}
            wanted, self._is_mentions_wanted = self._is_mentions_wanted, False
            return wanted, self._expected.take_due(at, MAX_WAITING_POSTS)

    def take_searches(self) -> SearchWake | None:
        """Return which tracks to read; None for none."""
        with self._lock:
            at, hashtags, is_all = self._now(), frozenset[str](), False
            if not self._is_held("hashtags", at):
                hashtags, self._hashtags = frozenset(self._hashtags), set()
            if not self._is_held("all tracks", at):
                is_all, self._is_all_wanted = self._is_all_wanted, False
            return SearchWake(hashtags, is_all) if hashtags or is_all else None

    def take_posts(self, most: int) -> dict[str, int]:
        """Return up to `most` posts to read, with how often each was asked for before."""
        with self._lock:
            at = self._now()
            return {} if self._is_held("posts", at) else self._posts.take_due(at, most)

    def expect_again(self, asked: Mapping[str, int]) -> None:
        """Have the mentions read again for those of `take_mentions` that were not among them."""
        with self._lock:
            self._dropped += self._expected.ask_again(asked, at=self._now())

    def ask_again(self, asked: Mapping[str, int]) -> None:
        """Have those of `take_posts` that the network does not show yet asked for again."""
        with self._lock:
            self._count_dropped(self._posts.ask_again(asked, at=self._now()))

    def take_dropped(self) -> int:
        """Return how many waiting posts were dropped since this was last asked."""
        with self._lock:
            dropped, self._dropped = self._dropped, 0
            return dropped

    def seconds_until_due(self) -> float | None:
        """Return in how many seconds there is something to do; None: not until something comes in."""
        with self._lock:
            at = self._now()
            due: dict[Lane, float | None] = {
                "mentions": at if self._is_mentions_wanted else self._expected.next_due_at,
                "hashtags": at if self._hashtags else None,
                "all tracks": at if self._is_all_wanted else None,
                "posts": self._posts.next_due_at,
            }
            moments = [max(one, self._holds.get(lane, one)) for lane, one in due.items() if one is not None]
        return max(min(moments) - at, 0.0) if moments else None

    def _is_held(self, lane: Lane, at: float) -> bool:
        return lane in self._holds and self._holds[lane] > at

    def _count_dropped(self, dropped: int) -> None:
        """Have all tracks searched for instead of reading each post that was dropped."""
        self._dropped += dropped
        self._is_all_wanted |= dropped > 0
