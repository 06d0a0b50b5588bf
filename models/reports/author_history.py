"""Reads what the team knows of one author: earlier tickets, our replies, notes and issues. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.issues.issue import Issue, IssueReport
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess, count_hidden
from models.reports.search import SEARCHABLE_STATES
from models.slack.note import Note
from models.sources.author import Author, FormerHandle
from models.sources.mention import Mention
from models.tickets.reply import Reply
from models.tickets.ticket import CANARY_NETWORK, Ticket

PAGE_TICKETS = 8  # tickets at a time
POSTS_PER_TICKET_MAX, REPLIES_PER_TICKET_MAX = 3, 3  # the newest of each ticket
NOTES_MAX, ISSUES_MAX = 12, 10
HANDLE_MIN_SIMILARITY_PERCENT = 70  # a handle that is less similar is not suggested
HANDLE_CANDIDATES_MAX = 20_000
FORMER_HANDLES_MAX = 3


@dataclass(frozen=True, slots=True)
class AuthorPost:
    """One post of theirs; `text` is None if it was erased because the post is no longer shown."""

    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class PastTicket:
    """One ticket of theirs, with their newest posts and our replies, oldest first.

    `channel` and `ts` are its card's; `more_posts` is how many posts are left out.
    """

    ticket_id: int
    opened_at: datetime
    state: str
    reason: str | None
    closed_by: str | None
    owner: str | None
    channel: str | None
    ts: str | None
    posts: tuple[AuthorPost, ...]
    more_posts: int
    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class AuthorHistory:
    """One page of an author's history. `elsewhere` are authors of the same handle, now or formerly."""

    author: Author
    total: int
    page: int
    tickets: tuple[PastTicket, ...]
    notes: tuple[Note, ...]
    more_notes: int
    issues: tuple[Issue, ...]
    more_issues: int
    elsewhere: tuple[Author, ...]
    former: tuple[str, ...] = ()  # their former handles, the latest first
    hidden: int = 0  # tickets of theirs that the reader may not see

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(-(-self.total // PAGE_TICKETS), 1)


def load_history(
    session: Session, author_id: int, page: int = 0, *, access: ReadAccess = PUBLIC_ONLY
) -> AuthorHistory:
    """Returns the history of that author, newest ticket first. A page past the end is the last one.

    Only tickets that `access` allows are in it; the others are counted.

    Raises `NoResultFound` of SQLAlchemy if there is no such author.
    """
    author = session.get_one(Author, author_id)
    theirs = Ticket.author_id == author_id
    total = session.scalar(select(func.count(Ticket.id)).where(theirs, access.condition())) or 0
    page = min(max(page, 0), max(-(-total // PAGE_TICKETS), 1) - 1)
    notes, more_notes = _notes(session, author_id)
    issues, more_issues = _issues(session, author_id, access)
    elsewhere = find_authors(session, author.handle) if author.handle else []
    return AuthorHistory(
        author,
        total,
        page,
        _tickets(session, author_id, page, access),
        notes,
        more_notes,
        issues,
        more_issues,
        tuple(one for one in elsewhere if one.id != author_id)[:3],
        _former_handles(session, author),
        sum(count_hidden(session, access, theirs)),
    )


def find_authors(session: Session, handle: str) -> Sequence[Author]:
    """Returns the authors with that handle in any case, newest first; then those who had it before."""
    here, wanted = Author.network != CANARY_NETWORK, handle.lower()
    query = select(Author).where(func.lower(Author.handle) == wanted, here)
    named_now = session.scalars(query.order_by(Author.id.desc())).all()
    had_it = select(Author, FormerHandle.until_at).join(FormerHandle, FormerHandle.author_id == Author.id)
    before = session.execute(
        had_it.where(func.lower(FormerHandle.handle) == wanted, here).order_by(FormerHandle.until_at.desc())
    )
    return list(dict.fromkeys([*named_now, *(author for author, _ in before)]))


def _former_handles(session: Session, author: Author) -> tuple[str, ...]:
    query = select(FormerHandle.handle).where(FormerHandle.author_id == author.id)
    found = session.scalars(query.order_by(FormerHandle.until_at.desc(), FormerHandle.id.desc()))
    return tuple(one for one in found if one.lower() != (author.handle or "").lower())[:FORMER_HANDLES_MAX]


def suggest_handles(session: Session, handle: str, limit: int = 3) -> list[str]:
    """Returns up to `limit` known handles similar to `handle`, the most similar first."""
    wanted = handle.lower()

    def begins(words: str) -> ColumnElement[bool]:
        return func.lower(Author.handle).like(f"{_escape_like(words)}%", escape="!")

    query = select(Author.handle).where(
        Author.handle.is_not(None),
        Author.network != CANARY_NETWORK,
        or_(func.length(Author.handle).between(len(handle) - 3, len(handle) + 6), begins(wanted)),
        begins(wanted[:1]),
    )
    found = [
        one for one in session.scalars(query.order_by(Author.id.desc()).limit(HANDLE_CANDIDATES_MAX)) if one
    ]
    best = process.extract(
        wanted,
        found,
        scorer=fuzz.WRatio,
        processor=str.lower,
        limit=limit,
        score_cutoff=HANDLE_MIN_SIMILARITY_PERCENT,
    )
    return list(dict.fromkeys(one for one, _, _ in best))


def _escape_like(text: str) -> str:
    """Escape for LIKE, with `!` as the escape character."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _tickets(session: Session, author_id: int, page: int, access: ReadAccess) -> tuple[PastTicket, ...]:
    query = (
        join_place(select(Ticket, PLACE_CHANNEL, PLACE_TS))
        .where(Ticket.author_id == author_id, access.condition())
        .order_by(Ticket.id.desc())
        .offset(page * PAGE_TICKETS)
        .limit(PAGE_TICKETS)
    )
    return tuple(_past_ticket(session, ticket, channel, ts) for ticket, channel, ts in session.execute(query))


def _past_ticket(session: Session, ticket: Ticket, channel: str | None, ts: str | None) -> PastTicket:
    here = select(Mention).where(Mention.ticket_id == ticket.id)
    posts = session.scalars(
        here.order_by(Mention.posted_at.desc(), Mention.id.desc()).limit(POSTS_PER_TICKET_MAX)
    ).all()
    count = session.scalar(select(func.count(Mention.id)).where(Mention.ticket_id == ticket.id)) or 0
    query = select(Reply).where(Reply.ticket_id == ticket.id, Reply.state.in_(SEARCHABLE_STATES))
    replies = session.scalars(query.order_by(Reply.id.desc()).limit(REPLIES_PER_TICKET_MAX)).all()
    return PastTicket(
        ticket.id,
        ticket.opened_at,
        ticket.state,
        ticket.reason,
        ticket.closed_by,
        ticket.owner,
        channel,
        ts,
        tuple(AuthorPost(one.posted_at, None if one.deleted_at else one.text) for one in reversed(posts)),
        max(count - len(posts), 0),
        tuple(reversed(replies)),
    )


def _notes(session: Session, author_id: int) -> tuple[tuple[Note, ...], int]:
    here = select(Note).where(Note.author_id == author_id)
    count = session.scalar(select(func.count(Note.id)).where(Note.author_id == author_id)) or 0
    newest = session.scalars(here.order_by(Note.id.desc()).limit(NOTES_MAX)).all()
    return tuple(newest), count - len(newest)


def _issues(session: Session, author_id: int, access: ReadAccess) -> tuple[tuple[Issue, ...], int]:
    issue_ids = select(IssueReport.issue_id).join(Ticket, Ticket.id == IssueReport.ticket_id)
    theirs = issue_ids.where(Ticket.author_id == author_id, access.condition())
    query = select(Issue).where(Issue.id.in_(theirs))
    found = session.scalars(query.order_by(Issue.id.desc())).all()
    return tuple(found[:ISSUES_MAX]), max(len(found) - ISSUES_MAX, 0)
