"""Which job runs when: APScheduler for what the clock decides, two loops for what the ledger decides.

Jobs live in memory, and the ledger knows how far each got: APScheduler's stored jobs fire twice with two
processes.
https://apscheduler.readthedocs.io/en/3.x/faq.html
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select

from bot import board, handoffs, inbox, outbox, watch
from bot.desk import Desk
from bot.networks import Later, Network
from bot.slack import SlackError
from models import Inbound, Ticket
from models.ticket import State

log = logging.getLogger(__name__)

TICK = 2.0  # seconds; what a lost nudge costs
GATHER = 0.03  # seconds from the bell to the work: what several people press at once is seen to at once
REMEMBERED = timedelta(days=3)  # Slack repeats an event for an hour at most


class Schedule:
    """Everything that runs by itself, started together and drained together."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._jobs = BackgroundScheduler(timezone=UTC, job_defaults={"max_instances": 1, "coalesce": True})
        self._loops = [
            threading.Thread(target=self._loop, args=(outbox.work, desk.outbox_bell), name="outbox"),
            threading.Thread(target=self._loop, args=(board.work, desk.board_bell), name="board"),
        ]

    def start(self) -> None:
        """Begin; the first poll comes at once."""
        now = self.desk.now()
        for network in self.desk.networks.values():
            self._listen(network)
        self._every(30, self._wake_snoozed, "snoozes")
        self._every(3600, self._tidy, "tidy")
        self._jobs.add_job(self._introduce, IntervalTrigger(seconds=30), next_run_time=now, id="introduce")
        self._jobs.start()
        for loop in self._loops:
            loop.start()

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
        now, poll = self.desk.now(), IntervalTrigger(seconds=self.desk.settings.poll_seconds)
        self._add(poll, lambda: inbox.poll(self.desk, network), f"poll {network.name}", now)
        ten_minutes = IntervalTrigger(minutes=10)
        after_first_poll = now + timedelta(seconds=5)
        self._add(
            ten_minutes, lambda: watch.watch(self.desk, network), f"own {network.name}", after_first_poll
        )
        self._every(60, lambda: handoffs.confirm_seen(self.desk, network), f"hand-offs {network.name}")
        self._every(60, lambda: inbox.fill_in_profiles(self.desk, network), f"profiles {network.name}")
        hourly, last = CronTrigger(minute=17), CronTrigger(hour=23, minute=50)
        self._add(hourly, lambda: inbox.sweep(self.desk, network), f"sweep {network.name}")
        self._add(last, lambda: inbox.sweep(self.desk, network), f"last sweep {network.name}")

    def _every(self, seconds: float, job: Callable[[], object], name: str) -> None:
        self._add(IntervalTrigger(seconds=seconds), job, name)

    def _add(
        self, trigger: BaseTrigger, job: Callable[[], object], name: str, first: datetime | None = None
    ) -> None:
        more = {} if first is None else {"next_run_time": first}
        self._jobs.add_job(
            lambda: self._guarded(job, name), trigger, id=name, misfire_grace_time=None, **more
        )

    def _guarded(self, job: Callable[[], object], name: str) -> None:
        """One job that fails must not end the others, and comes again at its next time."""
        if self.desk.stop.is_set():
            return
        try:
            with self.desk.underway.errand():
                job()
        except Later as later:
            log.warning("%s waits: %s", name, later.detail)
        except Exception:
            log.exception("%s failed; it comes again", name)

    def _loop(self, work: Callable[[Desk], float], bell: threading.Event) -> None:
        """Work until told to stop: at once when the bell rings, else when the next thing is due."""
        while not self.desk.stop.is_set():
            bell.clear()
            try:
                wait = work(self.desk)
            except Exception:
                log.exception("%s failed; it goes on", threading.current_thread().name)
                wait = TICK
            if wait > 0 and bell.wait(min(wait, TICK)):
                self.desk.stop.wait(GATHER)

    def _introduce(self) -> None:
        """Learn who we are in Slack; once known, this job is over."""
        try:
            self.desk.slack.identity()
        except SlackError as error:
            log.warning("Slack does not say who we are: %s", error)
        else:
            self._jobs.remove_job("introduce")

    def _wake_snoozed(self) -> None:
        at = self.desk.now()
        with self.desk.db.write() as session:
            over = select(Ticket.id).where(Ticket.state == State.SNOOZED, Ticket.snoozed_until <= at)
            for ticket_id in session.scalars(over).all():
                Ticket.hold(session, ticket_id).wake(session, at=at)
        self.desk.board_bell.set()

    def _tidy(self) -> None:
        with self.desk.db.write() as session:
            Inbound.forget(session, self.desk.now() - REMEMBERED)
