"""The priority of a ticket: points, and the reason of each of them. Pure.

There is no score besides the reasons: the points of a ticket are the sum of what its reasons show.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from models.priority.cues import find_cues
from models.priority.question import is_question
from models.priority.weights import DEFAULT_WEIGHTS, Weights

ReasonKind = Literal["question", "cue", "reach", "again", "customer", "waiting"]
_KINDS = frozenset(get_args(ReasonKind))
REACH_FROM_DIGITS = 4  # of the number of followers: 1,000 are the first step
REACH_STEPS_MAX = 5
AGAIN_MAX = 3  # earlier contacts of a week that count
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a ticket has some of its points.

    `name` and `words` are a cue's and the customer's own words for it; `number` the followers, which contact
    of the week this is, or the hours of waiting; `note` what the list of customers says of them.
    """

    kind: ReasonKind
    points: int
    name: str = ""
    words: tuple[str, ...] = ()
    number: int | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The reason as the ledger keeps it, without what is empty."""
        parts = {"name": self.name, "words": list(self.words), "number": self.number, "note": self.note}
        more = {name: value for name, value in parts.items() if value not in ("", [], None)}
        return {"kind": self.kind, "points": self.points, **more}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Reason":
        """What `as_json` made. Raises `KeyError` for anything else."""
        return cls(
            stored["kind"],
            stored["points"],
            stored.get("name", ""),
            tuple(stored.get("words", ())),
            stored.get("number"),
            stored.get("note", ""),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a ticket and its author.

    `texts` are the posts that wait for an answer. `contact` is which contact of theirs with us this is within
    a week, from 1. `customer` is what the list of customers says of them, "" if nothing; None: not in it.
    """

    texts: Sequence[str] = ()
    followers: int | None = None
    contact: int = 1
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """Points and their reasons, the weightiest of each sort first."""

    reasons: tuple[Reason, ...] = ()
    points: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", sum(reason.points for reason in self.reasons))

    def as_json(self) -> list[dict[str, Any]]:
        """The reasons as the ledger keeps them."""
        return [reason.as_json() for reason in self.reasons]

    @classmethod
    def read(cls, stored: Iterable[Mapping[str, Any]] | None) -> "Priority":
        """What `as_json` made; a reason of a later version of Heard is left out."""
        return cls(tuple(Reason.read(one) for one in stored or () if one.get("kind") in _KINDS))

    def with_author(self, facts: Facts, weights: Weights) -> "Priority":
        """The same with what is known now of the author, whose posts did not change."""
        kept = [one for one in self.reasons if one.kind not in {"reach", "customer"}]
        return _ordered([*kept, *_reach(facts, weights), *_customer(facts, weights)])

    def at(self, waiting_since: datetime, at: datetime, weights: Weights = DEFAULT_WEIGHTS) -> "Priority":
        """The same with the points for having waited from `waiting_since` until `at`."""
        hours = waiting_hours(waiting_since, at)
        counted = min(hours, weights.waiting_hours)
        if not counted or not weights.waiting:
            return self
        return Priority((*self.reasons, Reason("waiting", counted * weights.waiting, number=hours)))


def waiting_hours(waiting_since: datetime, at: datetime) -> int:
    """Returns the full hours between two moments, counted in whole seconds as SQL does; at least 0."""
    seconds = int(at.timestamp() // 1) - int(waiting_since.timestamp() // 1)
    return max(seconds // HOUR_SECONDS, 0)


def compute_priority(facts: Facts, weights: Weights = DEFAULT_WEIGHTS) -> Priority:
    """Returns the priority without waiting time, which is added when it is read."""
    reasons = [
        *_question(facts, weights),
        *_cues(facts, weights),
        *_reach(facts, weights),
        *_again(facts, weights),
        *_customer(facts, weights),
    ]
    return _ordered(reasons)


def _ordered(reasons: Iterable[Reason]) -> Priority:
    """Reasons by sort, cues by points; what is worth nothing is left out."""
    order: tuple[str, ...] = get_args(ReasonKind)
    worth = [one for one in reasons if one.points]
    return Priority(tuple(sorted(worth, key=lambda one: (order.index(one.kind), -one.points))))


def _question(facts: Facts, weights: Weights) -> list[Reason]:
    return [Reason("question", weights.question)] if any(map(is_question, facts.texts)) else []


def _cues(facts: Facts, weights: Weights) -> list[Reason]:
    found = find_cues(facts.texts)
    return [Reason("cue", weights.of_cue(one.cue.name), one.cue.name, one.words) for one in found]


def _reach(facts: Facts, weights: Weights) -> list[Reason]:
    followers = max(facts.followers or 0, 0)
    steps = min(len(str(followers)) - REACH_FROM_DIGITS + 1, REACH_STEPS_MAX)
    return [Reason("reach", steps * weights.reach, number=followers)] if steps > 0 else []


def _again(facts: Facts, weights: Weights) -> list[Reason]:
    earlier = min(facts.contact - 1, AGAIN_MAX)
    return [Reason("again", earlier * weights.again, number=facts.contact)] if earlier > 0 else []


def _customer(facts: Facts, weights: Weights) -> list[Reason]:
    if facts.customer is None:
        return []
    return [Reason("customer", weights.customer, note=facts.customer)]
