"""What is open, as a list shows it: reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from models.account import Account
from models.author import Author
from models.card import Card
from models.cursor import MENTIONS, Cursor
from models.gap import Gap
from models.mention import Mention
from models.outcome import State
from models.reply import LIVE, Reply
from models.ticket import CANARY, Ticket


@dataclass(frozen=True, slots=True)
class Entry:
    """One open ticket. `words` are of the post that the next reply goes to, `channel` and `ts` its card's."""

    ticket_id: int
    network: str
    account: str | None
    handle: str | None
    words: str | None
    turn: int
    post_id: str
    owner: str | None
    state: str
    since: datetime
    due_at: datetime | None
    snoozed_until: datetime | None
    is_answered: bool  # a reply holds its turn: on its way, or waiting for somebody's decision
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The first of a list, and how long the whole list is."""

    total: int
    first: tuple[Entry, ...]


def waiting(session: Session, *, limit: int) -> Listing:
    """Everything that is open: by when it is due, then the longest wait first; snoozed ones at the end."""
    order = (Ticket.state == State.SNOOZED, Ticket.due_at.asc().nulls_last(), Ticket.waiting_since, Ticket.id)
    return _listing(session, [], order, limit)


def owned(session: Session, user: str, *, limit: int) -> Listing:
    """What is open and theirs, the longest wait first."""
    return _listing(session, [Ticket.owner == user], (Ticket.waiting_since, Ticket.id), limit)


def unread(session: Session) -> list[Cursor | Gap]:
    """The readings of mentions that fail now or left something out: more may be waiting than is known."""
    failing = select(Cursor).where(Cursor.failing_since.is_not(None), Cursor.name == MENTIONS)
    gaps = select(Gap).order_by(Gap.id)
    return [*session.scalars(failing.order_by(Cursor.id)), *session.scalars(gaps)]


def _listing(
    session: Session, conditions: list[ColumnElement[bool]], order: Sequence[Any], limit: int
) -> Listing:
    here = (Ticket.is_open(), Ticket.network != CANARY, *conditions)
    total = session.scalar(select(func.count(Ticket.id)).where(*here)) or 0
    rows = session.execute(joined(select(*COLUMNS)).where(*here).order_by(*order).limit(limit))
    return Listing(total, tuple(Entry(*row) for row in rows))


_live = aliased(Reply)
_answered = (
    select(_live.id)
    .where(_live.ticket_id == Ticket.id, _live.turn == Ticket.turn, _live.state.in_(LIVE))
    .exists()
)

# The columns of an `Entry`, in its order.
COLUMNS = (
    Ticket.id,
    Ticket.network,
    Account.handle,
    Author.handle,
    Mention.text,
    Ticket.turn,
    Ticket.target_post_id,
    Ticket.owner,
    Ticket.state,
    Ticket.waiting_since,
    Ticket.due_at,
    Ticket.snoozed_until,
    _answered,
    Card.channel,
    Card.ts,
)


def joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """`query` over tickets, with all that the columns of an `Entry` come from."""
    target = and_(Mention.ticket_id == Ticket.id, Mention.post_id == Ticket.target_post_id)
    ours = and_(Account.network == Ticket.network, Account.network_id == Ticket.account_id)
    return (
        query.select_from(Ticket)
        .join(Author, Author.id == Ticket.author_id)
        .outerjoin(Account, ours)
        .outerjoin(Mention, target)
        .outerjoin(Card, Card.ticket_id == Ticket.id)
    )
