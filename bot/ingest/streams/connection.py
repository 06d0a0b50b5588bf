"""Holds one account's stream open: connects, reconnects, and reports how it goes.

1. Of all workers one holds it, under a lease. When that one dies, another takes it up.
2. Each time it opens, everything is read once: what came in between is known to nobody.
3. When it ends, it is opened again after a while, which is longer the more often it fails (`Backoff`). Only a
   stream that has been open for a minute counts as one that holds.
4. One that does not hold for five minutes is told once, as the account's alarm.
"""

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.cursors import account_of
from bot.ingest.streams.backoff import Backoff
from bot.ingest.streams.inbox import StreamInbox
from bot.ingest.streams.wanted_tracks import WantedTracks
from bot.networks.base import Network
from bot.networks.errors import Later, StreamNotOffered, WrongAccount
from bot.networks.streams import StreamEvent, StreamWish
from bot.notices import network_alarms
from bot.runtime import pace
from bot.runtime.job_leases import JobLeases
from bot.scheduled_job import lease_name
from models import AccountStream
from models.sources.account_stream import REPORT_INTERVAL

log = logging.getLogger(__name__)

LEASE_CHECK_SECONDS = 3.0  # between two tries to take up a stream that another worker holds
HELD_AFTER_SECONDS = 60.0
NOT_OFFERED_RETRY_SECONDS = 3600.0  # a server may be updated


