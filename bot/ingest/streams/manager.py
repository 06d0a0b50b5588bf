"""Every account's live stream: started, looked after, and ended together."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.streams.backoff import Backoff
from bot.ingest.streams.connection import StreamConnection
from bot.ingest.streams.inbox import StreamInbox
from bot.ingest.streams.readings import StreamReadings
from bot.ingest.streams.wanted_tracks import WantedTracks
from bot.networks.base import Network, supports
from bot.notices import network_alarms
from bot.runtime.clock import monotonic_seconds
from bot.runtime.job_leases import JobLeases
from models import Alarm
from models.core.database import BusyError

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 5.0
FAILED_READING_PAUSE_SECONDS = 2.0


@dataclass(slots=True)
class _Held:
    """One account's stream: a thread that listens, and one that reads."""

    connection: StreamConnection
    wake: threading.Event
    over: threading.Event
    threads: tuple[threading.Thread, ...]

    def leave(self) -> None:
        """Have both threads end soon."""
        self.over.set()
        self.wake.set()
        self.connection.stop()

    def join(self, until: float) -> bool:
        """Wait until both have ended, until then at most; return whether they have."""
        for thread in self.threads:
            thread.join(timeout=max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self.threads)


class StreamManager:
    """The streams of this process; none with `STREAMS=off`. `leases` are those of the scheduler's jobs.

    `steady` returns seconds of a clock that is never set, and `jitter` a number from 0 to 1.
    """

    def __init__(
        self,
        ctx: BotContext,
        leases: JobLeases,
        *,
        steady: Callable[[], float] = monotonic_seconds,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._ctx, self._leases, self._steady, self._jitter = ctx, leases, steady, jitter
        self._held: dict[Network, _Held] = {}
        self._leaving: list[_Held] = []
        self._lock = threading.Lock()
        self._is_over = False

    def start(self) -> None:
        """Open the streams; forget what is wrong with those that are not held any more."""
        self._forget_alarms()
        self.check()

    def check(self) -> None:
        """Take up the streams of accounts that were connected, end the others, and look after the rest."""
        with self._lock:
            if self._is_over or self._ctx.stop.is_set():
                return
            wanted = self._wanted()
            for network in [one for one in self._held if one not in wanted]:
                gone = self._held.pop(network)
                gone.leave()
                self._leaving.append(gone)
            for network in wanted:
                if network not in self._held:
                    self._held[network] = self._hold(network)
            self._leaving = [one for one in self._leaving if not one.join(0.0)]
            held = list(self._held.values())
        for one in held:
            try:
                one.connection.check()
            except (SQLAlchemyError, BusyError) as error:
                log.warning("could not look after a stream: %s", type(error).__name__)

    def stop(self) -> None:
        """Have all streams end soon."""
        with self._lock:
            self._is_over = True
            self._leaving += self._held.values()
            self._held.clear()
            for one in self._leaving:
                one.leave()

    def join(self, seconds: float) -> bool:
        """Wait for the streams to end after `stop`; return whether all have within `seconds`."""
        until = time.monotonic() + seconds
        self._leaving = [one for one in self._leaving if not one.join(until)]
        return not self._leaving

    def _wanted(self) -> list[Network]:
        if self._ctx.settings.streams == "off":
            return []
        return [one for one in self._ctx.networks.accounts if has_stream(one) and one.has_credentials]

    def _hold(self, network: Network) -> _Held:
        wake, over = threading.Event(), threading.Event()
        inbox, tracks = StreamInbox(self._steady, wake), WantedTracks(self._ctx, network)
        shared = self._ctx, network, self._leases, inbox, tracks
        connection = StreamConnection(*shared, steady=self._steady, backoff=Backoff(self._jitter))
        readings = StreamReadings(*shared, steady=self._steady)
        name = f"{network.name} {network.connection}".rstrip()
        threads = (
            threading.Thread(target=connection.run, name=f"stream {name}", daemon=True),
            threading.Thread(
                target=self._read, args=(readings, wake, over), name=f"stream readings {name}", daemon=True
            ),
        )
        for thread in threads:
            thread.start()
        return _Held(connection, wake, over, threads)

    def _read(self, readings: StreamReadings, wake: threading.Event, over: threading.Event) -> None:
        """Do what the stream asks for: at once when `wake` is set, else when the next thing is due."""
        while True:
            wake.clear()
            if over.is_set():  # looked at after the event is cleared: whoever ends this sets `over` first
                return
            try:
                wait = readings.run_due()
            except Exception:
                log.exception("%s failed; continuing", threading.current_thread().name)
                over.wait(FAILED_READING_PAUSE_SECONDS)
            else:
                wake.wait(wait)

    def _forget_alarms(self) -> None:
        """Delete the alarms about streams that this Heard does not hold."""
        names = {one.name for one in self._wanted()}

        def forget(session: Session) -> None:
            for alarm in Alarm.active(session):
                subject = network_alarms.account_of_alarm(alarm)
                if alarm.key.startswith("streaming ") and subject is not None and subject[0] not in names:
                    session.delete(alarm)

        self._ctx.try_write(forget)


def has_stream(network: Network) -> bool:
    """Whether the network's file can hold a stream, and knows where it is."""
    return supports(network, "stream") and network.stream_address is not None
