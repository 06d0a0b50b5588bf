"""When the team is reminded of a ticket that waits, and of what. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.tickets.reminder_level import ReminderLevel
from models.tickets.sla import SlaPolicy
from models.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class ReminderStep:
    """What is to be said now, if anything, where that leaves the ticket, and when to look again, if ever."""

    reminder: ReminderLevel | None
    nudges: ReminderLevel
    check_at: datetime | None


def next_reminder(
    ticket: Ticket, *, at: datetime, promise: SlaPolicy, claim_holds: timedelta
) -> ReminderStep:
    """What the clock has to say about a ticket that waits at `at`; nothing while nobody is there."""
    had = ReminderLevel(ticket.nudges)
    due = [rung for moment, rung in _upcoming_levels(ticket, had, at, promise, claim_holds) if moment <= at]
    if due and not promise.office.is_open(at):
        return ReminderStep(None, had, promise.next_opening(at))
    say = min(due, key=_LEVELS_BY_URGENCY.index, default=None)
    has = had if say is None else _levels_after(had, say, is_owned=ticket.owner is not None)
    moments = [moment for moment, _ in _upcoming_levels(ticket, has, at, promise, claim_holds)]
    return ReminderStep(say, has, min(moments, default=None))


_DUE_TOLERANCE = timedelta(seconds=1)  # an answer at the due time itself is in time
_LEVELS_BY_URGENCY = (ReminderLevel.OVERDUE, ReminderLevel.LAPSED, ReminderLevel.OWNER, ReminderLevel.HALF)


def _levels_after(had: ReminderLevel, said: ReminderLevel, *, is_owned: bool) -> ReminderLevel:
    if said == ReminderLevel.LAPSED:
        return had & ~ReminderLevel.LAPSED
    if said == ReminderLevel.OVERDUE and is_owned:  # its owner is told with the channel
        return had | said | ReminderLevel.OWNER
    return had | said


def _upcoming_levels(
    ticket: Ticket, had: ReminderLevel, at: datetime, promise: SlaPolicy, claim_holds: timedelta
) -> Iterator[tuple[datetime, ReminderLevel]]:
    """What there is to be said still, and when."""
    if ticket.due_at is not None and not had & ReminderLevel.OVERDUE:
        yield ticket.due_at + _DUE_TOLERANCE, ReminderLevel.OVERDUE
        if ticket.owner is None and not had & ReminderLevel.HALF:
            yield promise.half_before(ticket.due_at, at), ReminderLevel.HALF
    if ticket.owner is None and had & ReminderLevel.LAPSED:
        yield at, ReminderLevel.LAPSED
    quiet_since = ticket.active_at or ticket.claimed_at
    if ticket.owner is not None and quiet_since is not None and not had & ReminderLevel.OWNER:
        yield SlaPolicy(promise.office, claim_holds).half_time(quiet_since), ReminderLevel.OWNER
