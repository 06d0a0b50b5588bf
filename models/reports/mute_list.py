"""What is muted, and what that has muted lately: pages of the two lists. Reads only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.sources.attachment import Attachment, display_text
from models.sources.author import Author
from models.sources.mention import IS_FIRST_ROW, Mention
from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, Mute
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import Turn


@dataclass(frozen=True, slots=True)
class ListedMute:
    """One mute that holds, and how many posts it has muted lately.

    `handle` is the author's; of a conversation that of the author of the ticket from which it was muted, and
    `text` is that ticket's newest post, if it is public.
    """

    mute: Mute
    posts: int = 0
    handle: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MutePage:
    """One page of the list: `number` is from 0, `total` how many mutes there are on all pages."""

    mutes: tuple[ListedMute, ...]
    number: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class MutedTicket:
    """A ticket that is muted: its newest post, and who muted it, why and when.

    `channel` and `ts` are its card's, if it has one: its own, or one that several tickets share.
    """

    ticket_id: int
    network: str
    handle: str | None
    text: str
    muted_by: str
    reason: str
    at: datetime
    mute_id: int | None
    channel: str | None
    ts: str | None


@dataclass(frozen=True, slots=True)
class MutedPage:
    """One page of what is muted: `number` is from 0, `total` how many tickets there are on all pages."""

    tickets: tuple[MutedTicket, ...]
    number: int
    pages: int
    total: int


def list_mutes(session: Session, page: int, *, size: int, since: datetime) -> MutePage:
    """Returns a page of the mutes that hold, the newest first; the last one if it is too far on.

    Posts count that were stored since `since`.
    """
    here = Mute.removed_at.is_(None)
    total = session.scalar(select(func.count()).select_from(Mute).where(here)) or 0
    number, pages = _place(page, total, size)
    query = select(Mute).where(here).order_by(Mute.id.desc()).limit(size).offset(number * size)
    mutes = session.scalars(query).all()
    counts = _count_posts(session, [one.id for one in mutes], since=since)
    found = [ListedMute(one, counts.get(one.id, 0), *_about(session, one)) for one in mutes]
    return MutePage(tuple(found), number, pages, total)


def describe_mute(session: Session, mute: Mute) -> ListedMute:
    """Returns that mute with whom it is about, without counts."""
    return ListedMute(mute, 0, *_about(session, mute))


def count_muted(session: Session, mute_id: int, *, since: datetime) -> int:
    """Returns how many tickets are muted by that mute since `since`."""
    return session.scalar(select(func.count(Ticket.id)).where(*_is_muted(mute_id, since))) or 0


def list_muted(
    session: Session,
    page: int,
    *,
    size: int,
    since: datetime,
    mute_id: int | None = None,
    access: ReadAccess = PUBLIC_ONLY,
) -> MutedPage:
    """Returns a page of the tickets that were muted since `since`, the newest first; all, or one mute's.

    Only those that `access` allows.
    """
    here = (*_is_muted(mute_id, since), access.condition())
    total = session.scalar(select(func.count(Ticket.id)).where(*here)) or 0
    number, pages = _place(page, total, size)
    query = (
        select(
            Ticket.id,
            Ticket.network,
            Author.handle,
            Mention.text,
            Mention.media,
            Ticket.closed_by,
            Ticket.reason,
            Ticket.closed_at,
            Ticket.mute_id,
            PLACE_CHANNEL,
            PLACE_TS,
        )
        .join(Author, Author.id == Ticket.author_id)
        .outerjoin(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
        .where(*here)
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc())
        .limit(size)
        .offset(number * size)
    )
    found = [
        MutedTicket(
            ticket_id, network, handle, display_text(text or "", map(Attachment.read, media or [])), *rest
        )
        for ticket_id, network, handle, text, media, *rest in session.execute(join_place(query))
    ]
    return MutedPage(tuple(found), number, pages, total)


def _place(page: int, total: int, size: int) -> tuple[int, int]:
    pages = max(-(-total // size), 1)
    return min(max(page, 0), pages - 1), pages


def _is_muted(mute_id: int | None, since: datetime) -> tuple[ColumnElement[bool], ...]:
    which = Ticket.mute_id.is_not(None) if mute_id is None else Ticket.mute_id == mute_id
    return (
        which,
        Ticket.state == TicketState.MUTED,
        Ticket.closed_at >= since,
        Ticket.network != CANARY_NETWORK,
    )


def _count_posts(session: Session, mute_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """How many posts stored since then are in the turns that each of these mutes has muted."""
    query = (
        select(Ticket.mute_id, func.count(Mention.id))
        .join(Turn, (Turn.ticket_id == Ticket.id) & (Turn.number == Ticket.turn))
        .join(Mention, (Mention.ticket_id == Ticket.id) & (Mention.posted_at >= Turn.asked_at))
        .where(
            Ticket.mute_id.in_(mute_ids),
            Ticket.state == TicketState.MUTED,
            Ticket.closed_at >= since,  # it moves with each post
            Mention.seen_at >= since,
            IS_FIRST_ROW,
        )
        .group_by(Ticket.mute_id)
    )
    return {mute_id: count for mute_id, count in session.execute(query) if mute_id is not None}


def _about(session: Session, mute: Mute) -> tuple[str | None, str]:
    """Whose handle, and the text of which post, tell people what is muted."""
    if mute.kind == AUTHOR_MUTE:
        author = session.get(Author, int(mute.value))
        return (author.handle if author is not None else None), ""
    if mute.kind != CONVERSATION_MUTE or mute.ticket_id is None:
        return None, ""
    query = (
        select(Author.handle, Mention.text)
        .select_from(Ticket)
        .join(Author, Author.id == Ticket.author_id)
        .outerjoin(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id) & PUBLIC_ONLY.condition())
        .where(Ticket.id == mute.ticket_id)
    )
    handle, text = session.execute(query).one()
    return handle, text or ""
