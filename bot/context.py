"""What a working bot has at hand: the ledger, the networks, Slack, the time, and ways to wake its loops."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.runtime.clock import WatchedClock
from bot.runtime.keyed_queue import Ordered
from bot.runtime.task_counter import Underway
from bot.runtime.wake_event import Bell
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.permissions import Standing
from models.core.base import RuleBrokenError
from models.core.database import PATIENCE, BusyError, Database
from models.similarity.near_duplicates import Essences
from models.tickets.sla import Promise

log = logging.getLogger(__name__)

REST = 2.0  # seconds that an end waits for what is under way, besides the time for calls to networks

Result = TypeVar("Result")


@dataclass(frozen=True)
class Desk:
    """One of these is made at the start and handed to everything that works.

    `worker` names this process in leases; `stop` is set once, when it should finish.
    """

    settings: Settings
    db: Database
    slack: Slack
    networks: Mapping[str, Network]
    now: Callable[[], datetime]
    worker: str
    stop: threading.Event = field(default_factory=threading.Event)
    outbox_bell: Bell = field(default_factory=Bell)
    board_bell: Bell = field(default_factory=Bell)
    underway: Underway = field(default_factory=Underway)
    essences: Essences = field(default_factory=Essences)
    standing: Standing = field(default_factory=Standing)
    # Errands wait for Slack and networks: a slow one must not keep people from a glance at the ledger. Nor
    # must a slow ledger keep Heard from asking Slack who somebody is, or the reverse.
    _glances: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "glance"))
    _asks: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "ask"))
    _errands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "errand"))
    _answers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, "answer"))
    _in_order: Ordered = field(init=False)
    clock: WatchedClock = field(init=False)  # what `now` asks

    def __post_init__(self) -> None:
        in_order = Ordered(lambda errand: self._submit(self._answers, errand))
        object.__setattr__(self, "_in_order", in_order)  # frozen
        object.__setattr__(self, "clock", WatchedClock(self.now))
        object.__setattr__(self, "now", self.clock)

    @property
    def promise(self) -> Promise:
        """When, after a customer's post, a first reply is owed."""
        return Promise(self.settings.office, timedelta(minutes=self.settings.first_reply_minutes))

    @property
    def claim_holds(self) -> timedelta:
        """How long, in office hours, a claim holds without a sign of life."""
        return timedelta(minutes=self.settings.claim_minutes)

    @property
    def titles(self) -> dict[str, str]:
        """What people call each network that this Heard can speak to, by its name."""
        return {name: network.title for name, network in self.networks.items()}

    def network(self, name: str) -> Network:
        """The network called `name`; `RuleBrokenError` if this Heard has no keys for it (any more)."""
        if name not in self.networks:
            raise RuleBrokenError(f"This Heard has no keys for {name}, so nothing can be done there.")
        return self.networks[name]

    def nudge(self) -> None:
        """Something changed: have it sent and drawn now. A lost nudge costs a tick, not the work."""
        self.outbox_bell.set()
        self.board_bell.set()

    def glance(self, look: Callable[[], Result], seconds: float) -> Result | None:
        """Look something up if it can be had within `seconds`, else None: the person must not wait.

        A look that takes longer goes on in a thread of its own and is forgotten: what it writes must do no
        harm if it comes late.
        """
        return self._within(self._glances, look, seconds)

    def ask(self, question: Callable[[], Result], seconds: float) -> Result | None:
        """Ask Slack something; None if it does not answer within `seconds`. As `glance`, in own threads."""
        return self._within(self._asks, question, seconds)

    def _within(self, pool: ThreadPoolExecutor, look: Callable[[], Result], seconds: float) -> Result | None:
        future: Future[Result] = pool.submit(self._counted, look)
        try:
            return future.result(timeout=seconds)
        except NotInTimeError:
            future.cancel()
        except (SQLAlchemyError, BusyError) as error:
            log.warning("the ledger could not be looked at: %s", type(error).__name__)
        return None

    def note(self, write: Callable[[Session], object], *, patience: float = PATIENCE) -> bool:
        """Write what only makes things nicer, and can be left out where the ledger takes nothing.

        Such as while the disk is full: who asks then is answered all the same. Whether it was written.
        """
        try:
            with self.db.write(patience) as session:
                write(session)
        except (SQLAlchemyError, BusyError) as error:
            log.warning("something could not be noted: %s", type(error).__name__)
            return False
        return True

    def aside(self, errand: Callable[[], object]) -> None:
        """Do something that takes longer than a person waits for an answer. Lost if the process dies."""
        self._submit(self._errands, errand)

    def answer(self, user: str, errand: Callable[[], object]) -> None:
        """Tell `user` something beside their request, after all that they were to be told before.

        Lost if the process dies; an end waits for it.
        """
        self._in_order.add(user, errand)

    def _submit(self, pool: ThreadPoolExecutor, errand: Callable[[], object]) -> None:
        """Have it done in `pool`; counted as under way from now on, also while it waits for a thread."""
        self.underway.begin()
        try:
            future = pool.submit(errand)
        except RuntimeError:  # the pool is closed
            self.underway.end()
            log.warning("something that was to be done aside is not done: Heard is stopping")
            return
        future.add_done_callback(self._done)

    def _done(self, errand: Future[object]) -> None:
        self.underway.end()
        _note_failure(errand)

    def _counted(self, errand: Callable[[], Result]) -> Result:
        with self.underway.errand():
            return errand()

    def close(self) -> None:
        """Let what is under way come to its end, if it does so soon; then let go of everything."""
        if not self.underway.came_to_rest(within=REST):
            log.warning("Heard stops with %s things under way, answers perhaps", self.underway.count)
        for pool in (self._glances, self._asks, self._errands, self._answers):
            pool.shutdown(wait=False, cancel_futures=True)
        self.db.close()


def _note_failure(errand: Future[object]) -> None:
    """Nobody waits for what is done aside, so nobody else would hear of its failure."""
    if not errand.cancelled() and (error := errand.exception()) is not None:
        log.error("what was to be done aside failed", exc_info=error)
