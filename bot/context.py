"""What all parts of a running bot share: ledger, networks, Slack, time, and ways to wake its loops."""

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.networks.base import Network
from bot.runtime import charge_writer
from bot.runtime.bounded_threads import BoundedThreads
from bot.runtime.clock import WatchedClock
from bot.runtime.keyed_queue import KeyedQueue
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.runtime.task_counter import TaskCounter
from bot.runtime.wake_event import WakeEvent
from bot.settings import Settings
from bot.slack.client import SlackClient
from bot.slack.sender_permissions import SenderPermissions
from models.core.base import RuleBrokenError
from models.core.database import LOCK_TIMEOUT_SECONDS, BusyError, Database
from models.core.sla import SlaPolicy
from models.policies.channel_policy import ChannelPolicy
from models.similarity.near_duplicates import FingerprintCache

log = logging.getLogger(__name__)

SHUTDOWN_WAIT_SECONDS = (
    2.0  # seconds that an end waits for what is under way, besides the time for calls to networks
)

FEED_READINGS_MAX = 32  # at a time: one that hangs takes up to 20 seconds
READ_MIN_AGE_SECONDS = 60.0
UNREAD_AFTER_POLLS = 3  # failed polls until mentions count as unread

Result = TypeVar("Result")


@dataclass(frozen=True)
class BotContext:
    """One of these is made at the start and handed to everything that works.

    `worker` names this process in leases; `stop` is set once, when it should finish. `patience` multiplies
    the seconds that people's requests wait for the ledger and for Slack; only tests make it more than 1.
    """

    settings: Settings
    db: Database
    slack: SlackClient
    networks: SignedInAccounts
    now: Callable[[], datetime]
    worker: str
    patience: float = 1.0
    stop: threading.Event = field(default_factory=threading.Event)
    outbox_wake: WakeEvent = field(default_factory=WakeEvent)
    cards_wake: WakeEvent = field(default_factory=WakeEvent)
    running_tasks: TaskCounter = field(default_factory=TaskCounter)
    fingerprints: FingerprintCache = field(default_factory=FingerprintCache)
    sender_permissions: SenderPermissions = field(default_factory=SenderPermissions)
    feed_readings: BoundedThreads = field(default_factory=lambda: BoundedThreads("feed", FEED_READINGS_MAX))
    # Background tasks wait for Slack and networks: a slow one must not keep people from a quick read of the
    # ledger. Nor must a slow ledger keep Heard from asking Slack who somebody is, or the reverse.
    _read_pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "read"))
    _slack_pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "slack"))
    _background_pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(16, "background"))
    _answer_pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8, "answer"))
    _ordered_answers: KeyedQueue = field(init=False)
    clock: WatchedClock = field(init=False)  # what `now` asks

    def __post_init__(self) -> None:
        in_order = KeyedQueue(lambda task: self._submit(self._answer_pool, task))
        object.__setattr__(self, "_ordered_answers", in_order)  # frozen
        object.__setattr__(self, "clock", WatchedClock(self.now))
        object.__setattr__(self, "now", self.clock)

    def policy(self, session: Session, channel: str) -> ChannelPolicy:
        """What holds for tickets whose cards are in that Slack channel."""
        return self.settings.policy_defaults.policy(session, channel)

    def sla_policy(self, session: Session, channel: str) -> SlaPolicy:
        """When, after a customer's post, a first reply is owed, in that Slack channel."""
        return self.policy(session, channel).sla

    @property
    def claim_duration(self) -> timedelta:
        """How long, in office hours, a claim holds without a sign of life."""
        return timedelta(minutes=self.settings.claim_minutes)

    @property
    def max_read_age(self) -> timedelta:
        """How old the last reading of mentions may be before they count as unread."""
        polls = UNREAD_AFTER_POLLS * self.settings.poll_seconds
        return timedelta(seconds=max(polls, READ_MIN_AGE_SECONDS))

    @property
    def network_titles(self) -> dict[str, str]:
        """What people call each network that this Heard can speak to, by its name."""
        return {name: network.title for name, network in self.networks.items()}

    def network(self, name: str) -> Network:
        """The network called `name`; `RuleBrokenError` if this Heard has no keys for it (any more)."""
        if name not in self.networks:
            raise RuleBrokenError(f"This Heard has no keys for {name}, so nothing can be done there.")
        return self.networks[name]

    def refresh_networks(self) -> bool:
        """See which accounts people have connected or disconnected; return whether any has changed.

        If the ledger does not answer, the list stays as it is.
        """
        try:
            return self.networks.refresh()
        except (SQLAlchemyError, BusyError) as error:
            log.warning("could not see which accounts are connected: %s", type(error).__name__)
            return False

    def network_as(self, name: str, account_id: str) -> Network:
        """The network called `name` for calls as that account; see `SignedInAccounts.for_account`.

        Raises `RuleBrokenError` if this Heard has no keys for the network (any more).
        """
        self.network(name)
        return self.networks.for_account(name, account_id)

    def record_charges(self) -> None:
        """Write what this thread's calls to networks were billed, where no transaction took it along.

        If the ledger does not take it, it is written later.
        """
        charge_writer.write_rest(self.db, self.networks.accounts, now=self.now)

    def new_lease_holder(self) -> str:
        """Return a name for one piece of work of this process in leases: no other piece has it."""
        return f"{self.worker}/{uuid.uuid4().hex[:8]}"

    def wake_loops(self) -> None:
        """Something changed: have it sent and drawn now. A lost wake-up costs a short wait, not the work."""
        self.outbox_wake.set()
        self.cards_wake.set()

    def read_with_timeout(self, look: Callable[[], Result], seconds: float) -> Result | None:
        """Look something up if it can be had within `seconds`, else None: the person must not wait.

        A look that takes longer goes on in a thread of its own and is forgotten: what it writes must do no
        harm if it comes late.
        """
        return self._run_with_timeout(self._read_pool, look, seconds)

    def ask_with_timeout(self, question: Callable[[], Result], seconds: float) -> Result | None:
        """As `read_with_timeout`, for questions to Slack, in threads of its own."""
        return self._run_with_timeout(self._slack_pool, question, seconds)

    def _run_with_timeout(
        self, pool: ThreadPoolExecutor, look: Callable[[], Result], seconds: float
    ) -> Result | None:
        future: Future[Result] = pool.submit(self._run_counted, look)
        try:
            return future.result(timeout=seconds * self.patience)
        except NotInTimeError:
            future.cancel()
        except (SQLAlchemyError, BusyError) as error:
            log.warning("could not read the database: %s", type(error).__name__)
        return None

    def try_write(
        self, write: Callable[[Session], object], *, patience: float = LOCK_TIMEOUT_SECONDS
    ) -> bool:
        """Write what only makes things nicer, and can be left out where the ledger takes nothing.

        Such as while the disk is full: who asks then is answered all the same. Whether it was written.
        """
        try:
            with self.db.write(patience) as session:
                write(session)
        except (SQLAlchemyError, BusyError) as error:
            log.warning("could not store a change: %s", type(error).__name__)
            return False
        return True

    def run_in_background(self, task: Callable[[], object]) -> None:
        """Do something that takes longer than a person waits for an answer. Lost if the process dies."""
        self._submit(self._background_pool, task)

    def queue_answer(self, user: str, task: Callable[[], object]) -> None:
        """Tell `user` something beside their request, after all that they were to be told before.

        Lost if the process dies; an end waits for it.
        """
        self._ordered_answers.add(user, task)

    def _submit(self, pool: ThreadPoolExecutor, task: Callable[[], object]) -> None:
        """Have it done in `pool`; counted as under way from now on, also while it waits for a thread."""
        self.running_tasks.begin()
        try:
            future = pool.submit(self.run_billed, task)
        except RuntimeError:  # the pool is closed
            self.running_tasks.end()
            log.warning("skipped a background task: Heard is stopping")
            return
        future.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: Future[object]) -> None:
        self.running_tasks.end()
        _log_failure(task)

    def _run_counted(self, task: Callable[[], Result]) -> Result:
        with self.running_tasks.counted():
            return self.run_billed(task)

    def run_billed(self, task: Callable[[], Result]) -> Result:
        """Do `task`, and write what its calls to networks were billed, however it ends."""
        try:
            return task()
        finally:
            self.record_charges()

    def close(self) -> None:
        """Let what is under way come to its end, if it does so soon; then let go of everything."""
        if not self.running_tasks.wait_until_idle(within=SHUTDOWN_WAIT_SECONDS):
            log.warning("Heard is stopping with %s background tasks unfinished", self.running_tasks.count)
        for pool in (self._read_pool, self._slack_pool, self._background_pool, self._answer_pool):
            pool.shutdown(wait=False, cancel_futures=True)
        self.db.close()


def _log_failure(task: Future[object]) -> None:
    """Nobody waits for what is done aside, so nobody else would hear of its failure."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task failed", exc_info=error)
