"""Which issues a ticket may be about: a look at the ledger."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from models.issue import Issue, Report
from models.issues import REMAINS, ranked
from models.likewords import alike, common, words_in
from models.mention import Mention

RECENT = 500  # mentions: how everybody speaks here just now
READ = 800  # texts of issues at most, the newest: more say the same
EACH = 20  # of one issue
LEAST = 1.0  # less in common is chance


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue that a ticket may be added to, and what speaks for it."""

    issue: Issue
    people: int
    shares: tuple[str, ...]


def suggest(session: Session, ticket_id: int, *, at: datetime, limit: int) -> list[Suggestion]:
    """The issues to choose from: those alike first, then the open ones as they are ranked, then the fixed."""
    known = {issue.id for issue in Issue.of(session, ticket_id)}
    texts = _texts(session, without=ticket_id)
    return _alike(session, _spoken(session, ticket_id), texts, known, at=at, limit=limit)


def same_as(session: Session, issue_id: int, *, at: datetime, limit: int) -> list[Suggestion]:
    """The issues that this one may be the same as, in the same order."""
    texts = _texts(session)
    words = words_in(session.get_one(Issue, issue_id).title).union(*texts.get(issue_id, ()))
    return _alike(session, words, texts, {issue_id}, at=at, limit=limit)


def _alike(
    session: Session,
    words: set[str],
    texts: dict[int, list[set[str]]],
    known: set[int],
    *,
    at: datetime,
    limit: int,
) -> list[Suggestion]:
    """All issues but the `known`, those first that share telling ones of `words`."""
    recent = [words_in(one) for one in session.scalars(_recent())]
    held, total = common(recent), len(recent)
    open_ones = ranked(session, at=at)
    newest = select(Issue).where(Issue.fixed_at.is_not(None), REMAINS).order_by(Issue.fixed_at.desc())
    listed = [(one.issue, len(one.people)) for one in open_ones]
    listed += [(issue, 0) for issue in session.scalars(newest.limit(limit))]
    found = [
        (issue, people, alike(words, [words_in(issue.title), *texts.get(issue.id, ())], held, total))
        for issue, people in listed
        if issue.id not in known
    ]
    found.sort(key=lambda one: -one[2].score if one[2].score >= LEAST else 0.0)
    return [
        Suggestion(issue, people, likeness.words if likeness.score >= LEAST else ())
        for issue, people, likeness in found[:limit]
    ]


def _recent() -> Select[str]:
    return select(Mention.text).order_by(Mention.id.desc()).limit(RECENT)


def _spoken(session: Session, ticket_id: int) -> set[str]:
    """The words of its author."""
    said = session.scalars(select(Mention.text).where(Mention.ticket_id == ticket_id))
    return set().union(*(words_in(one) for one in said))


def _texts(session: Session, *, without: int | None = None) -> dict[int, list[set[str]]]:
    """What was said on the tickets of each issue, the newest of them, but not on that one."""
    number = func.row_number().over(partition_by=Report.issue_id, order_by=Report.id.desc()).label("number")
    others = select(Report.issue_id, Report.ticket_id, number)
    here = (others.where(Report.ticket_id != without) if without is not None else others).subquery()
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
