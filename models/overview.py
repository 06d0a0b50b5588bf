"""What is open, as a list shows it: reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.account import Account
from models.attachment import Attachment, shown
from models.author import Author
from models.base import unindexed
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
    media: list[Any] | None = None  # what is attached to that post, as `Mention.media` holds it

    @property
    def shown(self) -> str:
        """The words; where there are none, what is attached, in our words."""
        return shown(self.words or "", map(Attachment.read, self.media or []))


@dataclass(frozen=True, slots=True)
class Listing:
    """The first of a list, and how long the whole list is."""

    total: int
    first: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the open tickets: all of what is said here must hold; of several places or networks, any."""

    owner: str | None = None
    unclaimed: bool = False
    overdue_at: datetime | None = None
    channels: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same, of tickets."""
        told: list[ColumnElement[bool]] = []
        if self.owner is not None:
            told.append(Ticket.owner == self.owner)
        if self.unclaimed:
            told.append(Ticket.owner.is_(None))
        if self.overdue_at is not None:
            told += [Ticket.due_at < self.overdue_at, Ticket.state != State.SNOOZED]
        if self.channels:
            told.append(Ticket.channel.in_(self.channels))
        if self.networks:
            told.append(unindexed(Ticket.network).in_(self.networks))
        return told


ALL = Wanted()
# Snoozed ones at the end, the others by when they are due, then the longest wait first.
_BY_DUE_TIME = (
    Ticket.state == State.SNOOZED,
    Ticket.due_at.asc().nulls_last(),
    Ticket.waiting_since,
    Ticket.id,
)


def waiting(session: Session, wanted: Wanted = ALL, *, limit: int, after: int = 0) -> Listing:
    """What is open and `wanted`, by when it is due: `limit` of them, `after` so many."""
    return _listing(session, wanted.conditions(), _BY_DUE_TIME, limit, after)


def owned(session: Session, user: str, *, limit: int) -> Listing:
    """What is open and theirs, the longest wait first."""
    return _listing(session, [Ticket.owner == user], (Ticket.waiting_since, Ticket.id), limit)


def longest(session: Session, *, limit: int) -> Listing:
    """What is open, the longest wait first, and what is snoozed at the end."""
    return _listing(session, [], (Ticket.state == State.SNOOZED, Ticket.waiting_since, Ticket.id), limit)


def unread(session: Session, *, late_before: datetime, networks: Collection[str]) -> list[Cursor | Gap]:
    """The readings of mentions that fail now, left something out, or did not come to an end for too long.

    More may be waiting than is known. A reading is too old before `late_before`, on `networks` that we read.
    """
    last = func.coalesce(Cursor.read_at, Cursor.started_at)
    newest = select(func.max(last)).where(Cursor.name == MENTIONS, Cursor.network.in_(networks))
    late = newest.group_by(Cursor.network).having(func.max(last) < late_before)
    is_short = or_(Cursor.failing_since.is_not(None), last.in_(late))
    cursors = select(Cursor).where(is_short, Cursor.name == MENTIONS)
    gaps = select(Gap).order_by(Gap.id)
    return [*session.scalars(cursors.order_by(Cursor.id)), *session.scalars(gaps)]


def _listing(
    session: Session, conditions: list[ColumnElement[bool]], order: Sequence[Any], limit: int, after: int = 0
) -> Listing:
    """The ids first: what is not shown need not be put together, and there may be ten thousand of it."""
    here = (Ticket.is_open(), Ticket.network != CANARY, *conditions)
    total = session.scalar(select(func.count(Ticket.id)).where(*here)) or 0
    ids = session.scalars(select(Ticket.id).where(*here).order_by(*order).limit(limit).offset(after)).all()
    found = {
        row[0]: Entry(*row) for row in session.execute(joined(select(*COLUMNS)).where(Ticket.id.in_(ids)))
    }
    return Listing(total, tuple(found[one] for one in ids if one in found))


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
    Mention.media,
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
