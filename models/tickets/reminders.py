"""When the team is reminded of a ticket that waits, and of what. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntFlag
from typing import TYPE_CHECKING

from models.tickets.sla import Promise

if TYPE_CHECKING:
    from models.tickets.ticket import Ticket  # which keeps its rung


class Rung(IntFlag):
    """What has happened to the turn at hand: each once, until a new turn or a snooze begins anew."""

    HALF = 1  # nobody has it, and half of the time is over: said in its thread
    OVERDUE = 2  # it is past its due time without an answer: said in the channel
    OWNER = 4  # its owner is quiet: said to them
    LAPSED = 8  # they stayed quiet and lost it: still to be said to the backup


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be said now, if anything, where that leaves the ticket, and when to look again, if ever."""

    say: Rung | None
    nudges: Rung
    again: datetime | None


def next_step(ticket: "Ticket", *, at: datetime, promise: Promise, claim_holds: timedelta) -> Step:
    """What the clock has to say about a ticket that waits at `at`; nothing while nobody is there."""
    had = Rung(ticket.nudges)
    due = [rung for moment, rung in _ahead(ticket, had, at, promise, claim_holds) if moment <= at]
    if due and not promise.office.is_open(at):
        return Step(None, had, promise.opens(at))
    say = min(due, key=_URGENCY.index, default=None)
    has = had if say is None else _after(had, say, is_owned=ticket.owner is not None)
    moments = [moment for moment, _ in _ahead(ticket, has, at, promise, claim_holds)]
    return Step(say, has, min(moments, default=None))


_PAST = timedelta(seconds=1)  # an answer at the due time itself is in time
_URGENCY = (Rung.OVERDUE, Rung.LAPSED, Rung.OWNER, Rung.HALF)


def _after(had: Rung, said: Rung, *, is_owned: bool) -> Rung:
    if said == Rung.LAPSED:
        return had & ~Rung.LAPSED
    if said == Rung.OVERDUE and is_owned:  # its owner is told with the channel
        return had | said | Rung.OWNER
    return had | said


def _ahead(
    ticket: "Ticket", had: Rung, at: datetime, promise: Promise, claim_holds: timedelta
) -> Iterator[tuple[datetime, Rung]]:
    """What there is to be said still, and when."""
    if ticket.due_at is not None and not had & Rung.OVERDUE:
        yield ticket.due_at + _PAST, Rung.OVERDUE
        if ticket.owner is None and not had & Rung.HALF:
            yield promise.half_before(ticket.due_at, at), Rung.HALF
    if ticket.owner is None and had & Rung.LAPSED:
        yield at, Rung.LAPSED
    quiet_since = ticket.active_at or ticket.claimed_at
    if ticket.owner is not None and quiet_since is not None and not had & Rung.OWNER:
        yield Promise(promise.office, claim_holds).half(quiet_since), Rung.OWNER
