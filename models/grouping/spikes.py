"""A spike: more tickets than a channel can show one by one. Until it is over they share a card."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models.grouping.members import (
    Candidate,
    can_join,
    ids_of,
    join_group,
    load_candidates,
    open_group,
)
from models.slack.ticket_group import GroupKind, TicketGroup
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket

RATE_WINDOW = timedelta(minutes=1)
CALM_FOR = timedelta(minutes=2)  # with fewer than the limit, until a spike is over


def group_spike(
    session: Session,
    channel: str,
    new: Sequence[Candidate],
    *,
    per_minute: int,
    shown_per_minute: int,
    at: datetime,
) -> list[Candidate]:
    """Put the tickets of `channel` on one card while there are too many of them.

    That is so when more than `per_minute` were opened within a minute (0: never), by the times of their
    posts, or when more than `shown_per_minute` have no card yet, which is what Slack takes in a minute.
    Returns those of `new` that joined none.
    """
    if per_minute == 0 or not new:
        return list(new)
    group = TicketGroup.find_taking(session, GroupKind.SPIKE, channel)
    is_over = group is not None and group.taking_until <= at
    hot = _hot_span(session, channel, new, per_minute, group)
    waiting: list[ColumnElement[bool]] = [can_join(), Ticket.channel == channel, Ticket.has_no_card()]
    unshown = session.scalar(select(func.count(Ticket.id)).where(*waiting)) or 0
    if hot is None and unshown <= shown_per_minute:
        if group is None or is_over:
            return list(new)
        joining = ids_of(new)
    else:
        if unshown <= shown_per_minute and hot is not None:
            waiting.append(Ticket.opened_at.between(hot[0], hot[1]))
        joining = ids_of(load_candidates(session, *waiting)) | (set() if group is None else ids_of(new))
        group = open_group(session, GroupKind.SPIKE, channel, at=at, taking_until=at + CALM_FOR)
    why = f"more than {per_minute} mentions a minute"
    if not join_group(session, group, joining, why=why, at=at):
        return list(new)
    return [one for one in new if one.id not in joining]


def _hot_span(
    session: Session, channel: str, new: Sequence[Candidate], per_minute: int, group: TicketGroup | None
) -> tuple[datetime, datetime] | None:
    """From when to when there were too many a minute, around the tickets of `new`; None if there were not.

    Tickets in other groups and muted ones do not count: they take no room in the channel.
    """
    first, last = min(one.opened_at for one in new), max(one.opened_at for one in new)
    free = Ticket.group_id.is_(None)
    query = select(Ticket.opened_at).where(
        Ticket.channel == channel,
        Ticket.network != CANARY_NETWORK,
        Ticket.state != TicketState.MUTED,
        Ticket.opened_at.between(first - RATE_WINDOW, last + RATE_WINDOW),
        free if group is None else or_(free, Ticket.group_id == group.id),
    )
    moments = sorted(session.scalars(query))
    hot = [
        (moments[start], moment)
        for place, moment in enumerate(moments)
        if place + 1 - (start := bisect_left(moments, moment - RATE_WINDOW)) > per_minute
    ]
    return (hot[0][0], hot[-1][1]) if hot else None
