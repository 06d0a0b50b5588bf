"""*Close all*: gives every ticket of a group that was listed one outcome; undone within seconds."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.core.base import RuleBrokenError
from models.slack.ticket_group import TicketGroup
from models.sources.mention import Mention
from models.tickets.state import TicketState
from models.tickets.ticket import Ticket


def close_all(
    session: Session,
    group_id: int,
    listed: Sequence[int],
    *,
    seen_at: datetime,
    reason: str,
    by: str,
    at: datetime,
    undo_until: datetime,
    key: str,
) -> tuple[int, int]:
    """Close the tickets that `by` saw listed as *no reply needed* for `reason`, one event each.

    `listed` are the tickets as they were shown at `seen_at`. One that is not in the group any more, has an
    outcome, has a new or edited post, or is being replied to is left as it is. Returns how many were closed
    and how many were left. Raises `RuleBrokenError` if none could be closed, and changes nothing then.
    """
    closed = []
    for ticket_id in sorted(listed):
        ticket = Ticket.lock(session, ticket_id)
        is_waiting = ticket.group_id == group_id and ticket.state == TicketState.WAITING
        if is_waiting and not ticket.is_composed(at) and not _has_news(session, ticket_id, seen_at):
            ticket.close_no_reply_needed(session, by=by, at=at, reason=reason)
            closed.append(ticket_id)
    if not closed:
        raise RuleBrokenError("None of these is waiting here any more, so nothing was closed.")
    group = TicketGroup.lock(session, group_id)
    group.closing_key, group.closed_by, group.closed_ids = key, by, list(closed)
    group.undo_until = group.redraw_at = undo_until
    group.not_before = None
    group.revision += 1
    return len(closed), len(listed) - len(closed)


def undo_close_all(session: Session, group_id: int, key: str, *, by: str, at: datetime) -> tuple[int, int]:
    """Have what *Close all* closed wait again, one event each, as if it had not been closed.

    A ticket that has changed since is left as it is. Returns how many wait again and how many do not.
    Raises `RuleBrokenError` if the time to undo is over, or something else was closed since.
    """
    group = session.get_one(TicketGroup, group_id, populate_existing=True)
    if group.closing_key != key or not group.can_undo(at):
        raise RuleBrokenError(
            "It is too late to undo that here. Press *Show all* to see the tickets, and reopen each of them."
        )
    closed_ids: list[int] = sorted(group.closed_ids or [])
    waiting = 0
    for ticket_id in closed_ids:
        waiting += Ticket.lock(session, ticket_id).undo_close(session, by=by, at=at)
    group = TicketGroup.lock(session, group_id)
    group.closing_key = group.closed_ids = group.undo_until = group.redraw_at = group.not_before = None
    group.revision += 1
    return waiting, len(closed_ids) - waiting


def _has_news(session: Session, ticket_id: int, seen_at: datetime) -> bool:
    """Whether its author has posted or edited something since `seen_at`."""
    since = or_(Mention.seen_at > seen_at, Mention.edited_at > seen_at)
    return (
        session.scalar(select(Mention.id).where(Mention.ticket_id == ticket_id, since).limit(1)) is not None
    )
