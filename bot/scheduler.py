"""Which job runs when: APScheduler for what the clock decides, loops for what the ledger decides.

Jobs live in memory, and the ledger knows how far each got and who may run it (`JobLeases`): APScheduler's
stored jobs fire twice with two processes. https://apscheduler.readthedocs.io/en/3.x/faq.html

Every trigger names its zone: one without goes by the machine's, whatever the scheduler's own zone is
(APScheduler 3.11). What comes at a time of the team's day, the digest, asks its own clock.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, repeat

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.context import BotContext
from bot.ingest.streams import manager as stream_manager
from bot.ingest.streams.manager import StreamManager
from bot.jobs.registry import ALL_JOBS
from bot.networks.base import Network, supports
from bot.networks.errors import Later
from bot.publish import outbox
from bot.runtime.clock import WatchedClock
from bot.runtime.job_leases import LEASE_RENEW_INTERVAL_SECONDS, JobLeases
from bot.runtime.pg_notify import PgListener
from bot.scheduled_job import NetworkJob, ScheduledJob, lease_name
from bot.slack import cards, reactions
from bot.slack.errors import SlackError

log = logging.getLogger(__name__)

CONNECTIONS_REFRESH_SECONDS = 5.0  # what somebody connects is used that soon
LOOP_MAX_WAIT_SECONDS = 2.0  # what a lost wake-up costs
WAKE_DELAY_SECONDS = 0.03  # from a wake-up to the work: what several people press at once is done at once


class Scheduler:
    """Everything that runs by itself, started together and drained together."""

    def __init__(self, ctx: BotContext) -> None:
        self.ctx = ctx
        self._leases = JobLeases(ctx.db, ctx.worker, ctx.now)
        self._streams = StreamManager(ctx, self._leases)
        self._machine_clock = WatchedClock(lambda: datetime.now(UTC))
        self._jobs = BackgroundScheduler(timezone=UTC, job_defaults={"max_instances": 1, "coalesce": True})
        self._planned = ctx.networks.accounts
        self._network_jobs: dict[str, Network] = {}  # what was planned for which connection, by name
        self._sends_on = set(ctx.networks)  # the networks that have an outbox loop
        self._loops = [
            self._thread("cards", cards.run_due, ctx.cards_wake.subscribe()),
            self._thread("reactions", reactions.run_due, ctx.cards_wake.subscribe()),
            *(self._run_outbox_loop(name) for name in self._sends_on),
        ]

    def start(self) -> None:
        """Begin; the first poll comes at once."""
        self.plan()
        if self._leases.is_shared:
            # By the names that the triggers of the schema use.
            wake_events = {"outbox": self.ctx.outbox_wake, "board": self.ctx.cards_wake}
            PgListener(self.ctx.db, self.ctx.stop, wake_events).thread.start()
        self._jobs.start()
        for loop in self._loops:
            loop.start()
        self._streams.start()

    @property
    def jobs(self) -> dict[str, BaseTrigger]:
        """What comes when, by the name of the job."""
        return {job.id: job.trigger for job in self._jobs.get_jobs()}

    def plan(self) -> None:
        """Say what comes when; nothing runs yet."""
        for job in ALL_JOBS:
            if isinstance(job, ScheduledJob) and job.is_enabled(self.ctx.settings):
                self._add_job(job, job.name, partial(job.run, self.ctx))
        self._plan_networks()
        self._jobs.add_job(
            self._refresh_connections, _interval(CONNECTIONS_REFRESH_SECONDS), id="connections"
        )  # each worker its own
        streams_check = _interval(stream_manager.CHECK_INTERVAL_SECONDS)
        self._jobs.add_job(self._streams.check, streams_check, id="streams")  # each worker its own
        each, now = _interval(30), datetime.now(UTC)
        self._jobs.add_job(
            self._fetch_identity, each, id="identity", next_run_time=now
        )  # each worker its own
        if self._leases.is_shared:
            self._jobs.add_job(self._renew_leases, _interval(LEASE_RENEW_INTERVAL_SECONDS), id="job leases")

    def _plan_networks(self) -> None:
        """Add the jobs of accounts that were connected, and remove those of accounts that are no more."""
        wanted = {}
        for job in ALL_JOBS:
            if isinstance(job, NetworkJob):
                for network in self.ctx.networks.accounts:
                    if job.needs is not None and not supports(network, job.needs):
                        continue
                    if job.once_per_network and network is not self.ctx.networks[network.name]:
                        continue
                    wanted[lease_name(job.name, network)] = job, network
        for name, planned in list(self._network_jobs.items()):
            if name not in wanted or wanted[name][1] is not planned:
                self._jobs.remove_job(name)
                del self._network_jobs[name]
        for name, (job, network) in wanted.items():
            if name not in self._network_jobs:
                self._add_job(job, name, partial(job.run, self.ctx, network))
                self._network_jobs[name] = network

    def _refresh_connections(self) -> None:
        """See which accounts people have connected or disconnected since."""
        if self.ctx.stop.is_set():
            return
        self.ctx.refresh_networks()
        planned = self.ctx.networks.accounts
        if planned != self._planned:  # others look, too, between two of these
            self._planned = planned
            self._plan_networks()
            self._start_new_outboxes()
            self.ctx.wake_loops()

    def _start_new_outboxes(self) -> None:
        """Send on networks that had no account when this process started."""
        for name in set(self.ctx.networks) - self._sends_on:
            self._sends_on.add(name)
            loop = self._run_outbox_loop(name)
            self._loops.append(loop)
            loop.start()

    def drain(self, seconds: float) -> bool:
        """Take nothing new, finish what is on the wire; True if all came to rest within `seconds`."""
        until = time.monotonic() + seconds
        self.ctx.stop.set()
        self.ctx.wake_loops()
        self._streams.stop()
        if self._jobs.running:
            self._jobs.shutdown(wait=False)
        for loop in tuple(self._loops):
            loop.join(timeout=max(until - time.monotonic(), 0.0))
        streams_rest = self._streams.join(max(until - time.monotonic(), 0.0))
        jobs_rest = self.ctx.running_tasks.wait_until_idle(max(until - time.monotonic(), 0.0))
        return jobs_rest and streams_rest and not any(loop.is_alive() for loop in tuple(self._loops))

    def _add_job(self, job: ScheduledJob | NetworkJob, name: str, run: Callable[[], object]) -> None:
        """Have `run` done when `job` comes; the first time also if somebody did it just before."""
        every = job.interval_seconds
        seconds = every if isinstance(every, (int, float)) else every(self.ctx.settings)
        trigger = job.trigger if isinstance(job, NetworkJob) else None
        # How long ago, in seconds, anybody must have done it last, time by time.
        rounds: Iterator[float] = repeat(seconds)
        start = {}
        if job.first_delay_seconds is not None:
            rounds = chain([0.0], rounds)
            # By this machine's clock: APScheduler goes by that.
            start["next_run_time"] = datetime.now(UTC) + timedelta(seconds=job.first_delay_seconds)
        self._jobs.add_job(
            lambda: self._run_safely(run, name, next(rounds)),
            trigger or _interval(self._leases.check_interval(seconds)),
            id=name,
            misfire_grace_time=None,
            **start,
        )

    def _run_safely(self, job: Callable[[], object], name: str, every: float) -> None:
        """One job that fails must not end the others, and comes again at its next time."""
        if self.ctx.stop.is_set():
            return
        try:
            with self.ctx.running_tasks.counted(), self._leases.acquire(name, every) as ours:
                if ours:
                    self.ctx.run_billed(job)
        except Later as later:
            log.warning("%s waits: %s", name, later.detail)
        except Exception:
            log.exception("%s failed; trying again later", name)

    def _renew_leases(self) -> None:
        try:
            self._leases.renew_all()
        except Exception as error:  # noqa: BLE001 - then somebody else may take over, as if we were dead
            log.warning("could not renew our lease: %s", type(error).__name__)

    def _run_outbox_loop(self, network: str) -> threading.Thread:
        """A loop for each network: one that is slow or down must not hold up the others."""
        event = self.ctx.outbox_wake.subscribe()
        return self._thread(f"outbox {network}", lambda ctx: outbox.run_due(ctx, {network}), event)

    def _thread(
        self, name: str, work: Callable[[BotContext], float], event: threading.Event
    ) -> threading.Thread:
        return threading.Thread(target=self._loop, args=(work, event), name=name)

    def _loop(self, work: Callable[[BotContext], float], event: threading.Event) -> None:
        """Work until told to stop: at once when `event` is set, else when the next thing is due."""
        while not self.ctx.stop.is_set():
            event.clear()
            try:
                self._bring_jobs_back()
                wait = self.ctx.run_billed(lambda: work(self.ctx))
            except Exception:
                log.exception("%s failed; continuing", threading.current_thread().name)
                wait = LOOP_MAX_WAIT_SECONDS
            if wait > 0 and event.wait(min(wait, LOOP_MAX_WAIT_SECONDS)):
                self.ctx.stop.wait(WAKE_DELAY_SECONDS)

    def _bring_jobs_back(self) -> None:
        """Where this machine's clock was set back, have its jobs wait no longer than they should.

        APScheduler knows when each comes next, and would leave it at that. On PostgreSQL, too.
        """
        now = self._machine_clock()
        step = self._machine_clock.take_step()
        if not step:
            return
        log.warning("this machine's clock was set back by %s; its jobs run on schedule anyway", step)
        for job in self._jobs.get_jobs():
            if isinstance(job.trigger, IntervalTrigger):
                again = job.next_run_time - step
            else:  # a time of day
                again = job.trigger.get_next_fire_time(None, now)
            job.modify(next_run_time=again)

    def _fetch_identity(self) -> None:
        """Learn who we are in Slack; what is known is not asked again."""
        try:
            self.ctx.slack.identity()
        except SlackError as error:
            log.warning("could not get our identity from Slack: %s", error)


def _interval(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone=UTC)
