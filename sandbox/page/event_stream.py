"""Tells every open tab which part of the page has changed, by server-sent events."""

import json
import threading
from collections.abc import Callable, Iterator

TOPICS = ("slack", "network", "mastodon", "bluesky", "forum", "hackernews", "internals")
HEARTBEAT_SECONDS = 4.0  # a closed tab is noticed when the next line cannot be sent
GATHER_SECONDS = 0.06  # changes within this time become one line


class EventStream:
    """Version counters by topic. `changed` is quick enough to call while holding any lock."""

    def __init__(self) -> None:
        self._news = threading.Condition(threading.Lock())
        self._versions = dict.fromkeys(TOPICS, 1)
        self._closed = False
        self.bot: Callable[[], str] = str

    def changed(self, topic: str) -> None:
        """Report a change; raises KeyError for an unknown topic."""
        with self._news:
            self._versions[topic] += 1
            self._news.notify_all()

    def close(self) -> None:
        """End every stream."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def stream(self) -> Iterator[str]:
        """Yield lines for one tab: all versions, after each change and at least every four seconds."""
        told: dict[str, int] = {}
        yield "retry: 1000\n\n"
        while not self._closed:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._versions != told, HEARTBEAT_SECONDS)  # noqa: B023
                fresh = self._versions != told
            if fresh and not self._closed:
                threading.Event().wait(GATHER_SECONDS)
            with self._news:
                told = dict(self._versions)
            yield f"data: {json.dumps({**told, 'bot': self.bot()})}\n\n"
