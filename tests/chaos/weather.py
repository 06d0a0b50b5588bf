"""Everything that goes wrong on the wire, drawn from a seed, and counted."""

import threading
from collections import Counter
from random import Random
from typing import Literal

from sandbox.slack.faults import Fault as SlackFault
from sandbox.slack.faults import Faults as SlackFaults
from sandbox.x.faults import INDEXED, OWN_TIMELINE, Fault, Faults, Kind
from sandbox.x.state.rate_limits import PER_WINDOW
from tests.chaos.plan import Plan

PUBLISH = "POST /2/tweets"
LOST: tuple[Kind, ...] = (
    "answer_lost_before",
    "answer_lost_after",
    "reset_before",
    "reset",
    "server_error_before",
    "server_error_after",
    "truncated",
    "garbled",
)
# A look at the answers that somebody still gets.
SPOILT: tuple[Kind, ...] = ("answer_lost_before", "reset", "server_error_before", "truncated", "garbled")
UNTIDY: tuple[Kind, ...] = ("shuffled", "repeated")
POSTING = ("chat.postMessage", "chat.update", "chat.delete", "conversations.history", "conversations.replies")


class XWeather(Faults):
    """Faults that come by themselves, besides those that are switched on."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(tuple(PER_WINDOW))
        self.counts: Counter[str] = Counter()
        self.calm = False
        self._plan = plan
        self._rng, self._dice = Random(plan.seed), threading.Lock()

    @property
    def lost(self) -> int:
        """How many answers to a post never came, or could not be read."""
        return sum(self.counts[f"post: {kind}"] for kind in (*LOST, "slow, given up"))

    def take(self, endpoint: str) -> tuple[Fault, ...]:
        """The faults of one call: those that are switched on, and those that the dice give."""
        with self._dice:
            return (*super().take(endpoint), *self._drawn(endpoint))

    def _drawn(self, endpoint: str) -> list[Fault]:
        found = []
        if endpoint == OWN_TIMELINE and self._plan.lag:
            found.append(Fault(endpoint, "stale_reads", 1, self._plan.lag))
        if self.calm:
            return found
        if endpoint == PUBLISH:
            return [*found, *self._maybe(endpoint, "post", LOST, self._plan.lost)]
        if endpoint in INDEXED:
            found += self._maybe(endpoint, "page", UNTIDY, 0.5)
        return [*found, *self._maybe(endpoint, "read", SPOILT, self._plan.spoilt)]

    def _maybe(self, endpoint: str, what: str, kinds: tuple[Kind, ...], share: float) -> list[Fault]:
        """One of `kinds` with the probability `share`; a fifth as often a "slow down", or a slow answer."""
        throw = self._rng.random()
        if throw < share:
            kind = self._rng.choice(kinds)
        elif throw < share * 1.1:
            kind = "rate_limited"
        elif throw < share * 1.2:
            kind = "slow"
        else:
            return []
        seconds = 9.0 if kind == "slow" and self._rng.random() < 0.1 else 1.0  # nobody waits for nine
        self.counts[f"{what}: {kind}{', given up' if seconds > 1 else ''}"] += 1
        return [Fault(endpoint, kind, 1, seconds)]


class SlackWeather(SlackFaults):
    """The same for Slack, whose events also come twice and out of order."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.calm = False
        self._plan = plan
        self._rng, self._dice = Random(plan.seed + 1), threading.Lock()

    def take(self, method: str) -> SlackFault | None:
        """The fault of one call: one that is switched on, else what the dice give."""
        with self._dice:
            return super().take(method) or self._drawn(method)

    def take_delivery(self, kind: Literal["duplicate", "reorder", "drop"]) -> bool:
        """Whether the next event meets this fault; none is dropped for good, as Slack would send it again."""
        with self._dice:
            return super().take_delivery(kind) or (
                kind != "drop" and not self.calm and self._rng.random() < 0.2
            )

    def _drawn(self, method: str) -> SlackFault | None:
        if self.calm or method not in POSTING or self._rng.random() > self._plan.spoilt:
            return None
        kind = self._rng.choice(("lost_before", "lost_after", "http_500", "http_500", "rate_limited", "slow"))
        after = kind == "http_500" and self._rng.random() < 0.5
        self.counts[f"slack: {kind}{' after' if after else ''}"] += 1
        return SlackFault(kind, method, 1, seconds=1.0, after=after)  # type: ignore[arg-type]
