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

from bot.context import Desk
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
from bot.networks.base import Later, Network
from bot.publish import manual_posting, outbox
from bot.runtime import clock_set_back
from bot.runtime.clock import WatchedClock
from bot.runtime.job_leases import KEEP, Rota
from bot.runtime.pg_notify import Ear
from bot.slack import cards, fix_followup, home_tab, reactions
from bot.slack.client import SlackError
from models import Inbound, Shown

log = logging.getLogger(__name__)

TEN_MINUTES = 600.0
CLAIMS = 10.0  # seconds between two looks at what the clock does to tickets
TICK = 2.0  # seconds; what a lost nudge costs
GATHER = 0.03  # seconds from the bell to the work: what several people press at once is seen to at once
A_DAY = timedelta(days=1)  # so long can an answer be shared
REMEMBERED = timedelta(days=3)  # Slack repeats an event for an hour at most


class Schedule:
    """Everything that runs by itself, started together and drained together."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._rota = Rota(desk)
        self._machine = WatchedClock(lambda: datetime.now(UTC))
        self._jobs = BackgroundScheduler(timezone=UTC, job_defaults={"max_instances": 1, "coalesce": True})
        self._loops = [
            self._thread("board", cards.work, desk.board_bell.ear()),
            self._thread("marks", reactions.work, desk.board_bell.ear()),
            *(self._outbox(name) for name in desk.networks),
        ]

    def start(self) -> None:
        """Begin; the first poll comes at once."""
        self.plan()
        if self._rota.is_shared:
            Ear(self.desk).thread.start()
        self._jobs.start()
        for loop in self._loops:
            loop.start()

    @property
    def jobs(self) -> dict[str, BaseTrigger]:
        """What comes when, by the name of the job."""
        return {job.id: job.trigger for job in self._jobs.get_jobs()}

    def plan(self) -> None:
        """Say what comes when; nothing runs yet."""
        for network in self.desk.networks.values():
            self._listen(network)
        self._every(30, self._wake_snoozed, "snoozes")
        self._every(CLAIMS, lambda: claim_expiry.tick(self.desk), "claims")
        self._every(reminders.EVERY, lambda: reminders.tick(self.desk), "nudges")
        self._every(reminders.WIND_UP, lambda: reminders.wind_up(self.desk), "clocks", first=0)
        self._every(stats_rollup.EVERY, lambda: stats_rollup.tick(self.desk), "figures", first=3)
        self._every(digest.EVERY, lambda: digest.tick(self.desk), "digest")
        self._every(fix_followup.EVERY, lambda: fix_followup.tick(self.desk), "fixes")
        self._every(missing_posts.EVERY, lambda: missing_posts.tick(self.desk), "missing posts", first=7)
        self._every(watchdog.MINUTE, lambda: watchdog.audit(self.desk), "audit")
        if self.desk.settings.canary_channel is not None:
            self._every(canary.LOOK, lambda: canary.listen(self.desk), "canary", first=0)
        self._every(home_tab.EVERY, lambda: home_tab.refresh(self.desk), "homes")
        self._every(3600, self._tidy, "tidy")
        self._every(search_index.EVERY, lambda: search_index.catch_up(self.desk), "search index", first=2)
        each, now = _interval(30), datetime.now(UTC)
        self._jobs.add_job(self._introduce, each, id="introduce", next_run_time=now)  # each worker its own
        if self._rota.is_shared:
            self._jobs.add_job(self._keep_turns, _interval(KEEP), id="keep turns")

    def drain(self, seconds: float) -> bool:
        """Take nothing new, finish what is on the wire; True if all came to rest within `seconds`."""
        until = time.monotonic() + seconds
        self.desk.stop.set()
        self.desk.nudge()
        if self._jobs.running:
            self._jobs.shutdown(wait=False)
        for loop in self._loops:
            loop.join(timeout=max(until - time.monotonic(), 0.0))
        jobs_rest = self.desk.underway.came_to_rest(max(until - time.monotonic(), 0.0))
        return jobs_rest and not any(loop.is_alive() for loop in self._loops)

    def _listen(self, network: Network) -> None:
        """The readings of one network."""
        desk, name = self.desk, network.name
        self._every(
            desk.settings.poll_seconds, lambda: backfill.listen(desk, network), f"poll {name}", first=0
        )
        self._every(
            account_check.EVERY, lambda: account_check.check(desk, network), f"account {name}", first=0
        )
        # after that poll: what we answered can only be told once we have heard it
        self._every(TEN_MINUTES, lambda: own_posts.watch(desk, network), f"own {name}", first=5)
        self._every(60, lambda: manual_posting.confirm_seen(desk, network), f"hand-offs {name}")
        self._every(60, lambda: profiles.fill_in(desk, network), f"profiles {name}")
        # X's day, by which it charges, is UTC's
        hourly, last = CronTrigger(minute=17, timezone=UTC), CronTrigger(hour=23, minute=50, timezone=UTC)
        for trigger, job in ((hourly, f"sweep {name}"), (last, f"last sweep {name}")):
            self._add(trigger, lambda: missing_posts.sweep(desk, network), job, repeat(TEN_MINUTES))

    def _every(
        self, seconds: float, job: Callable[[], object], name: str, *, first: float | None = None
    ) -> None:
        """Do `job` every `seconds`; and once `first` so many seconds from now, whoever did it just before."""
        trigger = _interval(self._rota.tick(seconds))
        if first is None:
            self._add(trigger, job, name, repeat(seconds))
        else:
            self._add(trigger, job, name, chain([0.0], repeat(seconds)), first)

    def _add(
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
            lambda: self._guarded(job, name, next(rounds)), trigger, id=name, misfire_grace_time=None, **start
        )

    def _guarded(self, job: Callable[[], object], name: str, every: float) -> None:
        """One job that fails must not end the others, and comes again at its next time."""
        if self.desk.stop.is_set():
            return
        try:
            with self.desk.underway.errand(), self._rota.turn(name, every) as ours:
                if ours:
                    job()
        except Later as later:
            log.warning("%s waits: %s", name, later.detail)
        except Exception:
            log.exception("%s failed; it comes again", name)

    def _keep_turns(self) -> None:
        try:
            self._rota.keep()
        except Exception as error:  # noqa: BLE001 - then somebody else may take over, as if we were dead
            log.warning("could not say that we are still at work: %s", type(error).__name__)

    def _outbox(self, network: str) -> threading.Thread:
        """A loop for each network: one that is slow or down must not hold up the others."""
        ear = self.desk.outbox_bell.ear()
        return self._thread(f"outbox {network}", lambda desk: outbox.work(desk, {network}), ear)

    def _thread(self, name: str, work: Callable[[Desk], float], bell: threading.Event) -> threading.Thread:
        return threading.Thread(target=self._loop, args=(work, bell), name=name)

    def _loop(self, work: Callable[[Desk], float], bell: threading.Event) -> None:
        """Work until told to stop: at once when the bell rings, else when the next thing is due."""
        while not self.desk.stop.is_set():
            bell.clear()
            try:
                self._bring_jobs_back()
                wait = work(self.desk)
            except Exception:
                log.exception("%s failed; it goes on", threading.current_thread().name)
                wait = TICK
            if wait > 0 and bell.wait(min(wait, TICK)):
                self.desk.stop.wait(GATHER)

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

    def _introduce(self) -> None:
        """Learn who we are in Slack; what is known is not asked again."""
        try:
            self.desk.slack.identity()
        except SlackError as error:
            log.warning("Slack does not say who we are: %s", error)

    def _wake_snoozed(self) -> None:
        with self.desk.db.write() as session:
            snooze_wakeup.wake(self.desk, session, at=self.desk.now())
        self.desk.board_bell.set()

    def _tidy(self) -> None:
        with self.desk.db.write() as session:
            Inbound.forget(session, self.desk.now() - REMEMBERED)
            Shown.forget(session, self.desk.now() - A_DAY)
            clock_set_back.forget(session, at=self.desk.now())


def _interval(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone=UTC)
