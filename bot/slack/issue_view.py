"""Reads from the ledger what the page of an issue shows."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.slack.blocks.elements import Block
from bot.slack.blocks.issues.issue import PEOPLE_PER_PAGE, IssueRow, IssueView, build_answer_button
from models import Account, Author, Ticket
from models.issues.issue import Issue
from models.issues.queries import RankedIssue, Reporter, compute_weight, list_reporters, reported_mentions
from models.privacy.read_access import ReadAccess


def load_view(session: Session, issue: Issue, *, page: int, at: datetime, access: ReadAccess) -> IssueView:
    """Read what somebody with that `access` sees: of a fixed issue those who are still to be told first.

    Who reported it in private is counted, and named only to those who may read that.
    """
    found = list_reporters(session, issue)
    standing = RankedIssue(issue, found, compute_weight(((one.last, one.followers) for one in found), at=at))
    seen = list_reporters(session, issue, access)
    listed = sorted(seen, key=lambda one: one.is_settled) if issue.is_fixed else seen
    pages = max(-(-len(listed) // PEOPLE_PER_PAGE), 1)
    page = min(max(page, 0), pages - 1)
    here = listed[page * PEOPLE_PER_PAGE : (page + 1) * PEOPLE_PER_PAGE]
    said = reported_mentions(session, here, access)
    rows = tuple(IssueRow(one, said.get(one.author_id), _answer_button(session, issue, one)) for one in here)
    return IssueView(standing, rows, page, pages, hidden=len(found) - len(seen))


def _answer_button(session: Session, issue: Issue, person: Reporter) -> Block | None:
    if not issue.is_fixed or person.told_at is not None:
        return None
    ticket = session.get_one(Ticket, person.places[0].ticket_id)
    author = session.get_one(Author, ticket.author_id)
    ours = Account.find(session, ticket.network, ticket.account_id)
    account = ours.handle if ours is not None else "us"
    return build_answer_button(ticket, author, account, ticket.live_reply(session))
