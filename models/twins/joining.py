"""Two tickets of one person become one, because the same words are on two networks."""

from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.issues.issue import IssueReport
from models.slack.card import Card
from models.slack.notice import Notice
from models.sources.author import Author
from models.sources.distinct_authors import DistinctAuthors
from models.sources.mention import Mention
from models.tickets import priorities
from models.tickets.delivery_state import LIVE_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket
from models.twins.detection import TwinPair, candidate
from models.twins.rule import is_twin

JOINED_ACT = "joined"
_UNSYNCHRONIZED = {"synchronize_session": False}


def join(session: Session, pair: TwinPair, *, at: datetime, waits: bool = True) -> bool:
    """Give all that the second ticket has to the first one, if that is right once both are held.

    The posts of both are on the first ticket then, with one turn and one card. The second is closed and only
    says where its posts are. Returns False if the two must stay apart: if it is because somebody has answered
    or closed one of them, each names the other, else nothing changes.

    `waits` is False where the caller holds other tickets: then tickets that others have locked are left.
    """
    session.flush()
    ids = (pair.first_id, pair.twin_id)
    both = select(Ticket.id).where(or_(Ticket.id.in_(ids), Ticket.joined_to.in_(ids))).order_by(Ticket.id)
    held = set(session.scalars(both.with_for_update(skip_locked=not waits)))
    if not held.issuperset(ids):
        return False
    first, twin = (
        session.get_one(Ticket, one, populate_existing=True) for one in (pair.first_id, pair.twin_id)
    )
    post = Mention.find(session, twin.id, pair.post_id)
    if post is None or first.joined_to is not None or twin.joined_to is not None:
        return False
    if not _is_one_person(session, first, twin) or not _is_still_twin(session, first, post):
        return False
    if _is_too_late(session, first, twin):
        _name_each_other(first, twin)
        return False
    if not _may_join(session, first, twin, at=at):
        return False
    twin.leave_group(session, by=HEARD_ACTOR, at=at)
    first.join_wait(session, twin)
    session.flush()
    _move_rows(session, first, twin)
    twin.close_as_joined(session, to=first.id, at=at)
    for one, other in ((first, twin), (twin, first)):
        data = {"network": other.network, "ticket": str(other.id)}
        Event.record(session, JOINED_ACT, at=at, ticket_id=one.id, post_id=post.post_id, data=data)
    session.flush()
    priorities.rescore(session, [first.id])
    return True


def _is_one_person(session: Session, first: Ticket, twin: Ticket) -> bool:
    """Whether nobody has said that they are two."""
    here = {first.author_id, *(one.author_id for one in load_twins(session, first.id))}
    there = [twin, *load_twins(session, twin.id)]
    return not any(DistinctAuthors.has_any(session, one.author_id, here) for one in there)


def _is_too_late(session: Session, first: Ticket, twin: Ticket) -> bool:
    """Whether somebody has answered or closed one of them."""
    return any(not one.is_waiting or _has_spoken(session, one) for one in (first, twin))


def _name_each_other(first: Ticket, twin: Ticket) -> None:
    """Have each card lead to the other one, so that nobody answers both without knowing."""
    for one, other in ((first, twin), (twin, first)):
        if one.same_as is None and not (one.is_private or other.is_private):
            one.same_as = other.id
            one.revision += 1


def _may_join(session: Session, first: Ticket, twin: Ticket, *, at: datetime) -> bool:
    """Whether they can be joined now. Some of what keeps them apart is over in a moment."""
    both, leaving = (first, twin), [twin, *load_twins(session, twin.id)]
    networks = {first.network, *(one.network for one in load_twins(session, first.id))}
    card = session.scalar(select(Card).where(Card.ticket_id == twin.id))
    is_being_posted = card is not None and card.ts is None and card.placing_since is not None
    return (
        not any(one.is_private for one in both)
        and twin.turn == 1
        and not networks & {one.network for one in leaving}
        and (None in {first.owner, twin.owner} or first.owner == twin.owner)
        and not twin.is_composed(at)
        and not is_being_posted
        and not _share_an_id(session, first, twin)
    )


def load_twins(session: Session, ticket_id: int) -> list[Ticket]:
    """Returns the tickets that were joined to that one, in the order in which they were seen."""
    query = select(Ticket).where(Ticket.joined_to == ticket_id)
    return list(session.scalars(query.order_by(Ticket.seen_at, Ticket.id)))


def _has_spoken(session: Session, ticket: Ticket) -> bool:
    """Whether it has, or ever had, a reply that is more than a draft."""
    query = select(Reply).where(Reply.ticket_id == ticket.id)
    return any(
        reply.state in LIVE_STATES or reply.sent_at is not None or reply.was_handed_off
        for reply in session.scalars(query)
    )


def _is_still_twin(session: Session, first: Ticket, post: Mention) -> bool:
    """Whether a post of the first ticket still says the same: either may have been edited, or be gone."""
    author = session.get_one(Author, post.author_id)
    twin = candidate(post, author.handle)
    query = select(Mention, Author.handle).join(Author, Author.id == Mention.author_id)
    shown = query.where(Mention.ticket_id == first.id, Mention.deleted_at.is_(None))
    return post.deleted_at is None and any(
        is_twin(candidate(mention, handle), twin) for mention, handle in session.execute(shown)
    )


def _share_an_id(session: Session, first: Ticket, twin: Ticket) -> bool:
    """Whether two networks gave posts of both the same id: within one ticket a post is known by its id."""
    ours = select(Mention.post_id).where(Mention.ticket_id == first.id)
    theirs = select(Mention.id).where(Mention.ticket_id == twin.id, Mention.post_id.in_(ours))
    return session.scalar(theirs.limit(1)) is not None


def _move_rows(session: Session, first: Ticket, twin: Ticket) -> None:
    """What names the twin's ticket names the first one, but for its card and the log, which only grows."""
    for ticket in (first, twin):  # replies from before this schema name no network: it was their ticket's
        unnamed = update(Reply).where(Reply.ticket_id == ticket.id, Reply.network.is_(None))
        session.execute(unnamed.values(network=ticket.network), execution_options=_UNSYNCHRONIZED)
    known = select(IssueReport.issue_id).where(IssueReport.ticket_id == first.id)
    reported = IssueReport.ticket_id == twin.id
    unsent = update(Notice).where(Notice.ticket_id == twin.id, Notice.ts.is_(None))
    for change in (
        update(Reply).where(Reply.ticket_id == twin.id).values(ticket_id=first.id, turn=first.turn),
        update(Mention).where(Mention.ticket_id == twin.id).values(ticket_id=first.id),
        unsent.values(ticket_id=first.id),
        update(Ticket)
        .where(Ticket.joined_to == twin.id)
        .values(joined_to=first.id, revision=Ticket.revision + 1),
        update(Notice).where(Notice.card_of == twin.id).values(card_of=first.id),
        delete(IssueReport).where(reported, IssueReport.issue_id.in_(known)),
        update(IssueReport).where(reported).values(ticket_id=first.id),
    ):
        session.execute(change, execution_options=_UNSYNCHRONIZED)
    session.expire_all()
