"""The network in memory with a live stream that a test writes, and one account's stream, driven step by step."""

import queue
import threading
from collections.abc import Generator, Sequence

from sqlalchemy import select

from bot.ingest.streams.backoff import Backoff
from bot.ingest.streams.connection import StreamConnection
from bot.ingest.streams.inbox import StreamInbox
from bot.ingest.streams.readings import StreamReadings
from bot.ingest.streams.wanted_tracks import WantedTracks
from bot.networks.errors import SearchRefusedError
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import SearchRequest
from bot.runtime.job_leases import JobLeases
from models import AccountStream, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bot.room import Clock, Counting, Room

ALIVE, MENTIONS = StreamEvent("alive"), StreamEvent("mentions")


class Streaming(Counting):
    """A network in memory whose stream says what a test puts into `lines`: events, or an error that ends it."""

    stream_address = "memory"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.lines: queue.Queue[StreamEvent | Exception] = queue.Queue()
        self.wishes: list[StreamWish] = []
        self.refreshed: list[list[str]] = []
        self.reads: queue.Queue[str] = queue.Queue()  # each call that reads, by its name
        self.opened, self.closed = threading.Semaphore(0), threading.Semaphore(0)

    def stream(
        self, wish: StreamWish, *, account_id: str, stop: threading.Event
    ) -> Generator[StreamEvent, None, None]:
        self._must_be(account_id)
        self._strike("stream")
        self.wishes.append(wish)
        self.opened.release()
        try:
            yield ALIVE
            while not stop.is_set():
                try:
                    line = self.lines.get(timeout=0.02)
                except queue.Empty:
                    continue
                if isinstance(line, Exception):
                    raise line
                yield line
        finally:
            self.closed.release()

    def mentions(self, after, *, account_id):
        self.reads.put("mentions")
        return super().mentions(after, account_id=account_id)

    def search(self, query, after, *, account_id, before=None):
        self.reads.put(f"search {query}")
        return super().search(query, after, account_id=account_id, before=before)

    def refresh(self, ids, *, account_id, **more):
        self.refreshed.append(list(ids))
        return super().refresh(ids, account_id=account_id, **more)

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        if len(wanted) > 1:
            raise SearchRefusedError("One at a time.")
        return wanted[0].query.canonical

    def calls(self) -> list[str]:
        """What was read since this was last asked."""
        found = []
        while not self.reads.empty():
            found.append(self.reads.get())
        return found


class OneStream:
    """One account's stream without threads: a test opens it, and has done what it asked for."""

    def __init__(self, here: Room, network: Streaming, *, most: int = 1000) -> None:
        self.here, self.network = here, network
        self.wake = threading.Event()
        self.inbox = StreamInbox(self.steady, self.wake, most=most)
        self.tracks = WantedTracks(here.ctx, network)
        self.leases = JobLeases(here.ctx.db, here.ctx.worker, here.ctx.now)
        shared = here.ctx, network, self.leases, self.inbox, self.tracks
        self.connection = StreamConnection(*shared, steady=self.steady, backoff=Backoff(lambda: 0.0))
        self.readings = StreamReadings(*shared, steady=self.steady)

    def steady(self) -> float:
        return self.here.clock().timestamp()

    def says(self, *lines: StreamEvent | Exception) -> float:
        """Open the stream, which says `lines`, the last of them an error; how long to wait then, in seconds."""
        for line in lines:
            self.network.lines.put(line)
        return self.connection.hold_once()

    def check(self) -> None:
        """Look after the stream, as the schedule does every few seconds."""
        self.leases.renew_all()
        self.connection.check()

    def row(self) -> AccountStream:
        with self.here.ctx.db.read() as session:
            return session.scalars(select(AccountStream)).one()

    def pass_by(self, seconds: float) -> None:
        self.here.clock.pass_by(seconds)


def add_track(here: Room, query: str, **more: object) -> int:
    """Add a track, a search unless `more` says otherwise; its id."""
    given = {"kind": "search", "network": "memory", "query": query}
    with here.ctx.db.write() as session:
        return track_rules.add(session, TrackDraft(**(given | more)), at=here.clock()).id


def tracks(here: Room) -> list[Track]:
    with here.ctx.db.read() as session:
        return list(Track.all(session))
