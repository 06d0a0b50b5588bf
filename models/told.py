"""Who was told that their issue is fixed: read from the replies that went out since."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.issue import Issue, Report
from models.issues import LAST_SAID
from models.reply import SPOKEN, Reply
from models.ticket import Ticket

_other, _their = aliased(Report), aliased(Ticket)

KEPT_IN_SIGHT = timedelta(days=30)  # public replies are seldom deleted later
PUBLIC_AT = func.coalesce(Reply.settled_at, Reply.sent_at)


def settle(session: Session, issue_id: int, *, at: datetime) -> bool:
    """Note who was told of the fix since anybody looked, and who was not after all; whether there was news.

    A person is told by a reply that went out after the fix on any of their tickets of this issue; who came
    with it again after the fix, by one after that. One reply settles all their tickets.
    """
    issue = session.get_one(Issue, issue_id)
    if issue.fixed_at is None or not _news(session, issue):
        return False
    issue = Issue.hold(session, issue_id)
    if issue.fixed_at is None:
        return False
    issue.hold_tickets(session)
    changed = False
    for report, reply in _news(session, issue):
        if reply is None:
            changed |= report.untold(session, issue, at=at)
        else:
            since = reply.settled_at or reply.sent_at or at
            changed |= report.told(session, issue, by=reply.actor, at=since, reply_id=reply.id, now=at)
    return changed


def unfinished(session: Session, *, at: datetime) -> list[int]:
    """The fixed issues where somebody is still to be told, and those where a reply may yet be taken back."""
    to_go = exists().where(Report.issue_id == Issue.id, Report.told_at.is_(None), Report.skipped_at.is_(None))
    query = select(Issue.id).where(
        Issue.fixed_at.is_not(None), or_(to_go, Issue.fixed_at > at - KEPT_IN_SIGHT)
    )
    return list(session.scalars(query.order_by(Issue.id)))


def _news(session: Session, issue: Issue) -> list[tuple[Report, Reply | None]]:
    """Reports that the ledger knows nothing newer of, with the reply that told their author, or none."""
    fixed_at = issue.fixed_at
    again = and_(Report.at > fixed_at, fixed_at < LAST_SAID)
    went_out = and_(
        Reply.state.in_(SPOKEN),
        # Neither what was handed to the wire before, nor what was seen before.
        func.coalesce(Reply.sent_at, Reply.settled_at) > fixed_at,
        fixed_at < PUBLIC_AT,
        or_(~again, func.coalesce(Reply.sent_at, Reply.settled_at) > Report.at),
    )
    theirs = and_(
        _other.issue_id == issue.id,
        _other.ticket_id == Reply.ticket_id,
        _their.id == _other.ticket_id,
        _their.author_id == Ticket.author_id,
    )
    told_by = select(func.min(Reply.id)).where(went_out, exists().where(theirs).correlate(Reply, Ticket))
    first = told_by.correlate(Report, Ticket).scalar_subquery()
    query: Any = select(Report, first).join(Ticket, Ticket.id == Report.ticket_id)
    found = session.execute(query.where(Report.issue_id == issue.id).order_by(Report.id)).all()
    return [
        (report, session.get_one(Reply, reply_id) if reply_id is not None else None)
        for report, reply_id in found
        if (reply_id is None) != (report.told_at is None)
    ]
