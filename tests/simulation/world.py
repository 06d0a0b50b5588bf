"""One run: a seed, and what came of it."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from bot.context import BotContext
from bot.publish import account_check, outbox
from bot.runtime import crash_points
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.settings import Settings
from bot.slack.client import SlackClient
from tests.anybody import Anybody
from tests.memory_network import MemoryNetwork
from tests.simulation import verdict
from tests.simulation.ledger import TICKETS, Ledger, ledger
from tests.simulation.net import OTHER, OURS, Net
from tests.simulation.people import Teammate
from tests.simulation.stage import START, Actor, Killed, Stage
from tests.simulation.weather import Climate, drawn

STORM = 1200.0  # seconds in which things go wrong
CALM = 1500.0  # seconds after that, in which everything must come to its end
NOWHERE = "http://127.0.0.1:9/api/"
NO_SLACK = SlackClient("xoxb-none", NOWHERE)
SETTINGS = Settings(
    slack_bot_token="xoxb-none", slack_channel="C0MENTIONS", slack_api_url=NOWHERE, spike_per_minute=0
)
OPEN = {
    "request frozen",
    "reply declared",
    "reply answered",
    "look made",
    "repeat declared",
    "repeat answered",
}  # with no transaction open: here one can stand still


@dataclass
class Outcome:
    """What came of one seed."""

    seed: int
    climate: Climate
    violations: list[str]
    story: str
    counts: Counter[str] = field(default_factory=Counter)


class Run:
    """One seed, on its way."""

    def __init__(self, book: Ledger, seed: int, weather: str | None) -> None:
        self.rng = Random(seed)
        self.climate = drawn(self.rng, weather)
        self.book = book
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        self.stage = Stage(self.rng, book.due)
        self.net = Net(self.stage, self.rng, self.climate)
        for number in range(TICKETS):
            self.net.asks(number)
        self._settings = SETTINGS.model_copy(
            update={"undo_seconds": self.climate.undo, "reconcile_seconds": self.climate.plan}
        )

    def go(self) -> list[str]:
        """Let it all happen; what was broken by it."""
        workers = [
            self.stage.enter(f"worker {number}", self._worker(number))
            for number in range(self.climate.workers)
        ]
        if self.climate.weather.swaps:
            self.stage.enter("accounts", self._account_job)
            self._plan_swaps()
        for number in range(self.climate.tickets):
            self.stage.enter(f"teammate {number}", self._teammate(number + 1).live)
        self._plan_kills(workers)
        self.stage.at(STORM, self._calm)
        crash_points.set_visitor(self._visit)
        try:
            with complaints() as errors:
                self.stage.run(STORM + CALM)
        finally:
            crash_points.set_visitor(None)
        self.counts["lost answers"] += self.net.lost
        self.counts[f"network with keys: {self.climate.keys}"] += 1
        self.counts["repeats"] += len(self.net.repeated)
        self.counts["steps"] += self.stage.steps
        found = verdict.violations(self.book.db, self.net, self.climate, self.stage.now)
        return [*self.broken, *found, *errors]

    def _worker(self, number: int) -> Callable[[], None]:
        """A worker process, started again whenever it dies."""

        def live() -> None:
            for life in range(1_000_000):
                ctx = self._desk(f"worker {number}.{life}")
                try:
                    self.stage.sleep(self.rng.uniform(0.5, 20) if life else 0)
                    while True:
                        wait = outbox.run_due(ctx)
                        self.stage.idle(wait if wait < 2 else 0)
                except Killed:
                    self.counts["kills"] += 1

        return live

    def _account_job(self) -> None:
        """What the schedule does: see every now and then who is connected. It dies and is started again, too."""
        ctx = self._desk("accounts")
        while True:
            try:
                self.stage.sleep(400 if self.net.is_fair else self.rng.uniform(5, 60))
                account_check.check_network(ctx, self.net)
            except Killed:
                continue
            self.broken += verdict.of_missing(self.book.db, self.net)

    def _plan_swaps(self) -> None:
        """Connect another account at any instant, and the right one again some time later."""
        expected = self.climate.weather.swaps
        while (expected := expected - self.rng.random() * 2) > -1:
            begins = self.rng.choice((self.rng.uniform(0, 60), self.rng.uniform(0, STORM)))
            lasts = self.rng.choice((0.5, 5.0, 60.0, 600.0))
            self.stage.at(begins, lambda: self._swap(OTHER))
            self.stage.at(min(begins + lasts, STORM), lambda: self._swap(OURS))

    def _swap(self, handle: str) -> None:
        self.counts[f"connected: {handle}"] += 1
        self.net.swaps(handle)

    def _teammate(self, ticket_id: int) -> Teammate:
        ctx = self._desk(f"web {ticket_id}")
        return Teammate(self.stage, self.rng, self.climate, ctx, self.net, self.book, ticket_id)

    def _desk(self, worker: str) -> BotContext:
        networks = SignedInAccounts.fixed(self.net)
        return BotContext(
            self._settings, self.book.db, NO_SLACK, networks, self.stage, worker, sender_permissions=Anybody()
        )

    # --- what goes wrong besides the network --------------------------------------------------------------

    def _plan_kills(self, workers: list[Actor]) -> None:
        """Kill workers at any instant, wherever they are."""
        expected = self.climate.weather.kills
        while (expected := expected - self.rng.random() * 2) > -1:
            moment, victim = self.rng.uniform(0, STORM / 4), self.rng.choice(workers)
            self.stage.at(moment, lambda victim=victim: self.stage.kill(victim))

    def _visit(self, point: str) -> None:
        """Die at a named point; or stand still there, if nobody else is kept waiting by it."""
        self.counts[point] += 1
        if self.net.is_fair or self.stage.running is None:
            return
        weather = self.climate.weather
        if self.rng.random() < weather.crash:
            self.counts[f"died at: {point}"] += 1
            raise Killed
        if point in OPEN and self.rng.random() < weather.frozen:
            longest = self.climate.longest_pause if point.endswith(" declared") else 900
            self.net.stand_still(self.rng.uniform(0, min(longest, self.rng.choice((20, 900)))))

    def _calm(self) -> None:
        """From here on all goes well."""
        self.net.is_fair = True
        self.net.swaps(OURS)


class Simulation:
    """Runs, one after the other, on one ledger."""

    def __init__(self, book: Ledger) -> None:
        self._book = book

    def run(self, seed: int, weather: str | None = None) -> Outcome:
        """Do what `seed` says."""
        self._book.reset()
        run = Run(self._book, seed, weather)
        found = run.go()
        return Outcome(seed, run.climate, found, verdict.story(self._book.db), run.counts)


@contextmanager
def simulation() -> Iterator[Simulation]:
    """Everything that runs need, made once."""
    probe = MemoryNetwork("acmebrew", now=lambda: START)
    posts = [probe.says(f"customer{n}", "@acmebrew", at=START) for n in range(TICKETS)]
    with ledger([(post.author_id, post.id) for post in posts]) as book:
        yield Simulation(book)


def batch(lot: tuple[Sequence[int], str | None]) -> list[Outcome]:
    """Run some seeds on one ledger."""
    seeds, weather = lot
    with simulation() as world:
        return [world.run(seed, weather) for seed in seeds]


class _Complaints(logging.Handler):
    """What the code logs as an error: somebody caught what nobody should have had to catch."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, ValueError):  # what the network raises on purpose
            self.heard.append(f"an error was logged: {record.getMessage()} {error!r}")


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect the errors that are logged in the block, and keep everything from being printed."""
    handler, root = _Complaints(), logging.getLogger()
    before = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR)
    try:
        yield handler.heard
    finally:
        root.handlers[:] = before[1]
        root.setLevel(before[0])
