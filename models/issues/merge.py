"""Merges two issues: moves the tickets, and works out who was told of the fix.

The one that remains keeps its title and stays open or fixed. An author is told, before and after, if they got
a reply that was published after the fix that their ticket waited for (`IssueReport.told_since`):

- both fixed: the later fix counts. A ticket of the earlier one still goes by the earlier fix, so that those
  who were told of it stay told. A reply to the others between the two fixes tells nobody.
- an open one into a fixed one: its people are to be told, by replies from now on, since nobody could have
  told them so far. Those who were told on a ticket of the fixed one, after their last post, are told.
- into an open one: nobody is told of anything until it is fixed, which starts over.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_mrkdwn
from models.issues.fix_followup import reconcile_reports
from models.issues.issue import Issue, IssueReport
from models.issues.queries import REPORT_LAST_POSTED_AT
from models.tickets.ticket import Ticket


class MergeResult(NamedTuple):
    """The two issues after a merge, and when `kept` had been fixed before it."""

    merged: Issue
    kept: Issue
    was_fixed_at: datetime | None  # `kept`, before


def merge_issues(session: Session, issue_id: int, into_id: int, *, by: str, at: datetime) -> MergeResult:
    """Merge `issue_id` into `into_id`, or into what remains of that one.

    Raises `RuleBrokenError` if they are one already, or if the first was merged into a third meanwhile.
    """
    merged, kept = _lock_both(session, issue_id, into_id)
    Issue.lock_tickets_of(session, merged, kept)
    # Waits for transactions that add a ticket to it now; later ones find the issue that remains.
    session.execute(select(Issue.id).where(Issue.id == merged.id).with_for_update())
    for issue in (merged, kept):
        reconcile_reports(session, issue.id, at=at)
    was_fixed_at = kept.fixed_at
    if kept.is_fixed:
        _keep_told_since(session, merged, kept, at=at)
    session.flush()
    _move_reports(session, merged, kept, by=by, at=at)
    merged.merged_into = kept.id
    data = {"issue": merged.id, "title": merged.title, "into": kept.id, "into_title": kept.title}
    Event.record(session, "issue merged", at=at, by=by, text=merged.title, data=data)
    session.flush()
    if kept.is_fixed:
        _apply_skips(session, kept, at=at)
        reconcile_reports(session, kept.id, at=at)
    return MergeResult(merged, kept, was_fixed_at)


def refuse_if_merged(session: Session, issue_id: int) -> None:
    """Raises `RuleBrokenError` if that issue was merged: the person who acts on it sees another one."""
    remains = session.get_one(Issue, Issue.resolve_merged(session, issue_id))
    if remains.id != issue_id:
        raise RuleBrokenError(
            f"Someone has merged this one into “{escape_mrkdwn(remains.title)}”. Open that one instead."
        )


def _lock_both(session: Session, issue_id: int, into_id: int) -> tuple[Issue, Issue]:
    """Lock both in the order of their ids, so that two opposite merges wait and do not deadlock."""
    if issue_id == into_id:
        raise RuleBrokenError("That is the same issue. Choose another one.")
    while True:
        into = Issue.resolve_merged(session, into_id)
        if into == Issue.resolve_merged(session, issue_id):
            raise RuleBrokenError(
                f"They are already merged: “{escape_mrkdwn(session.get_one(Issue, into).title)}”."
            )
        refuse_if_merged(session, issue_id)
        query = select(Issue).where(Issue.id.in_((issue_id, into)), Issue.merged_into.is_(None))
        query = query.order_by(Issue.id).with_for_update(key_share=True)
        with session.begin_nested() as attempt:
            both = {one.id: one for one in session.scalars(query.execution_options(populate_existing=True))}
            if len(both) > 1:
                return both[issue_id], both[into]
            attempt.rollback()  # releases the lock it got: the next try may have to lock a lower id first


def _keep_told_since(session: Session, merged: Issue, kept: Issue, *, at: datetime) -> None:
    """Store from when on a reply tells a ticket's author, where that is not the fix that counts now."""
    if merged.fixed_at is None or kept.fixed_at is None:
        cleared = dict.fromkeys(("told_at", "skipped_at", "skip_reason", "settled_by"))  # of an earlier fix
        _update_reports(session, IssueReport.issue_id == merged.id, cleared | {"told_since": at})
        return
    earlier = merged if merged.fixed_at <= kept.fixed_at else kept
    earlier_reports = (IssueReport.issue_id == earlier.id) & IssueReport.told_since.is_(None)
    _update_reports(session, earlier_reports, {"told_since": earlier.fixed_at})
    if earlier is kept:
        kept.fixed_at, kept.fixed_by = merged.fixed_at, merged.fixed_by


