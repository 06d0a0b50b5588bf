"""*Close all*: gives every ticket of a group that was listed one outcome; undone within seconds."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.core.base import RuleBrokenError
from models.slack.ticket_group import GroupClosing, TicketGroup
from models.sources.mention import Mention
from models.tickets.state import TicketState
from models.tickets.ticket import Ticket

_DIGEST_CHARS = 6
_TOO_LATE = "It is too late to undo that here. Press *Show all* to see the tickets, and reopen each of them."


def digest_posts(session: Session, ticket_ids: Collection[int]) -> dict[int, str]:
    """Returns, for each ticket, a short digest of its posts in their versions.

    It tells whether somebody has seen all of them, which times cannot: a page of posts may be committed long
    after its moment.
    """
    posts: dict[int, list[tuple[str, str]]] = defaultdict(list)
    query = select(Mention.ticket_id, Mention.post_id, Mention.latest_id, Mention.text)
    for ticket_id, post_id, latest_id, words in session.execute(
        query.where(Mention.ticket_id.in_(ticket_ids)).order_by(Mention.id)
    ):
        posts[ticket_id].append((f"{post_id} {latest_id}", words))
    return {
        ticket_id: hashlib.sha256(repr(seen).encode(errors="replace")).hexdigest()[:_DIGEST_CHARS]
        for ticket_id, seen in posts.items()
    }


def close_all(
    session: Session,
    group_id: int,
    seen: Mapping[int, str],
    *,
    reason: str,
    by: str,
    at: datetime,
    undo_until: datetime,
    key: str,
) -> tuple[int, int]:
    """Close the tickets that `by` saw listed as *no reply needed* for `reason`, one event each.

    `seen` has the digest of each ticket's posts (`digest_posts`) as they were listed. One that is not in the
    group any more, has an outcome, has a new or edited post, or is being replied to is left as it is. Returns
    how many were closed and how many were left. Raises `RuleBrokenError` if none could be closed, and changes
    nothing then.
    """
    tickets = {ticket_id: Ticket.lock(session, ticket_id) for ticket_id in sorted(seen)}
    now = digest_posts(session, tickets)
    closed = []
    for ticket_id, ticket in tickets.items():
        is_waiting = ticket.group_id == group_id and ticket.state == TicketState.WAITING
        if is_waiting and not ticket.is_composed(at) and now.get(ticket_id) == seen[ticket_id]:
            ticket.close_no_reply_needed(session, by=by, at=at, reason=reason)
            closed.append(ticket_id)
    if not closed:
        raise RuleBrokenError("None of these is waiting here any more, so nothing was closed.")
    group = TicketGroup.lock(session, group_id)
    if undo_until > at:
        session.add(
            GroupClosing(group_id=group_id, key=key, closed_by=by, closed_ids=closed, undo_until=undo_until)
        )
        group.redraw_at = min(group.redraw_at or undo_until, undo_until)
    group.not_before = None
    group.change(at)
    return len(closed), len(seen) - len(closed)


def undo_close_all(session: Session, group_id: int, key: str, *, by: str, at: datetime) -> tuple[int, int]:
    """Have what one *Close all* closed wait again, one event each, as if it had not been closed.

    A ticket that has changed since is left as it is. Returns how many wait again and how many do not.
    Raises `RuleBrokenError` if the time to undo is over, or somebody has undone it.
    """
    known = session.scalar(select(GroupClosing).where(GroupClosing.key == key))
    if known is None or known.undo_until <= at:
        raise RuleBrokenError(_TOO_LATE)
    tickets = [Ticket.lock(session, ticket_id) for ticket_id in sorted(known.closed_ids)]
    group = TicketGroup.lock(session, group_id)
    closing = GroupClosing.lock(session, key)
    if closing is None:
        raise RuleBrokenError("Somebody has undone that already.")
    waiting = sum(ticket.undo_close(session, by=by, at=at) for ticket in tickets)
    session.delete(closing)
    group.not_before = None
    group.change(at)
    return waiting, len(tickets) - waiting
