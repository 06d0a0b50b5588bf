"""A few processes that read feeds, so that a document that takes its whole time keeps no other waiting."""

from queue import LifoQueue

from bot.networks.feed.documents import FeedDocument
from bot.networks.feed.parse_process import ParseProcess

PROCESSES_MAX = 2


class ParsePool:
    """Hands each document to a process that is free, the one that was used last first: others may end."""

    def __init__(self, processes: int = PROCESSES_MAX) -> None:
        self._free: LifoQueue[ParseProcess] = LifoQueue()
        for _ in range(processes):
            self._free.put(ParseProcess())

    def parse(self, body: bytes, content_type: str, address: str, *, seconds: float) -> FeedDocument:
        """Return what a document says, see `ParseProcess.parse`. Raises `NotAFeed`."""
        process = self._free.get()
        try:
            return process.parse(body, content_type, address, seconds=seconds)
        finally:
            self._free.put(process)