def _update_reports(session: Session, which: ColumnElement[bool], values: dict[str, Any]) -> None:
    session.execute(
        update(IssueReport).where(which).values(**values).execution_options(synchronize_session=False)
    )


def _move_reports(session: Session, merged: Issue, kept: Issue, *, by: str, at: datetime) -> None:
    """Move each ticket of `merged` to `kept`, once, and have its card redrawn."""
    kept_reports = {
        report.ticket_id: (report, last_posted_at) for report, last_posted_at in _reports(session, kept)
    }
    merged.redraw_cards(session)
    for report, last_posted_at in _reports(session, merged):
        existing = kept_reports.get(report.ticket_id)
        if existing is None:
            report.issue_id = kept.id
            remaining = report
        else:
            remaining = existing[0]
            _merge_reports(kept, (report, last_posted_at), existing)
            session.delete(report)
        data = {"issue": kept.id, "title": kept.title, "from": merged.id} | _notify_state(remaining)
        Event.record(session, "move to issue", at=at, by=by, ticket_id=remaining.ticket_id, data=data)


def _reports(session: Session, issue: Issue) -> list[tuple[IssueReport, datetime | None]]:
    """Its reports, each with when its author had last posted by then."""
    query = (
        select(IssueReport, REPORT_LAST_POSTED_AT)
        .where(IssueReport.issue_id == issue.id)
        .order_by(IssueReport.id)
    )
    return [
        (report, last_posted_at)
        for report, last_posted_at in session.execute(query.execution_options(populate_existing=True))
    ]


def _notify_state(report: IssueReport) -> dict[str, str]:
    """Whether the report's author was told, for the event log."""
    if report.told_at is not None:
        return {"standing": "told"}
    return {"standing": "skipped"} if report.skipped_at is not None else {}


def _merge_reports(
    kept: Issue, moved: tuple[IssueReport, datetime | None], existing: tuple[IssueReport, datetime | None]
) -> None:
    """Merge two reports on the same ticket into one, `existing`."""
    remaining, both = existing[0], (moved, existing)
    newest = max((one for one, _ in both), key=lambda one: one.at)
    if kept.fixed_at is not None:
        fixed_at = kept.fixed_at

        def since(one: IssueReport) -> datetime:
            return one.told_since or fixed_at

        (early, _), (late, last_posted_at) = sorted(both, key=lambda pair: (since(pair[0]), pair[0].at))
        # An author who posted after the earlier fix waits for the later one.
        came_after = late.at > since(early) and (last_posted_at is None or last_posted_at > since(early))
        decides = late if came_after else early
        skips = [one for one, _ in both if one.skipped_at is not None and one.skipped_at >= newest.at]
        _copy_settlement(
            remaining, decides, max(skips, key=lambda one: one.skipped_at or one.at, default=None)
        )
    remaining.at, remaining.by = newest.at, newest.by


def _copy_settlement(report: IssueReport, decides: IssueReport, skip: IssueReport | None) -> None:
    """Make it told as `decides` is, else skipped as `skip` is, else neither."""
    told_values = (decides.told_at, decides.settled_by)
    skip_values = (skip.skipped_at, skip.skip_reason, skip.settled_by) if skip is not None else None
    report.told_since = decides.told_since
    report.reset_settlement()
    if told_values[0] is not None:
        report.told_at, report.settled_by = told_values
    elif skip_values is not None:
        report.skipped_at, report.skip_reason, report.settled_by = skip_values


def _apply_skips(session: Session, kept: Issue, *, at: datetime) -> None:
    """Skip all reports of authors who were skipped, up to that moment, as if it had been one issue."""
    query = select(IssueReport, Ticket.author_id).join(Ticket, Ticket.id == IssueReport.ticket_id)
    found = session.execute(query.where(IssueReport.issue_id == kept.id).order_by(IssueReport.id)).all()
    skips = [(author, one) for one, author in found if one.skipped_at is not None]
    for report, author in found:
        author_skips = (one for skipped_author, one in skips if skipped_author == author)
        _copy_skip(session, kept, report, author_skips, at=at)


def _copy_skip(
    session: Session, kept: Issue, report: IssueReport, skips: Iterable[IssueReport], *, at: datetime
) -> None:
    known = next((one for one in skips if one.skipped_at is not None and one.skipped_at >= report.at), None)
    if report.is_settled or known is None or known.skipped_at is None:
        return
    report.skipped_at, report.skip_reason = known.skipped_at, known.skip_reason
    report.settled_by = known.settled_by
    data = {"issue": kept.id, "title": kept.title, "reason": report.skip_reason}
    by = report.settled_by or ""
    Event.record(session, "skip telling", at=at, by=by, ticket_id=report.ticket_id, data=data)
