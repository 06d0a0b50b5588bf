"""Several people answer on three networks, in any order, while the customers go on: a seed decides what happens.

Whatever somebody does goes the way that it would go from Slack, and what they see is what Slack shows them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from bot.slack.private_cards import CHECK_INTERVAL_SECONDS
from models import Reply, Ticket
from models.core.database import Database
from sandbox.slack.errors import NotOnScreenError
from tests.simulation import team_verdict
from tests.simulation.ledger import ledger
from tests.simulation.team_base import OLD_COPIES
from tests.simulation.team_outside import OutsideActs
from tests.simulation.team_thread import ThreadActs
from tests.simulation.workplace import LOOPS, Exchange, Workplace, exchange
from tests.simulation.world import complaints

ACTS = 25  # in a history, the loops' rounds and the passing of time not counted
PAUSES = (0.1, 1.0, 3.0, 11.0, 60.0, 400.0, 1000.0, 4000.0, 40_000.0)  # seconds
CALM = (11.0, 60.0, 100.0, 1000.0)  # seconds between the last rounds
BUSY = (("U0ANA", "U0BEN", "U0CLEO", "U0DEE"), (4, 4, 3, 1))  # who acts, and how often
FREQUENT = {
    "press": 8,
    "reply": 8,
    "answer": 22,
    "take_back": 7,
    "press_in_thread": 4,
    "preview": 14,
    "modal": 8,
    "chat": 4,
    "call": 7,
    "call_reply": 7,
    "shortcut": 5,
    "edit_message": 2,
    "delete_message": 1,
    "pause": 1,
    "resume": 3,
    "sign": 2,
    "look_up": 3,
    "replay": 4,
    "change_senders": 2,
    "change_channel": 3,
    "change_members": 2,
    "barge": 2,
    "network_trouble": 10,
    "wait_for_network": 12,
    "connect": 6,
    "customer_posts": 6,
    "customer_edits": 2,
    "customer_warns": 2,
    "customer_gates": 2,
    "customer_deletes": 1,
    "customer_hides": 1,
    "customer_is_back": 2,
    "by_hand": 1,
}
ACTS_BY_NAME, WEIGHTS = list(FREQUENT), list(FREQUENT.values())


@dataclass
class History:
    """What came of one seed."""

    seed: int
    violations: list[str]
    story: str
    counts: Counter[str] = field(default_factory=Counter)


class Team(ThreadActs, OutsideActs):
    """One seed, on its way."""

    def go(self, acts: int) -> list[str]:
        """Let it all happen; what was broken by it."""
        for net in self.here.nets:
            self.customer_says(net)
        for loop in ("inbox", "private channels", "board"):
            self.here.loop(loop)
        self._remember_cards()
        for number in range(acts):
            self._act()
            self._meanwhile()
            self.witness.look(thoroughly=number % 8 == 7)
            if self.witness.broken:
                return self.witness.broken
        self._calm()
        self.witness.look(thoroughly=True)
        self.witness.look_at_the_end(self.posts, self.unsettled_posts)
        self._count()
        return self.witness.broken

    def _count(self) -> None:
        self.counts["private words shown to those who may see them"] += self.witness.leaks.seen
        for net in self.here.nets:
            self.counts[f"said on {net.title}"] += len(net.said)
            self.counts[f"repeats on {net.title}"] += sum(call.repeats for call in net.calls.values())
            for heard in net.said:
                self.counts[f"said to: {heard.post.visibility}"] += 1
        with self.here.ctx.db.read() as session:
            for ticket in session.scalars(select(Ticket)):
                self.counts["turns"] += ticket.turn
                self.counts[f"tickets: {ticket.state}"] += 1
                self.counts["tickets: private"] += ticket.is_private
            for reply in session.scalars(select(Reply)):
                self.counts[f"replies: {reply.state}"] += 1

    # --- what happens -------------------------------------------------------------------------------------

    def _act(self) -> None:
        """One act of somebody, of those that are possible now."""
        while not self._try_to_act():
            self.counts["nothing to press"] += 1

    def _try_to_act(self) -> bool:
        act = self.rng.choices(ACTS_BY_NAME, WEIGHTS)[0]
        who = self.here.people[self.rng.choices(*BUSY)[0]]
        modal = who.modal
        if modal is not None and self.rng.random() < 0.7:
            act = "modal"
        try:
            done = getattr(self, f"_{act}")(who) is not False
        except NotOnScreenError:
            done = False
        self.here.settle()
        if done:
            self.counts[f"act: {act.replace('_', ' ')}"] += 1
        return done

    def _meanwhile(self) -> None:
        """The loops go round, and time passes; an account is not away for long."""
        for net in self.here.nets:
            if net.account().handle != net.handle and self.rng.random() < 0.3:
                self._swap(net)
        if self.rng.random() < 0.5:
            self.here.clock.passes(seconds := self.rng.choice(PAUSES))
            if seconds > CHECK_INTERVAL_SECONDS:
                self.here.loop("private channels")
        for loop in self.rng.choices(
            (*LOOPS, "outbox", "outbox", "outbox", "board"), k=self.rng.choice((0, 1, 2, 3))
        ):
            self._round(loop)

    def _round(self, loop: str) -> None:
        if loop == "board":
            self._remember_cards()
        self.here.loop(loop)

    def _remember_cards(self) -> None:
        if (found := self.card(self.here.people["U0ANA"])) is not None:
            self.copies = [*self.copies, found[1].snapshot()][-OLD_COPIES:]

    def _calm(self) -> None:
        """Nobody does anything any more, and whatever was begun comes to its end."""
        for net in self.here.nets:
            net.heals()
            net.speaks_as(net.handle)
        for who in self.here.people.values():
            self._leave_modal(who)
        self.here.settle()
        for seconds in CALM:
            self.here.clock.passes(seconds)
            for loop in LOOPS:
                self.here.loop(loop)
        for loop in ("board", "redraw"):
            self.here.loop(loop)


class Histories:
    """Histories, one after the other, on one Slack server."""

    def __init__(self, at: Exchange, fresh: Callable[[], Database]) -> None:
        self._exchange, self._fresh = at, fresh

    def run(self, seed: int, acts: int = ACTS) -> History:
        """Do what `seed` says."""
        rng = Random(seed)
        with (
            complaints() as errors,
            Workplace(self._exchange, self._fresh(), rng.choice((0, 10, 10))) as here,
        ):
            team = Team(here, rng)
            found = team.go(acts)
        story = "\n".join([*team.lines, team_verdict.story(here.ctx.db)])
        return History(seed, [*found, *errors], story, team.counts)


@contextmanager
def histories() -> Iterator[Histories]:
    """Everything that histories need, made once, on SQLite."""
    with ledger([]) as book, exchange() as at:

        def fresh() -> Database:
            book.reset()
            return book.db

        yield Histories(at, fresh)


def batch(seeds: Sequence[int]) -> list[History]:
    """Run some seeds on one ledger."""
    with histories() as all_of_them:
        return [all_of_them.run(seed) for seed in seeds]
