"""Virtual time, and actors in it: one runs at a time, in an order that a seed decides.

An actor is a thread that holds a baton while it runs and hands it back to sleep. Nobody ever waits for real
time, so an hour passes in milliseconds; and since only the holder of the baton runs, a run repeats itself.
"""

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PATIENCE = 60.0  # real seconds; an actor that keeps the baton longer waits for a lock that nobody lets go


class Killed(BaseException):
    """The process is gone, here and now: no handler of errors may see it."""


class Over(BaseException):
    """The run has ended; whoever still sleeps goes home."""


def _baton() -> threading.Lock:
    """A baton that is in somebody's hand; a bare lock passes several times as quickly as a semaphore."""
    baton = threading.Lock()
    baton.acquire()
    return baton


class Actor:
    """Somebody who acts in virtual time."""

    def __init__(self, name: str, body: Callable[[], None], done: Callable[[], None]) -> None:
        self.name = name
        self.doomed = False
        self.failure: BaseException | None = None
        self.turn = _baton()
        self._body, self._done = body, done
        self.thread = threading.Thread(target=self._live, name=name, daemon=True)

    def _live(self) -> None:
        self.turn.acquire()
        try:
            self._body()
        except (Killed, Over):
            pass
        except BaseException as error:  # noqa: BLE001 - handed to whoever runs the stage
            self.failure = error
        finally:
            self._done()


class Stage:
    """The clock, and who acts next. Called, it says what time it is."""

    def __init__(self, rng: Random, due: Callable[[], datetime | None]) -> None:
        self.now = START
        self.running: Actor | None = None
        self.steps = 0
        self._rng, self._due = rng, due
        self._agenda: list[tuple[datetime, float, int, Actor | Callable[[], None]]] = []
        self._idle: dict[Actor, datetime] = {}  # and from when on it may be woken
        self._actors: list[Actor] = []
        self._numbers = itertools.count()
        self._baton = _baton()
        self._over = False

    def __call__(self) -> datetime:
        return self.now

    # --- for those who set the scene ----------------------------------------------------------------------

    def enter(self, name: str, body: Callable[[], None], *, after: float = 0) -> Actor:
        """Let `body` act from `after` seconds on."""
        actor = Actor(name, body, self._baton.release)
        self._actors.append(actor)
        actor.thread.start()
        self._plan(after, actor)
        return actor

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen by itself, in so many seconds."""
        self._plan(seconds, act)

    def kill(self, actor: Actor) -> None:
        """Have `actor` die where it is: now if it sleeps, else where it sleeps next."""
        actor.doomed = True
        if self._idle.pop(actor, None) is not None or self._asleep(actor):
            self._agenda = [entry for entry in self._agenda if entry[3] is not actor]
            heapq.heapify(self._agenda)
            self._plan(0, actor)

    def run(self, seconds: float) -> None:
        """Let so much time pass, then send everybody home. Raises what an actor died of."""
        end = self.now + timedelta(seconds=seconds)
        while (entry := self._next()) is not None and entry[0] <= end:
            self.now = max(self.now, entry[0])
            if isinstance(entry[3], Actor):
                self._let_act(entry[3])
            else:
                entry[3]()
        self.now = end
        self._over = True
        for actor in self._actors:
            if actor.thread.is_alive():
                self._let_act(actor)
            actor.thread.join(PATIENCE)

    # --- for the actors -----------------------------------------------------------------------------------

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        actor = self._me()
        self._plan(seconds, actor)
        self._rest(actor)

    def idle(self, at_least: float) -> None:
        """Sleep until something in the ledger is due; not before `at_least` seconds have passed."""
        actor = self._me()
        self._idle[actor] = self.now + timedelta(seconds=at_least)
        self._rest(actor)

    # --- inside -------------------------------------------------------------------------------------------

    def _me(self) -> Actor:
        assert self.running is not None, "only an actor can sleep"
        if self._over:
            raise Over
        return self.running

    def _rest(self, actor: Actor) -> None:
        self._baton.release()
        actor.turn.acquire()
        if self._over:
            raise Over
        if actor.doomed:
            actor.doomed = False
            raise Killed

    def _let_act(self, actor: Actor) -> None:
        self.steps += 1
        self.running = actor
        actor.turn.release()
        if not self._baton.acquire(timeout=PATIENCE):
            raise RuntimeError(f"{actor.name} does not come back")
        self.running = None
        if actor.failure is not None:
            raise actor.failure

    def _plan(self, seconds: float, who: Actor | Callable[[], None]) -> None:
        at = self.now + timedelta(seconds=seconds)
        heapq.heappush(self._agenda, (at, self._rng.random(), next(self._numbers), who))

    def _asleep(self, actor: Actor) -> bool:
        return any(entry[3] is actor for entry in self._agenda)

    def _next(self) -> tuple[datetime, float, int, Actor | Callable[[], None]] | None:
        """What comes next; those who are idle come when the ledger has something for them."""
        if self._idle and (due := self._due()) is not None:
            first = self._agenda[0][0] if self._agenda else None
            ready = [(max(due, at), actor) for actor, at in self._idle.items()]
            for at, actor in ready:
                if first is None or at <= first:
                    del self._idle[actor]
                    late = self._rng.choice((0.0, 0.0, 0.5, 2.0))  # a lost nudge costs a tick
                    self._plan(max((at - self.now).total_seconds(), 0) + late, actor)
        return heapq.heappop(self._agenda) if self._agenda else None
