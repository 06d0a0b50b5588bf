"""Locks the tickets that a page of posts may change, before the page is written."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from models.core import bulk_insert
from models.core.base import is_sqlite
from models.sources.also_heard import AlsoHeard
from models.sources.author import Author
from models.sources.mention import IS_FIRST_ROW, Mention
from models.tickets import priorities
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ticket import Ticket

_PlacedPost = tuple[IngestTarget, IncomingPost]


def lock_tickets_of_page(
    session: Session,
    network: str,
    parts: Iterable[tuple[IngestTarget, Sequence[IncomingPost]]],
    changed_people: Iterable[str],
) -> None:
    """Lock every ticket of the ledger that a page may change, in the order of their ids.

    Writing the page locks them in the order of its posts and tracks, so without this two workers could wait
    for each other. `parts` are its posts by the place that they go to, `changed_people` the ids that the
    network has for authors whose profiles have changed. SQLite has one writer at a time and needs no locks.
    """
    if is_sqlite(session):
        return
    priorities.keep_rules(session)  # before any ticket
    page = [(place, post) for place, posts in parts for post in posts]
    post_ids, people = {post.post_id for _, post in page}, {post.author_id for _, post in page}
    known = bulk_insert.ids_of(session, Mention.post_id, post_ids, only=IS_FIRST_ROW, network=network)
    authors = bulk_insert.ids_of(session, Author.network_id, people, network=network)
    new = [post for _, post in page if post.post_id not in known and post.author_id in authors]
    changed = _find_changed(session, known.values(), page)
    changed_authors = [authors[one] for one in changed_people if one in authors]
    if new or changed or changed_authors:
        joined = _is_touched_by(network, new, authors) if new else false()
        Ticket.lock_all(session, or_(Ticket.id.in_(changed), Ticket.author_id.in_(changed_authors), joined))


def _find_changed(session: Session, known: Collection[int], page: Iterable[_PlacedPost]) -> set[int]:
    """The tickets of known posts that are edited, shown again, or found for another reason."""
    if not known:
        return set()
    found = session.scalars(select(Mention).where(Mention.id.in_(known)))
    mentions, noted = {mention.post_id: mention for mention in found}, AlsoHeard.tracks_of(session, known)
    return {
        mention.ticket_id
        for place, post in page
        if (mention := mentions.get(post.post_id)) is not None
        and (
            mention.is_missing
            or not post.is_repeat_of(mention, read_by=place.account_id)
            or not {place.track_id, *(one.track_id for one in post.also)}
            <= {mention.track_id, None, *noted[mention.id]}
        )
    }


def _is_touched_by(network: str, new: Sequence[IncomingPost], authors: dict[str, int]) -> ColumnElement[bool]:
    """That a ticket is joined by new posts, or is a later one of their authors: it counts their contacts."""
    theirs = and_(Ticket.network == network, Ticket.author_id.in_({authors[post.author_id] for post in new}))
    same = and_(theirs, Ticket.conversation_id.in_({post.conversation_id for post in new}))
    first = select(func.min(Ticket.waiting_since)).where(same).scalar_subquery()
    oldest = min(post.posted_at for post in new)
    later = or_(Ticket.waiting_since >= oldest, Ticket.waiting_since >= first)
    twins = Ticket.id.in_(select(Ticket.joined_to).where(same, Ticket.joined_to.is_not(None)))
    return or_(same, twins, and_(theirs, Ticket.is_open(), later))
