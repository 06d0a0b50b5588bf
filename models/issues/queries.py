"""Issues as they are looked at: who reported them, what they weigh, who is to be told. Reads only."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.issues.issue import Issue, Report, holding, name_of
from models.slack.card import Card
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

HALF_LIFE = timedelta(days=7)
REACH_MAX = 4.0  # as much as a million followers


# --- how much one weighs. Pure ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weight:
    """What an issue weighs: the product of three figures as they are shown, so that anybody can check it."""

    people: int
    recency: float
    reach: float

    @property
    def score(self) -> float:
        """The product, to one decimal."""
        return round(self.people * self.recency * self.reach, 1)


def weigh(reports: Iterable[tuple[datetime, int | None]], *, at: datetime) -> Weight:
    """The weight of an issue at `at`, from each person's last report and number of followers.

    Recency is the mean over the people of a half each week since their last report; reach is 1 + log10 of
    all their followers by the thousand, from 1 to `REACH_MAX`.
    """
    found = list(reports)
    if not found:
        return Weight(0, 0.0, 1.0)
    ages = [max(at - last, timedelta(0)) / HALF_LIFE for last, _ in found]
    recency = sum(0.5**age for age in ages) / len(ages)
    followers = sum(max(count or 0, 0) for _, count in found)
    reach = 1 + math.log10(max(followers / 1_000, 1))
    return Weight(len(found), round(recency, 2), round(min(reach, REACH_MAX), 1))


# --- people -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket and where its card is."""

    ticket_id: int
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who reported an issue, on one ticket or several; `places` has the newest first."""

    author_id: int
    handle: str | None
    name: str | None
    followers: int | None
    first: datetime
    last: datetime
    said_by: datetime  # what they had said by then is what they reported
    places: tuple[Place, ...]
    is_again: bool  # they came with it after it was said to be fixed
    told_at: datetime | None
    skip_reason: str | None
    settled_by: str | None

    @property
    def is_settled(self) -> bool:
        """Whether they were told, or need not be."""
        return self.told_at is not None or self.skip_reason is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far telling people is."""

    people: int
    told: int
    skipped: int

    @property
    def to_go(self) -> int:
        """How many are still to be told."""
        return self.people - self.told - self.skipped


# What they had said by the time somebody added it: later words may be about something else.
LAST_SAID = (
    select(func.max(Mention.posted_at))
    .where(Mention.ticket_id == Report.ticket_id, Mention.posted_at <= Report.at)
    .correlate(Report)
    .scalar_subquery()
)
_COLUMNS = (Report, Ticket.author_id, Author, Ticket.opened_at, func.coalesce(LAST_SAID, Ticket.opened_at))


def _reports() -> Select[*tuple[Any, ...]]:
    query = select(*_COLUMNS, Card.channel, Card.ts).select_from(Report)
    query = query.join(Ticket, Ticket.id == Report.ticket_id).join(Author, Author.id == Ticket.author_id)
    return query.outerjoin(Card, Card.ticket_id == Ticket.id)


def people_of(session: Session, issues: Sequence[Issue]) -> dict[int, list[Person]]:
    """Who reported each of `issues`, each person once, who spoke last first."""
    found: dict[int, dict[int, list[Any]]] = {issue.id: defaultdict(list) for issue in issues}
    query = _reports().where(Report.issue_id.in_(found)).execution_options(populate_existing=True)
    for row in session.execute(query.order_by(Report.id)):
        found[row[0].issue_id][row[1]].append(row)
    fixed = {issue.id: issue.fixed_at for issue in issues}
    return {
        issue_id: sorted(
            (_person(rows, fixed[issue_id]) for rows in theirs.values()),
            key=lambda person: (person.last, person.author_id),
            reverse=True,
        )
        for issue_id, theirs in found.items()
    }


def people(session: Session, issue: Issue) -> list[Person]:
    """Who reported `issue`."""
    return people_of(session, [issue])[issue.id]


