"""Puts new tickets on shared cards, and ends the groups that nothing joins any more."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.grouping.conversations import group_conversations
from models.grouping.copies import group_copies
from models.grouping.members import load_candidates
from models.grouping.spikes import group_spike
from models.slack.ticket_group import GroupKind, TicketGroup
from models.tickets.ticket import Ticket

SPIKE_OVER_ACT = "spike over"


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """When tickets are too many to be shown one by one.

    `spike_per_minute` returns, for a channel, how many mentions a minute it shows one by one (0: any number);
    `shown_per_minute` is how many cards Slack takes in a channel. A spike is over when it was calm for
    `calm_for`, which is longer than readings are apart.
    """

    spike_per_minute: Callable[[str], int]
    shown_per_minute: int
    calm_for: timedelta = timedelta(minutes=2)


def group_new(session: Session, ticket_ids: Collection[int], limits: GroupLimits, *, at: datetime) -> None:
    """Put tickets that were just opened on shared cards, where there is reason to.

    Near-identical posts first, then those of one conversation, then what is a spike.
    """
    if not ticket_ids:
        return
    new = load_candidates(session, Ticket.id.in_(ticket_ids))
    for channel in sorted({one.channel for one in new}):
        here = [one for one in new if one.channel == channel]
        here = group_copies(session, channel, here, at=at)
        here = group_conversations(session, channel, here, at=at)
        group_spike(
            session,
            channel,
            here,
            per_minute=limits.spike_per_minute(channel),
            shown_per_minute=limits.shown_per_minute,
            calm_for=limits.calm_for,
            at=at,
        )


def close_due(session: Session, *, at: datetime) -> int:
    """End the groups that nothing has joined for long enough. Returns how many there were.

    Their cards stay until each of their tickets has an outcome.
    """
    due = select(TicketGroup).where(TicketGroup.closed_at.is_(None), TicketGroup.taking_until <= at)
    found = session.scalars(due.order_by(TicketGroup.id).with_for_update(skip_locked=True)).all()
    for group in found:
        group.closed_at = at
        group.change(at)
        if group.kind == GroupKind.SPIKE:
            data = {"group": str(group.id), "channel": group.channel, "joined": group.joined}
            Event.record(session, SPIKE_OVER_ACT, at=at, data=data)
    return len(found)
