"""Reads what waits for accounts of ours that are not connected, and has their cards redrawn."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from models.sources.also_heard import AlsoHeard
from models.sources.cursor import Cursor
from models.sources.mention import Mention
from models.tickets.delivery_state import PENDING_STATES, PUBLIC_STATES, UNSETTLED_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket, reply_network


def count_waiting_tickets(session: Session, network: str, connected_ids: Collection[str]) -> dict[str, int]:
    """Returns, by account id, how many tickets need an account that is not among `connected_ids`.

    Those are open tickets of the account whose target no connected account heard, and tickets with a reply as
    it that is on its way or to be deleted.
    """
    also = exists().where(AlsoHeard.mention_id == Mention.id, AlsoHeard.account_id.in_(connected_ids))
    may_be_answered = exists().where(
        Mention.is_post_of(Ticket.id, Ticket.target_post_id),
        or_(Mention.account_id.in_(connected_ids), also),
    )
    moving = select(Ticket.id, Reply.account_id).join(Reply, Reply.ticket_id == Ticket.id)
    moving = moving.where(reply_network() == network, Reply.account_id.not_in(connected_ids))
    ids = union(
        select(Ticket.id, Ticket.account_id).where(
            Ticket.is_open(),
            Ticket.network == network,
            Ticket.account_id.not_in(connected_ids),
            ~may_be_answered,
        ),
        moving.where(Reply.state.in_(UNSETTLED_STATES)),
        moving.where(Reply.unsay_by.is_not(None), Reply.state.in_(PUBLIC_STATES)),
    ).subquery()
    counted = select(ids.c.account_id, func.count()).group_by(ids.c.account_id)
    return {str(account_id): count for account_id, count in session.execute(counted)}


def list_pending_replies(session: Session, network: str, account_id: str | None) -> list[int]:
    """Returns the ids of the pending replies of an account (None: of all accounts), oldest first."""
    query = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id).where(reply_network() == network)
    if account_id is not None:
        query = query.where(Reply.account_id == account_id)
    return list(session.scalars(query.where(Reply.state.in_(PENDING_STATES)).order_by(Reply.id)))


def list_networks_without_credentials(
    session: Session, networks: Collection[str], *, read_before: datetime
) -> list[str]:
    """Returns the networks not in `networks` that have pending replies and were not read since `read_before`.

    While new keys are rolled out, a worker started with the old ones may still read them.
    """
    read = exists().where(Cursor.network == reply_network(), Cursor.read_at >= read_before)
    query = select(reply_network()).select_from(Ticket).join(Reply, Reply.ticket_id == Ticket.id).distinct()
    waiting = (Reply.state.in_(PENDING_STATES), reply_network().not_in(networks))
    return list(session.scalars(query.where(*waiting, ~read).order_by(reply_network())))


def redraw_cards(session: Session, network: str, account_id: str) -> None:
    """Have the cards of open tickets redrawn that name the account."""
    of_ticket = select(Mention.id).where(Mention.ticket_id == Ticket.id)
    also = of_ticket.join(AlsoHeard, AlsoHeard.mention_id == Mention.id)
    names_it = or_(
        Ticket.account_id == account_id,
        of_ticket.where(Mention.account_id == account_id).exists(),
        also.where(AlsoHeard.account_id == account_id).exists(),
        exists().where(Reply.ticket_id == Ticket.id, Reply.account_id == account_id),
    )
    is_shown = Ticket.drawn_revision > 0
    twin = aliased(Ticket)
    has_twin = exists().where(twin.joined_to == Ticket.id, twin.network == network)
    is_there = or_(Ticket.network == network, has_twin)
    Ticket.redraw_all(session, Ticket.is_open(), is_there, is_shown, names_it)
