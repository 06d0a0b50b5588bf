"""Reads what a digest shows beside the figures: thanks worth reading, and problems reported. Reads only."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, distinct, func, or_, select
from sqlalchemy.orm import Session

from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.issues.issue import Issue, IssueReport
from models.sources.author import Author
from models.sources.cursor import Cursor
from models.sources.mention import Mention
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket

THANKS_REASON = "thanks"  # the reason, alone or before a few words


@dataclass(frozen=True, slots=True)
class ThanksPost:
    """A post that was closed as thanks. `channel` and `ts` are its card's."""

    handle: str | None
    network: str
    words: str
    channel: str | None
    ts: str | None
    mention_id: int = 0
    post_id: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """An issue that is not fixed, and how many people were added to it in a period."""

    title: str
    people: int


def list_thanks(
    session: Session, since: datetime, until: datetime, *, channel: str | None = None, limit: int
) -> list[ThanksPost]:
    """Returns the posts that were closed as thanks from `since` to before `until`, newest first.

    With `channel` only those whose cards are in that Slack channel; so for `list_problems`.
    """
    query = (
        select(
            *(Author.handle, Ticket.network, Mention.text, PLACE_CHANNEL, PLACE_TS),
            Mention.id,
            Mention.post_id,
        )
        .select_from(Ticket)
        .join(Author, Author.id == Ticket.author_id)
        .join(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
        .where(
            Ticket.state == TicketState.NO_REPLY_NEEDED,
            or_(Ticket.reason == THANKS_REASON, Ticket.reason.startswith(f"{THANKS_REASON}:")),
            Ticket.closed_at >= since,
            Ticket.closed_at < until,
            Ticket.network != CANARY_NETWORK,
            Mention.deleted_at.is_(None),
            Mention.text != "",
            *_in_channel(channel),
        )
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc())
        .limit(limit)
    )
    return [ThanksPost(*row) for row in session.execute(join_place(query))]


def list_problems(
    session: Session, since: datetime, until: datetime, *, channel: str | None = None, limit: int
) -> list[Problem]:
    """Returns the open issues that most people were added to from `since` to before `until`.

    Each person counts once an issue.
    """
    people = func.count(distinct(Ticket.author_id))
    query = (
        select(Issue.title, people)
        .join(IssueReport, IssueReport.issue_id == Issue.id)
        .join(Ticket, Ticket.id == IssueReport.ticket_id)
        .where(
            IssueReport.at >= since,
            IssueReport.at < until,
            Issue.fixed_at.is_(None),
            Issue.merged_into.is_(None),
            *_in_channel(channel),
        )
        .group_by(Issue.id, Issue.title)
        .order_by(people.desc(), Issue.id)
        .limit(limit)
    )
    return [Problem(*row) for row in session.execute(query)]


def _in_channel(channel: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if channel is None else (Ticket.channel == channel,)


def first_cursor_at(session: Session) -> datetime | None:
    """Returns since when anything is read at all; None if nothing is."""
    return session.scalar(select(func.min(Cursor.started_at)))
