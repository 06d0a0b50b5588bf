"""Decides when the team is reminded of a ticket that waits, and of what. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.core.sla import SlaPolicy
from models.tickets.state import ReminderLevel
from models.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class ReminderStep:
    """What the reminder job does next: the reminder to send, if any, and the new values for the ticket.

    `nudges` are the reminders that the turn has then had; `check_at` is when to look again, or None.
    """

    reminder: ReminderLevel | None
    nudges: ReminderLevel
    check_at: datetime | None


def next_reminder(
    ticket: Ticket, *, at: datetime, sla_policy: SlaPolicy, claim_holds: timedelta
) -> ReminderStep:
    """Returns the reminder that a waiting ticket needs at `at`; none outside office hours.

    `claim_holds` is how long, in office hours, an owner may be inactive before the claim expires.
    """
    sent = ReminderLevel(ticket.nudges)
    due = [
        level for moment, level in _upcoming_levels(ticket, sent, at, sla_policy, claim_holds) if moment <= at
    ]
    if due and not sla_policy.office.is_open(at):
        return ReminderStep(None, sent, sla_policy.next_opening(at))
    level = min(due, key=_LEVELS_BY_URGENCY.index, default=None)
    sent_then = sent if level is None else _levels_after(sent, level, is_owned=ticket.owner is not None)
    moments = [moment for moment, _ in _upcoming_levels(ticket, sent_then, at, sla_policy, claim_holds)]
    return ReminderStep(level, sent_then, min(moments, default=None))


_DUE_TOLERANCE = timedelta(seconds=1)  # an answer at the due time itself is in time
_LEVELS_BY_URGENCY = (ReminderLevel.OVERDUE, ReminderLevel.LAPSED, ReminderLevel.OWNER, ReminderLevel.HALF)


def _levels_after(sent: ReminderLevel, level: ReminderLevel, *, is_owned: bool) -> ReminderLevel:
    if level == ReminderLevel.LAPSED:
        return sent & ~ReminderLevel.LAPSED
    if level == ReminderLevel.OVERDUE and is_owned:  # the reminder in the channel names the owner
        return sent | level | ReminderLevel.OWNER
    return sent | level


def _upcoming_levels(
    ticket: Ticket, sent: ReminderLevel, at: datetime, sla_policy: SlaPolicy, claim_holds: timedelta
) -> Iterator[tuple[datetime, ReminderLevel]]:
    """The reminders that may still come, each with its time."""
    if ticket.due_at is not None and not sent & ReminderLevel.OVERDUE:
        yield ticket.due_at + _DUE_TOLERANCE, ReminderLevel.OVERDUE
        if ticket.owner is None and not sent & ReminderLevel.HALF:
            yield sla_policy.half_before(ticket.due_at, at), ReminderLevel.HALF
    if ticket.owner is None and sent & ReminderLevel.LAPSED:
        yield at, ReminderLevel.LAPSED
    quiet_since = ticket.active_at or ticket.claimed_at
    if ticket.owner is not None and quiet_since is not None and not sent & ReminderLevel.OWNER:
        yield SlaPolicy(sla_policy.office, claim_holds).half_time(quiet_since), ReminderLevel.OWNER
