"""A ticket that two people turned out to share becomes two again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.core.base import OnItsWayError, RuleBrokenError
from models.core.sla import SlaPolicy
from models.sources.distinct_authors import DistinctAuthors
from models.sources.mention import Mention
from models.tickets.delivery_state import LIVE_STATES, UNSETTLED_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket
from models.twins.joining import load_twins

SEPARATED_ACT = "not the same person"


def separate(
    session: Session, ticket_id: int, network: str, *, by: str, at: datetime, sla_policy: SlaPolicy
) -> Ticket:
    """Make what was joined to that ticket from `network` one of its own again, for good; returns that one.

    Posts, replies and drafts there go with it. It waits, unless its posts were answered; then the other one
    waits for an answer of its own.

    Raises `RuleBrokenError` if nothing from `network` is joined to it (any more), and `OnItsWayError` while a
    reply there is on its way or being deleted.
    """
    Ticket.lock_all(session, or_(Ticket.id == ticket_id, Ticket.joined_to == ticket_id))
    ticket = Ticket.lock(session, ticket_id)
    joined = {one.network: one for one in load_twins(session, ticket.id)}
    if network not in joined:
        raise RuleBrokenError("That post already has a card of its own.")
    twin = Ticket.lock(session, joined.pop(network).id)
    query = select(Reply).where(Reply.ticket_id == ticket.id, Reply.network == network)
    replies = session.scalars(query.order_by(Reply.turn, Reply.id)).all()
    if any(one.state in UNSETTLED_STATES or one.unsay_by is not None for one in replies):
        raise OnItsWayError("Not now: a reply there is on its way, or it is being deleted.")
    for author_id in (ticket.author_id, *(one.author_id for one in joined.values())):
        DistinctAuthors.record(session, twin.author_id, author_id, by=by, at=at)
    _move(session, ticket, twin, replies, at=at, sla_policy=sla_policy)
    ticket.handle_left_posts(session)
    for one, other in ((ticket, twin), (twin, ticket)):
        data = {"network": other.network, "ticket": str(other.id)}
        Event.record(session, SEPARATED_ACT, at=at, by=by, ticket_id=one.id, data=data)
    return twin


def _move(
    session: Session,
    ticket: Ticket,
    twin: Ticket,
    replies: Sequence[Reply],
    *,
    at: datetime,
    sla_policy: SlaPolicy,
) -> None:
    """Give the twin its posts and replies back, each answer with the turn that it ended."""
    here = (Mention.ticket_id == ticket.id, Mention.network == twin.network)
    posts = sorted(session.scalars(select(Mention).where(*here)), key=lambda post: post.rank)
    answers = {one.turn: one for one in replies if one.state in LIVE_STATES}
    turns = [(ticket.load_turn(session, number), answers[number]) for number in sorted(answers)]
    for post in posts:
        post.ticket_id = twin.id
    twin.handle_returned_posts(session, posts, turns, at=at, sla_policy=sla_policy)
    numbers = {old: new for new, old in enumerate(sorted(answers), 1)}
    for one in replies:
        one.ticket_id, one.turn = twin.id, numbers.get(one.turn, twin.turn)
    session.flush()