def _person(rows: list[Any], fixed_at: datetime | None) -> Person:
    """One person of all their reports of one issue."""
    rows = sorted(rows, key=lambda row: (row[4], row[0].id), reverse=True)
    reports, author = [row[0] for row in rows], rows[0][2]
    told = next((one for one in reports if one.told_at is not None), None)
    skipped = next((one for one in reports if one.skipped_at is not None), None) if told is None else None
    unsettled = any(not one.is_settled for one in reports)
    settled = None if unsettled else told or skipped
    return Person(
        author_id=author.id,
        handle=author.handle,
        name=author.name,
        followers=author.followers,
        first=min(row[3] for row in rows),
        last=rows[0][4],
        said_by=rows[0][4],
        places=tuple(Place(row[0].ticket_id, row[5], row[6]) for row in rows),
        is_again=fixed_at is not None and any(row[0].at > fixed_at and row[4] > fixed_at for row in rows),
        told_at=settled.told_at if settled is not None else None,
        skip_reason=settled.skip_reason if settled is not None else None,
        settled_by=settled.settled_by if settled is not None else None,
    )


def progress(people: Sequence[Person]) -> Progress:
    """How far telling `people` is."""
    told = sum(1 for one in people if one.told_at is not None)
    skipped = sum(1 for one in people if one.told_at is None and one.skip_reason is not None)
    return Progress(len(people), told, skipped)


def words_of(session: Session, people: Sequence[Person]) -> dict[int, Mention]:
    """What each of `people` reported, by author: their newest post by then, taken back or not."""
    by_ticket = {one.places[0].ticket_id: one for one in people}
    query = select(Mention).where(Mention.ticket_id.in_(by_ticket)).order_by(Mention.posted_at, Mention.id)
    found: dict[int, Mention] = {}
    for mention in session.scalars(query):
        person = by_ticket[mention.ticket_id]
        if mention.posted_at <= person.said_by or person.author_id not in found:
            found[person.author_id] = mention
    return found


# --- lists --------------------------------------------------------------------------------------------------

REMAINS = Issue.merged_into.is_(None)


@dataclass(frozen=True, slots=True)
class Standing:
    """An issue in a list."""

    issue: Issue
    people: list[Person]
    weight: Weight

    @property
    def progress(self) -> Progress:
        """How far telling its people is."""
        return progress(self.people)

    @property
    def is_again(self) -> bool:
        """Whether somebody reported it since it was said to be fixed."""
        return any(one.is_again for one in self.people)


def ranked(session: Session, *, at: datetime) -> list[Standing]:
    """What is open, what weighs most first."""
    found = _standings(session, select(Issue).where(Issue.fixed_at.is_(None), REMAINS), at=at)
    return sorted(found, key=lambda one: (-one.weight.score, -len(one.people), -one.issue.id))


def fixed(session: Session, *, at: datetime) -> list[Standing]:
    """What was fixed: where somebody is still to be told first, then the latest first."""
    found = _standings(session, select(Issue).where(Issue.fixed_at.is_not(None), REMAINS), at=at)
    found.sort(key=lambda one: (one.issue.fixed_at, one.issue.id), reverse=True)
    return sorted(found, key=lambda one: one.progress.to_go == 0)


def to_tell(fixed: Sequence[Standing]) -> tuple[int, int]:
    """How many of the `fixed` issues have somebody still to be told, and how many people that is."""
    to_go = [one.progress.to_go for one in fixed if one.progress.to_go]
    return len(to_go), sum(to_go)


def named(session: Session, words: str, *, at: datetime) -> list[Standing]:
    """Those of that title; if none is, those whose title holds each of `words`.

    A title that was merged away finds what remains of it.
    """
    exact = session.scalars(select(Issue.id).where(Issue.name == name_of(words))).all()
    ends = {Issue.end_of(session, one) for one in exact or holding(session, words)}
    if not ends:
        return []
    found = _standings(session, select(Issue).where(Issue.id.in_(ends)), at=at)
    return sorted(found, key=lambda one: (one.issue.is_fixed, -one.weight.score, -one.issue.id))


def _standings(session: Session, query: Select[Issue], *, at: datetime) -> list[Standing]:
    issues = session.scalars(query).all()
    found = people_of(session, issues)
    return [
        Standing(one, found[one.id], weigh(((p.last, p.followers) for p in found[one.id]), at=at))
        for one in issues
    ]
