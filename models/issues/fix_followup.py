"""Works out who was told that their issue is fixed, from the replies published since."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.issues.issue import Issue, IssueReport
from models.issues.queries import IS_NOT_MERGED, REPORT_LAST_POSTED_AT
from models.tickets.delivery_state import PUBLIC_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket

_other_report, _other_ticket = aliased(IssueReport), aliased(Ticket)

FOLLOW_UP_WINDOW = timedelta(days=30)  # public replies are seldom deleted later
REPLY_PUBLIC_AT = func.coalesce(Reply.settled_at, Reply.sent_at)
REPLY_SENT_AT = func.coalesce(Reply.sent_at, Reply.settled_at)


def reconcile_reports(session: Session, issue_id: int, *, at: datetime) -> bool:
    """Update who was told of the fix, and who is not told any more. Returns whether anything changed.

    A person is told by a reply sent after the fix on any of their tickets of this issue; someone who reported
    it again after the fix, by a reply after that. One reply settles all their tickets.
    """
    issue = session.get_one(Issue, issue_id)
    if issue.fixed_at is None or not _changed_reports(session, issue):
        return False
    issue = Issue.lock(session, issue_id)
    if issue.fixed_at is None or issue.id != issue_id:
        return False
    issue.lock_tickets(session)
    changed = False
    for report, reply in _changed_reports(session, issue):
        if reply is None:
            changed |= report.unmark_told(session, issue, at=at)
        else:
            since = reply.settled_at or reply.sent_at or at
            changed |= report.mark_told(session, issue, by=reply.actor, at=since, reply_id=reply.id, now=at)
    return changed


def list_unfinished(session: Session, *, at: datetime) -> list[int]:
    """Returns the fixed issues with people still to be told, or whose replies may still be deleted."""
    to_go = exists().where(
        IssueReport.issue_id == Issue.id, IssueReport.told_at.is_(None), IssueReport.skipped_at.is_(None)
    )
    query = select(Issue.id).where(
        Issue.fixed_at.is_not(None), IS_NOT_MERGED, or_(to_go, Issue.fixed_at > at - FOLLOW_UP_WINDOW)
    )
    return list(session.scalars(query.order_by(Issue.id)))


def list_merged(session: Session, *, at: datetime) -> list[int]:
    """Returns the recently fixed issues that are merged into another one now."""
    query = select(Issue.id).where(~IS_NOT_MERGED, Issue.fixed_at > at - FOLLOW_UP_WINDOW)
    return list(session.scalars(query.order_by(Issue.id)))


def _changed_reports(session: Session, issue: Issue) -> list[tuple[IssueReport, Reply | None]]:
    """Reports whose author was told or is not told any more, each with the reply that told them, or None.

    The moments of two reports differ only after a merge. A reply on a ticket tells of the fix that its own
    report waited for. It tells the author of another report, too, if that one was made before that fix; else
    the reply must come after that one's own fix.
    """
    since, own = (func.coalesce(one.told_since, issue.fixed_at) for one in (_other_report, IssueReport))
    answers = and_(
        _other_report.issue_id == issue.id,
        _other_report.ticket_id == Reply.ticket_id,
        _other_ticket.id == _other_report.ticket_id,
        _other_ticket.author_id == Ticket.author_id,
        _replied_after(since),
        or_(
            ~_reported_after(since),
            and_(_replied_after(own), or_(~_reported_after(own), IssueReport.at < REPLY_SENT_AT)),
        ),
    )
    first_answer = select(func.min(Reply.id)).where(
        Reply.state.in_(PUBLIC_STATES), exists().where(answers).correlate(Reply, Ticket, IssueReport)
    )
    first = first_answer.correlate(IssueReport, Ticket).scalar_subquery()
    query: Any = select(IssueReport, first).join(Ticket, Ticket.id == IssueReport.ticket_id)
    found = session.execute(query.where(IssueReport.issue_id == issue.id).order_by(IssueReport.id)).all()
    return [
        (report, session.get_one(Reply, reply_id) if reply_id is not None else None)
        for report, reply_id in found
        if (reply_id is None) != (report.told_at is None)
    ]


def _replied_after(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reply was sent after `moment`, and was not seen before it."""
    return and_(moment < REPLY_SENT_AT, moment < REPLY_PUBLIC_AT)


def _reported_after(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """The report was made after `moment`, with posts from after it."""
    return and_(IssueReport.at > moment, moment < REPORT_LAST_POSTED_AT)
