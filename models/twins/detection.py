"""Finds tickets whose posts are twins: the same words by the same person on another network."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets.incoming_post import is_private
from models.tickets.state import OPEN_STATES, TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.twins.rule import TWIN_WINDOW, TwinCandidate, first_label, is_same_person, is_twin


@dataclass(frozen=True, slots=True)
class TwinPair:
    """Two tickets to be joined, and the post of the second that is the twin. `first_id` was seen first."""

    first_id: int
    twin_id: int
    post_id: str


def find_twins(session: Session, ticket_ids: Collection[int]) -> list[TwinPair]:
    """Returns the pairs of tickets with one of `ticket_ids`, in the order in which they were seen.

    At least one of the two waits. Pairs that name each other already are left out.

    A page brings many tickets, so texts are read only of posts by people with the same first label.
    """
    if not ticket_ids:
        return []
    new = session.execute(_select_people().where(Ticket.id.in_(ticket_ids))).all()
    if not new:
        return []
    first, last = min(row.posted_at for row in new), max(row.posted_at for row in new)
    near = Mention.posted_at.between(first - TWIN_WINDOW, last + TWIN_WINDOW)
    networks = {row.network for row in new}
    others = [and_(Mention.network != network, near) for network in sorted(networks)]
    people = session.execute(_select_people().where(or_(*others))).all()
    wanted = {label for row in new if (label := first_label(row.handle)) is not None}
    found = {row.id for row in (*new, *people) if first_label(row.handle) in wanted}
    posts = _load_posts(session, found)
    return _pair([one for one in posts if one.ticket_id in ticket_ids], posts)


@dataclass(frozen=True, slots=True)
class _SeenPost:
    """A post as the rule compares it, and whose it is in the ledger."""

    ticket_id: int
    post_id: str
    seen: tuple[datetime, int]  # when its ticket was seen, and the ticket's id
    waits: bool
    same_as: int | None
    candidate: TwinCandidate


def _select_people() -> Select[int, str, datetime, str | None]:
    """The posts that may be twins, and by whom they are."""
    may_be = (
        Ticket.state != TicketState.MUTED,
        Ticket.joined_to.is_(None),
        Ticket.is_private.is_(False),
        Ticket.network != CANARY_NETWORK,
        Mention.deleted_at.is_(None),
    )
    query = select(Mention.id, Mention.network, Mention.posted_at, Author.handle)
    query = query.join(Author, Author.id == Mention.author_id).join(Ticket, Ticket.id == Mention.ticket_id)
    return query.where(*may_be)


def _load_posts(session: Session, ids: Iterable[int]) -> list[_SeenPost]:
    query = select(Mention, Author.handle, Ticket.seen_at, Ticket.state, Ticket.same_as)
    query = query.join(Author, Author.id == Mention.author_id).join(Ticket, Ticket.id == Mention.ticket_id)
    return [_seen_post(row) for row in session.execute(query.where(Mention.id.in_(list(ids))))]


def _seen_post(row: Row[Mention, str | None, datetime, str, int | None]) -> _SeenPost:
    mention, handle, seen_at, state, same_as = row
    return _SeenPost(
        ticket_id=mention.ticket_id,
        post_id=mention.post_id,
        seen=(seen_at, mention.ticket_id),
        waits=state in OPEN_STATES,
        same_as=same_as,
        candidate=candidate(mention, handle),
    )


def _is_news(first: _SeenPost, twin: _SeenPost) -> bool:
    """Whether the two may be joined, or one waits and does not name another one yet."""
    if first.waits and twin.waits:
        return twin.same_as != first.ticket_id
    return (first.waits or twin.waits) and None in {first.same_as, twin.same_as}


def candidate(mention: Mention, handle: str | None) -> TwinCandidate:
    """Returns `mention`, by the author with that handle, as the rule compares it."""
    return TwinCandidate(
        network=mention.network,
        handle=handle,
        words=mention.text,
        posted_at=mention.posted_at,
        is_private=is_private(mention.visibility),
    )


def _pair(new: Iterable[_SeenPost], posts: Iterable[_SeenPost]) -> list[TwinPair]:
    """The pairs, each once, with what was seen first in front."""
    by_label: dict[str | None, list[_SeenPost]] = {}
    for post in posts:
        by_label.setdefault(first_label(post.candidate.handle), []).append(post)
    pairs: dict[tuple[tuple[datetime, int], tuple[datetime, int]], TwinPair] = {}
    for one in new:
        for other in by_label[first_label(one.candidate.handle)]:
            if (
                one.ticket_id == other.ticket_id
                or not is_same_person(one.candidate, other.candidate)
                or not is_twin(one.candidate, other.candidate)
            ):
                continue
            first, twin = sorted((one, other), key=lambda post: post.seen)
            if not _is_news(first, twin):
                continue
            pairs.setdefault((first.seen, twin.seen), TwinPair(first.ticket_id, twin.ticket_id, twin.post_id))
    return [pairs[key] for key in sorted(pairs)]
