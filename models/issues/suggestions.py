"""Suggests issues that a ticket may be about, or that may be the same as another issue. Reads only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from models.issues.issue import Issue, IssueReport
from models.issues.queries import IS_NOT_MERGED, find_issue_ids, rank_open_issues
from models.issues.title import title_key, title_keys
from models.privacy.read_access import PUBLIC_ONLY
from models.similarity.keywords import compute_similarity, count_texts_per_word, extract_keywords
from models.sources.mention import Mention
from models.tickets.ticket import Ticket

BACKGROUND_MENTIONS_MAX = 500  # the newest mentions, from which common words are known
ISSUE_TEXTS_MAX = 800  # the newest posts of all issues: more change nothing
TEXTS_PER_ISSUE_MAX = 20  # the newest posts of one issue
SIMILARITY_MIN_SCORE = 1.0  # a lower score is chance
TITLE_MAX_DISTANCE = 3  # the title contains the words somewhere
TYPED_WORDS_MAX = 30  # words of what someone types; no title has more


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue to choose, how many people reported it, and the words it shares with the ticket."""

    issue: Issue
    people: int
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestionTarget:
    """What an issue is chosen for: a ticket, or another issue that may be the same."""

    ticket: int | None = None
    issue: int | None = None

    def excluded_ids(self, session: Session) -> set[int]:
        """Returns the issues that cannot be chosen: those that have the ticket, and the issue itself."""
        known = select(IssueReport.issue_id).where(IssueReport.ticket_id == self.ticket)
        found = set(session.scalars(known)) if self.ticket is not None else set()
        return found if self.issue is None else {*found, self.issue}


def has_candidates(session: Session, sought: SuggestionTarget) -> bool:
    """Whether there is an issue to choose."""
    other = select(Issue.id).where(IS_NOT_MERGED, Issue.id.not_in(sought.excluded_ids(session)))
    return session.scalar(other.limit(1)) is not None


def list_options(
    session: Session, sought: SuggestionTarget, typed: str, *, at: datetime, limit: int
) -> list[Suggestion]:
    """Returns at most `limit` issues to choose from, after someone `typed` that, which may be empty."""
    if title_keys(typed):
        return search_titles(session, sought, typed, limit=limit)
    return suggest_issues(session, sought, at=at, limit=limit)


def suggest_issues(
    session: Session, sought: SuggestionTarget, *, at: datetime, limit: int
) -> list[Suggestion]:
    """Returns suggestions before anything is typed: similar ones, open ones by impact, fixed ones."""
    texts = _issue_keywords(session, sought.ticket)
    issue_keywords = texts.get(sought.issue, []) if sought.issue is not None else []
    words = _target_keywords(session, sought).union(*issue_keywords)
    recent = [extract_keywords(one) for one in session.scalars(_background_query())]
    held, total = count_texts_per_word(recent), len(recent)
    open_ones = rank_open_issues(session, at=at)
    newest = select(Issue).where(Issue.fixed_at.is_not(None), IS_NOT_MERGED).order_by(Issue.fixed_at.desc())
    listed = [(one.issue, len(one.people)) for one in open_ones]
    listed += [(issue, 0) for issue in session.scalars(newest.limit(limit))]
    left_out = sought.excluded_ids(session)
    found = [
        (
            issue,
            people,
            compute_similarity(words, [extract_keywords(issue.title), *texts.get(issue.id, ())], held, total),
        )
        for issue, people in listed
        if issue.id not in left_out
    ]
    found.sort(key=lambda one: -one[2].score if one[2].score >= SIMILARITY_MIN_SCORE else 0.0)
    return [
        Suggestion(issue, people, likeness.words if likeness.score >= SIMILARITY_MIN_SCORE else ())
        for issue, people, likeness in found[:limit]
    ]


def _background_query() -> Select[str]:
    query = select(Mention.text).join(Ticket, Ticket.id == Mention.ticket_id)
    return query.where(PUBLIC_ONLY.condition()).order_by(Mention.id.desc()).limit(BACKGROUND_MENTIONS_MAX)


