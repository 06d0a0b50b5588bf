"""A spike: more tickets than a channel can show one by one. Until it is over they share a card."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
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
STILL_ON = "the spike was still going on"
MORE_THAN_SLACK_TAKES = "more mentions than Slack takes in a minute"

Span = tuple[datetime, datetime]


def group_spike(
    session: Session,
    channel: str,
    new: Sequence[Candidate],
    *,
    per_minute: int,
    shown_per_minute: int,
    calm_for: timedelta,
    at: datetime,
) -> list[Candidate]:
    """Put the tickets of `channel` on one card while there are too many of them.

    That is so when more than `per_minute` were opened within a minute (0: never), by the times of their
    posts, or when more than `shown_per_minute` have no card yet, which is what Slack takes in a minute. It is
    over when that was not so for `calm_for`. Returns those of `new` that joined none.
    """
    if per_minute == 0 or not new:
        return list(new)
    group = TicketGroup.find_taking(session, GroupKind.SPIKE, channel)
    is_on = group is not None and group.taking_until > at
    hot = _hot_spans(session, channel, new, per_minute, group)
    unshown = (can_join(), Ticket.channel == channel, Ticket.has_no_card())
    is_too_many = (session.scalar(select(func.count(Ticket.id)).where(*unshown)) or 0) > shown_per_minute
    if is_too_many:
        joining, why = ids_of(load_candidates(session, *unshown)), MORE_THAN_SLACK_TAKES
    elif hot:
        joining = ids_of(load_candidates(session, *unshown, _within(hot)))
        why = f"more than {per_minute} mentions a minute"
    elif is_on:
        joining, why = set[int](), STILL_ON
    else:
        return list(new)
    if hot or is_too_many:
        group = open_group(session, GroupKind.SPIKE, channel, at=at, taking_until=at + calm_for)
    assert group is not None
    join_group(session, group, joining, why=why, at=at)
    if is_on:
        join_group(session, group, ids_of(new) - joining, why=STILL_ON, at=at)
        joining |= ids_of(new)
    return [one for one in new if one.id not in joining]


def _hot_spans(
    session: Session, channel: str, new: Iterable[Candidate], per_minute: int, group: TicketGroup | None
) -> list[Span]:
    """From when to when there were too many a minute, around the tickets of `new`; in order, apart.

    Tickets in other groups and muted ones do not count: they take no room in the channel.
    """
    around = _merge((one.opened_at - RATE_WINDOW, one.opened_at + RATE_WINDOW) for one in new)
    free = Ticket.group_id.is_(None)
    query = select(Ticket.opened_at).where(
        Ticket.channel == channel,
        Ticket.network != CANARY_NETWORK,
        Ticket.state != TicketState.MUTED,
        _within(around),
        free if group is None else or_(free, Ticket.group_id == group.id),
    )
    moments = sorted(session.scalars(query))
    hot = (
        (moments[start], moment)
        for place, moment in enumerate(moments)
        if place + 1 - (start := bisect_left(moments, moment - RATE_WINDOW)) > per_minute
    )
    return list(_merge(hot))


def _merge(spans: Iterable[Span]) -> list[Span]:
    """Returns `spans` in order, those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _within(spans: Iterable[Span]) -> ColumnElement[bool]:
    return or_(*_between(spans))


def _between(spans: Iterable[Span]) -> Iterator[ColumnElement[bool]]:
    for start, end in spans:
        yield Ticket.opened_at.between(start, end)