class StreamConnection:
    """The listening side of one account's stream. `run` is for a thread of its own, the rest for any.

    `steady` returns seconds of a clock that is never set.
    """

    def __init__(
        self,
        ctx: BotContext,
        network: Network,
        leases: JobLeases,
        inbox: StreamInbox,
        tracks: WantedTracks,
        *,
        steady: Callable[[], float],
        backoff: Backoff,
    ) -> None:
        self._ctx, self._network, self._leases = ctx, network, leases
        self._inbox, self._tracks, self._steady, self._backoff = inbox, tracks, steady, backoff
        self._name = lease_name("stream", network)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._cut = threading.Event()  # ends the connection that is open; a new one each time
        self._is_ours = False
        self._account_id = ""
        self._wish = StreamWish()
        self._open_since: float | None = None
        self._is_held = self._is_replaced = self._is_taken = False
        self._reported_at = 0.0
        self._bytes = 0

    def run(self) -> None:
        """Hold the stream whenever it is this worker's turn, until `stop`."""
        while not self._stopped.is_set():
            try:
                with self._leases.acquire(self._name, 0) as self._is_ours:
                    while self._is_ours and not self._stopped.is_set():
                        self._stopped.wait(self.hold_once())
            except Exception:
                log.exception("the stream of %s failed; trying again", self._network.title)
            self._stopped.wait(LEASE_CHECK_SECONDS)

    def stop(self) -> None:
        """Have `run` end soon."""
        self._stopped.set()
        self._cut_off()

    def hold_once(self) -> float:
        """Open the stream and pass on what it says until it ends; return for how many seconds to wait then.

        Raises what the database raises.
        """
        account = account_of(self._ctx, self._network)
        if account is None:
            return self._backoff.next_seconds()
        cut = self._begin(account.id)
        failure: Later | None = Later(None, "unreachable", "The stream ended.")
        try:
            with closing(self._open(cut)) as events:
                for event in events:
                    self._pass_on(event)
                    if cut.is_set():
                        break
        except Later as later:
            failure = later
        except Exception:
            log.exception("the stream of %s could not be read", self._network.title)
            failure = Later(None, "server error", "The stream had something that Heard cannot read.")
        return self._end(None if cut.is_set() else failure)

    def check(self) -> None:
        """Look after the stream, every few seconds: whose it is, what it is for, and how it goes.

        Raises what the database raises.
        """
        if self._open_since is None:
            return
        if not self._leases.is_held(self._name):
            self._is_ours = False
            self._is_taken = True
            self._cut_off()
            return
        self._tracks.refresh(self._account_id)
        if not self._tracks.wish.is_same_stream(self._wish):
            self._is_replaced = True
            self._cut_off()
        self._report()

    def _open(self, cut: threading.Event) -> Generator[StreamEvent, None, None]:
        return self._network.stream(self._wish, account_id=self._account_id, stop=cut)

    def _begin(self, account_id: str) -> threading.Event:
        """Prepare for a new connection; return what ends it."""
        self._tracks.refresh(account_id)
        self._is_taken = False
        self._account_id, self._wish = account_id, self._tracks.wish
        with self._lock:
            self._cut = threading.Event()
            if self._stopped.is_set():
                self._cut.set()
            return self._cut

    def _cut_off(self) -> None:
        """End the connection that is open."""
        with self._lock:
            self._cut.set()

    def _pass_on(self, event: StreamEvent) -> None:
        if self._open_since is None:
            self._note_open()
        with self._lock:
            self._bytes += event.bytes_read
        self._inbox.put(event)

    def _note_open(self) -> None:
        at = self._ctx.now()
        is_replaced, self._is_replaced = self._is_replaced, False
        self._is_held = False
        self._open_since = self._reported_at = self._steady()
        self._inbox.wake_all()
        if not is_replaced:
            log.info("the stream of %s is open", self._network.title)
            self._write(lambda session: self._row(session).connect(at=at))

    def _end(self, failure: Later | None) -> float:
        """Record how the stream ended, None: we ended it; return for how many seconds to wait."""
        was_open, self._open_since = self._open_since is not None, None
        at = self._ctx.now()
        if failure is None or self._is_taken:
            if was_open and not self._is_replaced and not self._is_taken:
                self._write(lambda session: self._row(session).end(at=at))
            return 0.0
        self._is_replaced = False
        if isinstance(failure, WrongAccount):  # another account was connected meanwhile
            return self._backoff.next_seconds()
        if isinstance(failure, StreamNotOffered):
            self._write(lambda session: self._row(session).lack(failure.detail, at=at))
            return NOT_OFFERED_RETRY_SECONDS
        log.warning("the stream of %s is down: %s", self._network.title, failure.detail)
        self._write(lambda session: self._record_failure(session, failure, at=at))
        wait = timedelta(seconds=self._backoff.next_seconds())
        return max((pace.retry_at(failure, at=at, otherwise=wait) - at).total_seconds(), wait.total_seconds())

    def _record_failure(self, session: Session, failure: Later, *, at: datetime) -> None:
        row = self._row(session)
        row.lose(failure.detail, at=at)
        assert row.failing_since is not None
        if at - row.failing_since >= network_alarms.TRANSIENT_NOTIFY_DELAY:
            network_alarms.record_failure(
                self._ctx,
                session,
                self._network,
                "streaming",
                failure,
                account_id=self._account_id,
                at=at,
                since=row.failing_since,
            )

    def _report(self) -> None:
        """Write how it goes, twice a minute; and once that it holds."""
        now, since = self._steady(), self._open_since
        if since is None:
            return
        holds_now = not self._is_held and now - since >= HELD_AFTER_SECONDS
        seconds = now - self._reported_at
        if not holds_now and seconds < REPORT_INTERVAL.total_seconds():
            return
        with self._lock:
            read, self._bytes = self._bytes, 0
        self._reported_at, self._is_held = now, self._is_held or holds_now
        at, dropped = self._ctx.now(), self._inbox.take_dropped()
        if dropped:
            log.warning("%s: %s posts of the stream were too many; searching", self._network.title, dropped)

        def write(session: Session) -> None:
            row = self._row(session)
            row.report(at=at, bytes_read=read, seconds=seconds, dropped=dropped, is_held=holds_now)
            if holds_now:
                network_alarms.record_success(
                    self._ctx, session, self._network, "streaming", account_id=self._account_id, at=at
                )

        self._write(write)
        if holds_now:
            self._backoff.reset()

    def _row(self, session: Session) -> AccountStream:
        return AccountStream.of(session, self._network.name, self._account_id)

    def _write(self, write: Callable[[Session], object]) -> None:
        """Write to the ledger, unless it takes nothing now: the stream goes on all the same."""
        self._ctx.try_write(write)