def _target_keywords(session: Session, sought: SuggestionTarget) -> set[str]:
    """The keywords of the ticket's posts, or of the issue's title."""
    if sought.ticket is not None:
        texts = select(Mention.text).where(Mention.ticket_id == sought.ticket)
    else:
        texts = select(Issue.title).where(Issue.id == sought.issue)
    return set().union(*(extract_keywords(one) for one in session.scalars(texts)))


def _issue_keywords(session: Session, ticket_id: int | None) -> dict[int, list[set[str]]]:
    """The keywords of the newest public posts on the other tickets of each issue.

    The words that posts share are shown, so private ones are left out for everybody.
    """
    number = (
        func.row_number()
        .over(partition_by=IssueReport.issue_id, order_by=IssueReport.id.desc())
        .label("number")
    )
    others = IssueReport.ticket_id.is_distinct_from(ticket_id)
    here = select(IssueReport.issue_id, IssueReport.ticket_id, number).where(others).subquery()
    query = (
        select(here.c.issue_id, Mention.text)
        .join(Mention, Mention.ticket_id == here.c.ticket_id)
        .join(Ticket, Ticket.id == Mention.ticket_id)
        .where(PUBLIC_ONLY.condition(), here.c.number <= TEXTS_PER_ISSUE_MAX)
        .order_by(Mention.id.desc())
        .limit(ISSUE_TEXTS_MAX)
    )
    found: dict[int, list[set[str]]] = defaultdict(list)
    for issue_id, text in session.execute(query):
        found[issue_id].append(extract_keywords(text))
    return found


# --- by what somebody typed ---------------------------------------------------------------------------------


def search_titles(session: Session, sought: SuggestionTarget, typed: str, *, limit: int) -> list[Suggestion]:
    """Returns the issues whose title contains each word of `typed`, ignoring case, accents and punctuation.

    An exact title comes first, then titles that begin with it, then those with words that begin so, then the
    rest; within each, open ones, then those more people reported, then the newest. The title of a merged
    issue finds the one that remains.
    """
    key, parts = title_key(typed), title_keys(typed)[:TYPED_WORDS_MAX]
    named = Issue.id.in_(find_issue_ids(session, typed, at_most=TYPED_WORDS_MAX))
    distances: dict[int, int] = {}
    for merged in session.scalars(select(Issue).where(named, ~IS_NOT_MERGED)):
        remaining_id = Issue.resolve_merged(session, merged.id)
        distances[remaining_id] = min(
            _title_distance(merged, key, parts), distances.get(remaining_id, TITLE_MAX_DISTANCE)
        )
    people = func.count(Ticket.author_id.distinct())
    query = select(Issue, people).outerjoin(IssueReport, IssueReport.issue_id == Issue.id)
    query = query.outerjoin(Ticket, Ticket.id == IssueReport.ticket_id).group_by(Issue.id)
    query = query.where(IS_NOT_MERGED, Issue.id.not_in(sought.excluded_ids(session)))
    query = query.where(or_(named, Issue.id.in_(distances)))
    found = [Suggestion(issue, count) for issue, count in session.execute(query)]
    found.sort(key=lambda one: (one.issue.is_fixed, -one.people, -one.issue.id))

    def distance(one: Suggestion) -> int:
        return min(_title_distance(one.issue, key, parts), distances.get(one.issue.id, TITLE_MAX_DISTANCE))

    return sorted(found, key=distance)[:limit]


def _title_distance(issue: Issue, key: str, parts: list[str]) -> int:
    """How far a title is from what was typed: 0 is the same."""
    if issue.name.startswith(key):
        return 0 if issue.name == key else 1
    words = title_keys(issue.title)
    return 2 if all(any(word.startswith(part) for word in words) for part in parts) else TITLE_MAX_DISTANCE
