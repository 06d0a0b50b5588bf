"""Who was told that their issue is fixed: read from the replies that went out since."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.issues.issue import Issue, Report
from models.issues.queries import LAST_SAID, REMAINS
from models.tickets.reply import SPOKEN, Reply
from models.tickets.ticket import Ticket

_other, _their = aliased(Report), aliased(Ticket)

KEPT_IN_SIGHT = timedelta(days=30)  # public replies are seldom deleted later
PUBLIC_AT = func.coalesce(Reply.settled_at, Reply.sent_at)
SENT_AT = func.coalesce(Reply.sent_at, Reply.settled_at)


def settle(session: Session, issue_id: int, *, at: datetime) -> bool:
    """Note who was told of the fix since anybody looked, and who was not after all; whether there was news.

    A person is told by a reply that went out after the fix on any of their tickets of this issue; who came
    with it again after the fix, by one after that. One reply settles all their tickets.
    """
    issue = session.get_one(Issue, issue_id)
    if issue.fixed_at is None or not _news(session, issue):
        return False
    issue = Issue.hold(session, issue_id)
    if issue.fixed_at is None or issue.id != issue_id:
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
        Issue.fixed_at.is_not(None), REMAINS, or_(to_go, Issue.fixed_at > at - KEPT_IN_SIGHT)
    )
    return list(session.scalars(query.order_by(Issue.id)))


def merged_away(session: Session, *, at: datetime) -> list[int]:
    """The issues whose fix the channel has heard of lately, and which are a part of another one now."""
    query = select(Issue.id).where(~REMAINS, Issue.fixed_at > at - KEPT_IN_SIGHT)
    return list(session.scalars(query.order_by(Issue.id)))


def _news(session: Session, issue: Issue) -> list[tuple[Report, Reply | None]]:
    """Reports that the ledger knows nothing newer of, with the reply that told their author, or none.

    The moments of two reports differ only where issues were merged. A reply on a ticket tells of the fix that
    its own report waited for. It tells the author of another report, too, if they had said that one before
    that fix; else it must answer that one by its own rights.
    """
    since, own = (func.coalesce(one.told_since, issue.fixed_at) for one in (_other, Report))
    theirs = and_(
        _other.issue_id == issue.id,
        _other.ticket_id == Reply.ticket_id,
        _their.id == _other.ticket_id,
        _their.author_id == Ticket.author_id,
        _after(since),
        or_(~_came_after(since), and_(_after(own), or_(~_came_after(own), Report.at < SENT_AT))),
    )
    told_by = select(func.min(Reply.id)).where(
        Reply.state.in_(SPOKEN), exists().where(theirs).correlate(Reply, Ticket, Report)
    )
    first = told_by.correlate(Report, Ticket).scalar_subquery()
    query: Any = select(Report, first).join(Ticket, Ticket.id == Report.ticket_id)
    found = session.execute(query.where(Report.issue_id == issue.id).order_by(Report.id)).all()
    return [
        (report, session.get_one(Reply, reply_id) if reply_id is not None else None)
        for report, reply_id in found
        if (reply_id is None) != (report.told_at is None)
    ]


def _after(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """The reply was neither handed to the wire before `moment`, nor seen before."""
    return and_(moment < SENT_AT, moment < PUBLIC_AT)


def _came_after(moment: ColumnElement[Any]) -> ColumnElement[bool]:
    """The report came after `moment`, with words from after it."""
    return and_(Report.at > moment, moment < LAST_SAID)
