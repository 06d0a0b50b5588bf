"""Which issues a ticket may be about, or another issue may be the same as: a look at the ledger."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from models.issues.issue import Issue, Report, holding, name_of, names_in
from models.issues.queries import REMAINS, ranked
from models.similarity.keywords import alike, common, words_in
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

RECENT = 500  # mentions: how everybody speaks here just now
READ = 800  # texts of issues at most, the newest: more say the same
EACH = 20  # of one issue
LEAST = 1.0  # less in common is chance
FARTHEST = 3  # of what holds the words somewhere
WORDS = 30  # of what somebody types; no title has more


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue to choose, and what speaks for it."""

    issue: Issue
    people: int
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sought:
    """For what somebody chooses an issue: for that ticket, or for that issue, which may be the same."""

    ticket: int | None = None
    issue: int | None = None

    def left_out(self, session: Session) -> set[int]:
        """The issues that are no choice: those that the ticket is in, and the issue itself."""
        known = select(Report.issue_id).where(Report.ticket_id == self.ticket)
        found = set(session.scalars(known)) if self.ticket is not None else set()
        return found if self.issue is None else {*found, self.issue}


def is_any(session: Session, sought: Sought) -> bool:
    """Whether there is an issue to choose."""
    other = select(Issue.id).where(REMAINS, Issue.id.not_in(sought.left_out(session)))
    return session.scalar(other.limit(1)) is not None


def offer(session: Session, sought: Sought, typed: str, *, at: datetime, limit: int) -> list[Suggestion]:
    """The issues to choose from once somebody `typed` that, perhaps nothing yet; at most `limit`."""
    if names_in(typed):
        return search(session, sought, typed, limit=limit)
    return suggest(session, sought, at=at, limit=limit)


def suggest(session: Session, sought: Sought, *, at: datetime, limit: int) -> list[Suggestion]:
    """Without a word typed: those alike first, then the open ones as they are ranked, then the fixed."""
    texts = _texts(session, sought.ticket)
    theirs = texts.get(sought.issue, []) if sought.issue is not None else []
    words = _spoken(session, sought).union(*theirs)
    recent = [words_in(one) for one in session.scalars(_recent())]
    held, total = common(recent), len(recent)
    open_ones = ranked(session, at=at)
    newest = select(Issue).where(Issue.fixed_at.is_not(None), REMAINS).order_by(Issue.fixed_at.desc())
    listed = [(one.issue, len(one.people)) for one in open_ones]
    listed += [(issue, 0) for issue in session.scalars(newest.limit(limit))]
    left_out = sought.left_out(session)
    found = [
        (issue, people, alike(words, [words_in(issue.title), *texts.get(issue.id, ())], held, total))
        for issue, people in listed
        if issue.id not in left_out
    ]
    found.sort(key=lambda one: -one[2].score if one[2].score >= LEAST else 0.0)
    return [
        Suggestion(issue, people, likeness.words if likeness.score >= LEAST else ())
        for issue, people, likeness in found[:limit]
    ]


def _recent() -> Select[str]:
    return select(Mention.text).order_by(Mention.id.desc()).limit(RECENT)


def _spoken(session: Session, sought: Sought) -> set[str]:
    """The words of the ticket's author, or of the issue's title."""
    if sought.ticket is not None:
        said = select(Mention.text).where(Mention.ticket_id == sought.ticket)
    else:
        said = select(Issue.title).where(Issue.id == sought.issue)
    return set().union(*(words_in(one) for one in session.scalars(said)))


def _texts(session: Session, ticket_id: int | None) -> dict[int, list[set[str]]]:
    """What was said on the other tickets of each issue, the newest of them."""
    number = func.row_number().over(partition_by=Report.issue_id, order_by=Report.id.desc()).label("number")
    others = Report.ticket_id.is_distinct_from(ticket_id)
    here = select(Report.issue_id, Report.ticket_id, number).where(others).subquery()
    query = (
        select(here.c.issue_id, Mention.text)
        .join(Mention, Mention.ticket_id == here.c.ticket_id)
        .where(here.c.number <= EACH)
        .order_by(Mention.id.desc())
        .limit(READ)
    )
    found: dict[int, list[set[str]]] = defaultdict(list)
    for issue_id, text in session.execute(query):
        found[issue_id].append(words_in(text))
    return found


# --- by what somebody typed ---------------------------------------------------------------------------------


def search(session: Session, sought: Sought, typed: str, *, limit: int) -> list[Suggestion]:
    """The issues whose title holds each word of `typed`, whatever its case, accents and punctuation.

    The title that was typed comes first, then those that begin so, those with words that begin so, the rest;
    of equals what is open, then what more people reported, then the newest. A title that was merged away
    finds what remains of it.
    """
    whole, parts = name_of(typed), names_in(typed)[:WORDS]
    named = Issue.id.in_(holding(session, typed, at_most=WORDS))
    nearness: dict[int, int] = {}
    for gone in session.scalars(select(Issue).where(named, ~REMAINS)):
        end = Issue.end_of(session, gone.id)
        nearness[end] = min(_far(gone, whole, parts), nearness.get(end, FARTHEST))
    people = func.count(Ticket.author_id.distinct())
    query = select(Issue, people).outerjoin(Report, Report.issue_id == Issue.id)
    query = query.outerjoin(Ticket, Ticket.id == Report.ticket_id).group_by(Issue.id)
    query = query.where(REMAINS, Issue.id.not_in(sought.left_out(session)))
    query = query.where(or_(named, Issue.id.in_(nearness)))
    found = [Suggestion(issue, count) for issue, count in session.execute(query)]
    found.sort(key=lambda one: (one.issue.is_fixed, -one.people, -one.issue.id))

    def far(one: Suggestion) -> int:
        return min(_far(one.issue, whole, parts), nearness.get(one.issue.id, FARTHEST))

    return sorted(found, key=far)[:limit]


def _far(issue: Issue, whole: str, parts: list[str]) -> int:
    """How far its title is from what was typed."""
    if issue.name.startswith(whole):
        return 0 if issue.name == whole else 1
    words = names_in(issue.title)
    return 2 if all(any(word.startswith(part) for word in words) for part in parts) else FARTHEST
