"""The news: which part of the page has changed, told to every open tab by server-sent events."""

import json
import threading
from collections.abc import Callable, Iterator

TOPICS = ("slack", "network", "room")
HEARTBEAT = 4.0  # seconds; a tab that has gone is noticed when the next line does not reach it
GATHER = 0.06  # seconds in which several changes become one line


class Bulletin:
    """Counters by topic. `changed` is quick enough to be called under any lock."""

    def __init__(self) -> None:
        self._news = threading.Condition(threading.Lock())
        self._versions = dict.fromkeys(TOPICS, 1)
        self._closed = False
        self.bot: Callable[[], str] = str

    def changed(self, topic: str) -> None:
        """Something of this topic is not as it was."""
        with self._news:
            self._versions[topic] += 1
            self._news.notify_all()

    def close(self) -> None:
        """End every stream."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def stream(self) -> Iterator[str]:
        """Lines for one tab: all versions, at each change and now and then without one."""
        told: dict[str, int] = {}
        yield "retry: 1000\n\n"
        while not self._closed:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._versions != told, HEARTBEAT)  # noqa: B023
                fresh = self._versions != told
            if fresh and not self._closed:
                threading.Event().wait(GATHER)
            with self._news:
                told = dict(self._versions)
            yield f"data: {json.dumps({**told, 'bot': self.bot()})}\n\n"
