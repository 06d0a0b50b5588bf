"""Which job runs when: APScheduler for what the clock decides, two loops for what the ledger decides.

Jobs live in memory, and the ledger knows how far each got and whose turn it is (`rota`): APScheduler's stored
jobs fire twice with two processes. https://apscheduler.readthedocs.io/en/3.x/faq.html

Every trigger names its zone: one without goes by the machine's, whatever the scheduler's own zone is
(APScheduler 3.11). What comes at a time of the team's day, the digest, asks its own clock.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.context import BotContext
from bot.ingest import backfill, missing_posts, own_posts, profiles
from bot.jobs import (
    account_check,
    canary,
    claim_expiry,
    digest,
    reminders,
    search_index,
    snooze_wakeup,
    stats_rollup,
    watchdog,
)
from bot.networks.base import Later, Network, Publisher, supports
from bot.publish import manual_posting, outbox
from bot.runtime import clock_set_back
from bot.runtime.clock import WatchedClock
from bot.runtime.job_leases import LEASE_RENEW_INTERVAL_SECONDS, JobLeases
from bot.runtime.pg_notify import PgListener
from bot.slack import cards, fix_followup, home_tab, reactions
from bot.slack.client import SlackError
from models import ProcessedRequest, SharedAnswer

log = logging.getLogger(__name__)

SLOW_READ_INTERVAL_SECONDS = 600.0
CLAIM_CHECK_INTERVAL_SECONDS = 10.0  # seconds between two looks at what the clock does to tickets
LOOP_MAX_WAIT_SECONDS = 2.0  # seconds; what a lost nudge costs
WAKE_DELAY_SECONDS = (
    0.03  # seconds from the bell to the work: what several people press at once is seen to at once
)
SHARED_ANSWER_RETENTION = timedelta(days=1)  # so long can an answer be shared
REQUEST_RETENTION = timedelta(days=3)  # Slack repeats an event for an hour at most


class Scheduler:
    """Everything that runs by itself, started together and drained together."""

    def __init__(self, ctx: BotContext) -> None:
        self.ctx = ctx
        self._rota = JobLeases(ctx)
        self._machine = WatchedClock(lambda: datetime.now(UTC))
        self._jobs = BackgroundScheduler(timezone=UTC, job_defaults={"max_instances": 1, "coalesce": True})
        self._loops = [
            self._thread("board", cards.run_due, ctx.cards_wake.subscribe()),
            self._thread("marks", reactions.run_due, ctx.cards_wake.subscribe()),
            *(self._run_outbox_loop(name) for name in ctx.networks),
        ]

    def start(self) -> None:
        """Begin; the first poll comes at once."""
        self.plan()
        if self._rota.is_shared:
            PgListener(self.ctx).thread.start()
        self._jobs.start()
        for loop in self._loops:
            loop.start()

    @property
    def jobs(self) -> dict[str, BaseTrigger]:
        """What comes when, by the name of the job."""
        return {job.id: job.trigger for job in self._jobs.get_jobs()}

    def plan(self) -> None:
        """Say what comes when; nothing runs yet."""
        for network in self.ctx.networks.values():
            self._schedule_reads(network)
        self._add_interval(30, self._wake_snoozed, "snoozes")
        self._add_interval(CLAIM_CHECK_INTERVAL_SECONDS, lambda: claim_expiry.run_due(self.ctx), "claims")
        self._add_interval(reminders.CHECK_INTERVAL_SECONDS, lambda: reminders.send_due(self.ctx), "nudges")
        self._add_interval(
            reminders.CLOCK_INIT_INTERVAL_SECONDS,
            lambda: reminders.start_missing_clocks(self.ctx),
            "clocks",
            first=0,
        )
        self._add_interval(
            stats_rollup.ROLLUP_INTERVAL_SECONDS, lambda: stats_rollup.run_due(self.ctx), "figures", first=3
        )
        self._add_interval(digest.CHECK_INTERVAL_SECONDS, lambda: digest.write_due(self.ctx), "digest")
        self._add_interval(
            fix_followup.UPDATE_INTERVAL_SECONDS, lambda: fix_followup.update_messages(self.ctx), "fixes"
        )
        self._add_interval(
            missing_posts.CHECK_INTERVAL_SECONDS,
            lambda: missing_posts.run_due(self.ctx),
            "missing posts",
            first=7,
        )
        self._add_interval(watchdog.READ_MIN_AGE_SECONDS, lambda: watchdog.run_checks(self.ctx), "audit")
        if self.ctx.settings.canary_channel is not None:
            self._add_interval(
                canary.CHECK_INTERVAL_SECONDS, lambda: canary.check(self.ctx), "canary", first=0
            )
        self._add_interval(home_tab.REFRESH_INTERVAL_SECONDS, lambda: home_tab.refresh(self.ctx), "homes")
        self._add_interval(3600, self._delete_expired, "tidy")
        self._add_interval(
            search_index.CATCH_UP_INTERVAL_SECONDS,
            lambda: search_index.catch_up(self.ctx),
            "search index",
            first=2,
        )
        each, now = _interval(30), datetime.now(UTC)
        self._jobs.add_job(
            self._fetch_identity, each, id="introduce", next_run_time=now
        )  # each worker its own
        if self._rota.is_shared:
            self._jobs.add_job(self._renew_leases, _interval(LEASE_RENEW_INTERVAL_SECONDS), id="keep turns")

    def drain(self, seconds: float) -> bool:
        """Take nothing new, finish what is on the wire; True if all came to rest within `seconds`."""
        until = time.monotonic() + seconds
        self.ctx.stop.set()
        self.ctx.wake_loops()
        if self._jobs.running:
            self._jobs.shutdown(wait=False)
        for loop in self._loops:
            loop.join(timeout=max(until - time.monotonic(), 0.0))
        jobs_rest = self.ctx.running_tasks.wait_until_idle(max(until - time.monotonic(), 0.0))
        return jobs_rest and not any(loop.is_alive() for loop in self._loops)

    def _schedule_reads(self, network: Network) -> None:
        """Plan the readings of one network, as far as it has them."""
        ctx, name = self.ctx, network.name
        if supports(network, "mentions"):
            self._schedule_mentions(network)
        self._add_interval(
            account_check.CHECK_INTERVAL_SECONDS,
            lambda: account_check.check_network(ctx, network),
            f"account {name}",
            first=0,
        )
        if supports(network, "own_posts"):
            # after the first poll: what we answered can only be told once we have heard it
            self._add_interval(
                SLOW_READ_INTERVAL_SECONDS,
                lambda: own_posts.read_own_posts(ctx, network),
                f"own {name}",
                first=5,
            )
        if isinstance(network, Publisher):
            self._add_interval(60, lambda: manual_posting.confirm_seen(ctx, network), f"hand-offs {name}")
        if supports(network, "people"):
            self._add_interval(60, lambda: profiles.fetch_missing(ctx, network), f"profiles {name}")

    def _schedule_mentions(self, network: Network) -> None:
        """Plan polls and sweeps: hourly, and once more at the end of the UTC day, by which X charges."""
        ctx, name = self.ctx, network.name
        self._add_interval(
            ctx.settings.poll_seconds,
            lambda: backfill.poll_and_backfill(ctx, network),
            f"poll {name}",
            first=0,
        )
        hourly, last = CronTrigger(minute=17, timezone=UTC), CronTrigger(hour=23, minute=50, timezone=UTC)
        for trigger, job in ((hourly, f"sweep {name}"), (last, f"last sweep {name}")):
            self._add_job(
                trigger,
                lambda: missing_posts.sweep_and_check(ctx, network),
                job,
                repeat(SLOW_READ_INTERVAL_SECONDS),
            )

    def _add_interval(
        self, seconds: float, job: Callable[[], object], name: str, *, first: float | None = None
    ) -> None:
        """Do `job` every `seconds`; and once `first` so many seconds from now, whoever did it just before."""
        trigger = _interval(self._rota.check_interval(seconds))
        if first is None:
            self._add_job(trigger, job, name, repeat(seconds))
        else:
            self._add_job(trigger, job, name, chain([0.0], repeat(seconds)), first)

    def _add_job(
        self,
        trigger: BaseTrigger,
        job: Callable[[], object],
        name: str,
        rounds: Iterator[float],
        first: float | None = None,
    ) -> None:
        """Have `job` done when `trigger` says so.

        `rounds` says at each time how long ago, in seconds, anybody must have done it last.
        """
        # By this machine's clock: APScheduler goes by that.
        start = {} if first is None else {"next_run_time": datetime.now(UTC) + timedelta(seconds=first)}
        self._jobs.add_job(
            lambda: self._run_safely(job, name, next(rounds)),
            trigger,
            id=name,
            misfire_grace_time=None,
            **start,
        )

    def _run_safely(self, job: Callable[[], object], name: str, every: float) -> None:
        """One job that fails must not end the others, and comes again at its next time."""
        if self.ctx.stop.is_set():
            return
        try:
            with self.ctx.running_tasks.counted(), self._rota.acquire(name, every) as ours:
                if ours:
                    job()
        except Later as later:
            log.warning("%s waits: %s", name, later.detail)
        except Exception:
            log.exception("%s failed; it comes again", name)

    def _renew_leases(self) -> None:
        try:
            self._rota.renew_all()
        except Exception as error:  # noqa: BLE001 - then somebody else may take over, as if we were dead
            log.warning("could not say that we are still at work: %s", type(error).__name__)

    def _run_outbox_loop(self, network: str) -> threading.Thread:
        """A loop for each network: one that is slow or down must not hold up the others."""
        ear = self.ctx.outbox_wake.subscribe()
        return self._thread(f"outbox {network}", lambda ctx: outbox.run_due(ctx, {network}), ear)

    def _thread(
        self, name: str, work: Callable[[BotContext], float], bell: threading.Event
    ) -> threading.Thread:
        return threading.Thread(target=self._loop, args=(work, bell), name=name)

    def _loop(self, work: Callable[[BotContext], float], bell: threading.Event) -> None:
        """Work until told to stop: at once when the bell rings, else when the next thing is due."""
        while not self.ctx.stop.is_set():
            bell.clear()
            try:
                self._bring_jobs_back()
                wait = work(self.ctx)
            except Exception:
                log.exception("%s failed; it goes on", threading.current_thread().name)
                wait = LOOP_MAX_WAIT_SECONDS
            if wait > 0 and bell.wait(min(wait, LOOP_MAX_WAIT_SECONDS)):
                self.ctx.stop.wait(WAKE_DELAY_SECONDS)

    def _bring_jobs_back(self) -> None:
        """Where this machine's clock was set back, have its jobs wait no longer than they should.

        APScheduler knows when each comes next, and would leave it at that. On PostgreSQL, too.
        """
        now = self._machine()
        step = self._machine.take_step()
        if not step:
            return
        log.warning("this machine's clock was set back by %s; its jobs come as if it had not been", step)
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
            log.warning("Slack does not say who we are: %s", error)

    def _wake_snoozed(self) -> None:
        with self.ctx.db.write() as session:
            snooze_wakeup.wake_due(self.ctx, session, at=self.ctx.now())
        self.ctx.cards_wake.set()

    def _delete_expired(self) -> None:
        with self.ctx.db.write() as session:
            ProcessedRequest.delete_before(session, self.ctx.now() - REQUEST_RETENTION)
            SharedAnswer.delete_before(session, self.ctx.now() - SHARED_ANSWER_RETENTION)
            clock_set_back.clear_old_alarm(session, at=self.ctx.now())


def _interval(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone=UTC)
