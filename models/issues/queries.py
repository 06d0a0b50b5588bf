"""Reads issues for lists: who reported them, how much they weigh, who is to be told. Reads only."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.core.fold import fold
from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.issues.issue import Issue, IssueReport
from models.issues.title import title_key, title_keys
from models.privacy.read_access import EVERYTHING, PUBLIC_ONLY, ReadAccess
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

WEIGHT_HALF_LIFE = timedelta(days=7)
REACH_MAX = 4.0  # the reach of a million followers


# --- how much one weighs. Pure ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weight:
    """The impact of an issue: the product of three figures, rounded as shown so that anyone can check it."""

    people: int
    recency: float
    reach: float

    @property
    def score(self) -> float:
        """The product, to one decimal."""
        return round(self.people * self.recency * self.reach, 1)


def compute_weight(reports: Iterable[tuple[datetime, int | None]], *, at: datetime) -> Weight:
    """Returns the weight of an issue at `at`, from each person's last report and number of followers.

    Recency is the mean over the people of a half per week since their last report. Reach is 1 + log10 of all
    their followers in thousands, from 1 to `REACH_MAX`.
    """
    found = list(reports)
    if not found:
        return Weight(0, 0.0, 1.0)
    ages = [max(at - last, timedelta(0)) / WEIGHT_HALF_LIFE for last, _ in found]
    recency = sum(0.5**age for age in ages) / len(ages)
    followers = sum(max(count or 0, 0) for _, count in found)
    reach = 1 + math.log10(max(followers / 1_000, 1))
    return Weight(len(found), round(recency, 2), round(min(reach, REACH_MAX), 1))


# --- people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketLocation:
    """A ticket, and the channel and timestamp of its card; None if it has none."""

    ticket_id: int
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class Reporter:
    """Someone who reported an issue, on one ticket or several; `places` has the newest first.

    Times are UTC.
    """

    author_id: int
    handle: str | None
    name: str | None
    followers: int | None
    first: datetime
    last: datetime
    reported_by: datetime  # their posts up to then are what they reported
    places: tuple[TicketLocation, ...]
    is_reported_again: bool  # they posted again after it was fixed
    told_at: datetime | None
    skip_reason: str | None
    settled_by: str | None

    @property
    def is_settled(self) -> bool:
        """Whether they were told, or need not be."""
        return self.told_at is not None or self.skip_reason is not None


@dataclass(frozen=True, slots=True)
class NotifyProgress:
    """How many people there are to tell of a fix, and how many were told or skipped."""

    people: int
    told: int
    skipped: int

    @property
    def remaining(self) -> int:
        """How many are still to be told."""
        return self.people - self.told - self.skipped


# The author's last post when the ticket was added: later posts may be about something else.
REPORT_LAST_POSTED_AT = (
    select(func.max(Mention.posted_at))
    .where(Mention.ticket_id == IssueReport.ticket_id, Mention.posted_at <= IssueReport.at)
    .correlate(IssueReport)
    .scalar_subquery()
)
_COLUMNS = (
    IssueReport,
    Ticket.author_id,
    Author,
    Ticket.opened_at,
    func.coalesce(REPORT_LAST_POSTED_AT, Ticket.opened_at),
)


def _reports() -> Select[*tuple[Any, ...]]:
    query = select(*_COLUMNS, PLACE_CHANNEL, PLACE_TS).select_from(IssueReport)
    query = query.join(Ticket, Ticket.id == IssueReport.ticket_id).join(Author, Author.id == Ticket.author_id)
    return join_place(query)


def reporters_by_issue(
    session: Session, issues: Sequence[Issue], access: ReadAccess = EVERYTHING
) -> dict[int, list[Reporter]]:
    """Returns the people who reported each of `issues`, by issue id; the latest post first.

    All of them count. To name them to somebody, take those whose tickets their `access` allows.
    """
    found: dict[int, dict[int, list[Any]]] = {issue.id: defaultdict(list) for issue in issues}
    query = _reports().where(IssueReport.issue_id.in_(found), access.condition())
    query = query.execution_options(populate_existing=True)
    for row in session.execute(query.order_by(IssueReport.id)):
        found[row[0].issue_id][row[1]].append(row)
    fixed = {issue.id: issue.fixed_at for issue in issues}
    return {
        issue_id: sorted(
            (_build_reporter(rows, fixed[issue_id]) for rows in by_author.values()),
            key=lambda person: (person.last, person.author_id),
            reverse=True,
        )
        for issue_id, by_author in found.items()
    }


def list_reporters(session: Session, issue: Issue, access: ReadAccess = EVERYTHING) -> list[Reporter]:
    """Returns the people who reported `issue`, the latest post first; see `reporters_by_issue`."""
    return reporters_by_issue(session, [issue], access)[issue.id]


def _build_reporter(rows: list[Any], fixed_at: datetime | None) -> Reporter:
    """One person, from all their reports of one issue."""
    rows = sorted(rows, key=lambda row: (row[4], row[0].id), reverse=True)
    reports, author = [row[0] for row in rows], rows[0][2]
    told_report = next((report for report in reports if report.told_at is not None), None)
    skipped_report = (
        next((report for report in reports if report.skipped_at is not None), None)
        if told_report is None
        else None
    )
    unsettled = any(not report.is_settled for report in reports)
    settled = None if unsettled else told_report or skipped_report
    return Reporter(
        author_id=author.id,
        handle=author.handle,
        name=author.name,
        followers=author.followers,
        first=min(row[3] for row in rows),
        last=rows[0][4],
        reported_by=rows[0][4],
        places=tuple(TicketLocation(row[0].ticket_id, row[5], row[6]) for row in rows),
        is_reported_again=fixed_at is not None
        and any(row[0].at > fixed_at and row[4] > fixed_at for row in rows),
        told_at=settled.told_at if settled is not None else None,
        skip_reason=settled.skip_reason if settled is not None else None,
        settled_by=settled.settled_by if settled is not None else None,
    )


def count_progress(people: Sequence[Reporter]) -> NotifyProgress:
    """Returns how many of `people` were told or skipped."""
    told = sum(1 for person in people if person.told_at is not None)
    skipped = sum(1 for person in people if person.told_at is None and person.skip_reason is not None)
    return NotifyProgress(len(people), told, skipped)


def reported_mentions(
    session: Session, people: Sequence[Reporter], access: ReadAccess = PUBLIC_ONLY
) -> dict[int, Mention]:
    """Returns what each of `people` reported, by author id: their newest post by then, even if erased.

    Only posts on tickets that `access` allows.
    """
    by_ticket = {person.places[0].ticket_id: person for person in people}
    query = select(Mention).join(Ticket, Ticket.id == Mention.ticket_id)
    query = query.where(Mention.ticket_id.in_(by_ticket), access.condition())
    query = query.order_by(Mention.posted_at, Mention.id)
    found: dict[int, Mention] = {}
    for mention in session.scalars(query):
        person = by_ticket[mention.ticket_id]
        if mention.posted_at <= person.reported_by or person.author_id not in found:
            found[person.author_id] = mention
    return found


# --- lists --------------------------------------------------------------------------------------------------

IS_NOT_MERGED = Issue.merged_into.is_(None)


@dataclass(frozen=True, slots=True)
class RankedIssue:
    """An issue in a list."""

    issue: Issue
    people: list[Reporter]
    weight: Weight

    @property
    def progress(self) -> NotifyProgress:
        """How many of its people were told or skipped."""
        return count_progress(self.people)

    @property
    def is_reported_again(self) -> bool:
        """Whether someone reported it after it was fixed."""
        return any(one.is_reported_again for one in self.people)


def rank_open_issues(session: Session, *, at: datetime) -> list[RankedIssue]:
    """Returns the open issues, highest impact first."""
    found = _rank_issues(session, select(Issue).where(Issue.fixed_at.is_(None), IS_NOT_MERGED), at=at)
    return sorted(found, key=lambda one: (-one.weight.score, -len(one.people), -one.issue.id))


def list_fixed_issues(session: Session, *, at: datetime) -> list[RankedIssue]:
    """Returns the fixed issues: those with people still to be told first, then the latest fix first."""
    found = _rank_issues(session, select(Issue).where(Issue.fixed_at.is_not(None), IS_NOT_MERGED), at=at)
    found.sort(key=lambda one: (one.issue.fixed_at, one.issue.id), reverse=True)
    return sorted(found, key=lambda one: one.progress.remaining == 0)


def count_to_notify(fixed: Sequence[RankedIssue]) -> tuple[int, int]:
    """Returns how many of the `fixed` issues have people still to be told, and how many people that is."""
    to_go = [one.progress.remaining for one in fixed if one.progress.remaining]
    return len(to_go), sum(to_go)


def find_issue_ids(session: Session, words: str, *, at_most: int | None = None) -> list[int]:
    """Returns the ids of the issues, merged ones included, whose title contains each of `words` in any order.

    As in the search for posts, accents do not count. With `at_most`, only that many words are looked at.
    """
    parts = [(part, _search_key(part)) for part in title_keys(words)[:at_most]]
    if not parts:
        return []
    titles = session.execute(select(Issue.id, Issue.name)).all()  # a few thousand short titles at most
    return [row.id for row in titles if all(_matches(row.name, *part) for part in parts)]


def _matches(name: str, part: str, loose_part: str) -> bool:
    return part in name or (loose_part != "" and loose_part in _search_key(name))


def _search_key(name: str) -> str:
    """A title's key without accents, as the search for posts compares it."""
    return fold(name).replace(" ", "")


def find_issues(session: Session, words: str, *, at: datetime) -> list[RankedIssue]:
    """Returns the issues with that title; if there is none, those whose title contains each of `words`.

    The title of a merged issue finds the one that remains.
    """
    exact = session.scalars(select(Issue.id).where(Issue.name == title_key(words))).all()
    ends = {Issue.resolve_merged(session, one) for one in exact or find_issue_ids(session, words)}
    if not ends:
        return []
    found = _rank_issues(session, select(Issue).where(Issue.id.in_(ends)), at=at)
    return sorted(found, key=lambda one: (one.issue.is_fixed, -one.weight.score, -one.issue.id))


def _rank_issues(session: Session, query: Select[Issue], *, at: datetime) -> list[RankedIssue]:
    issues = session.scalars(query).all()
    found = reporters_by_issue(session, issues)
    return [
        RankedIssue(one, found[one.id], compute_weight(((p.last, p.followers) for p in found[one.id]), at=at))
        for one in issues
    ]
