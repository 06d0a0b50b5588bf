"""Reads and discards a teammate's drafts: what they wrote and did not send."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from models.core.base import RuleBrokenError
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.reports.open_tickets import ENTRY_COLUMNS, TicketEntry, join_entry_tables
from models.tickets.delivery_state import RETURNED_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.ticket import CANARY_NETWORK, Ticket


@dataclass(frozen=True, slots=True)
class Draft:
    """What *Reply* would show again on that ticket."""

    entry: TicketEntry
    reply_id: int
    words: str


def list_for_user(session: Session, user: str, access: ReadAccess = PUBLIC_ONLY) -> list[Draft]:
    """Returns the drafts of `user` on open tickets without a live reply: the last of each, newest first.

    Only those on tickets that `access` allows: what they wrote in answer to a private post is private, too.
    """
    later = aliased(Reply)
    is_last = ~exists().where(later.ticket_id == Reply.ticket_id, later.actor == user, later.id > Reply.id)
    query = join_entry_tables(select(Reply, *ENTRY_COLUMNS)).join(Reply, Reply.ticket_id == Ticket.id)
    own = (Reply.actor == user, Reply.is_given_back(), is_last)
    rows = session.execute(
        query.where(Ticket.is_open(), Ticket.network != CANARY_NETWORK, access.condition(), *own).order_by(
            Reply.id.desc()
        )
    )
    found = [Draft(TicketEntry(*entry), reply.id, reply.words) for reply, *entry in rows]
    return [one for one in found if one.words and not one.entry.is_answered]


def discard_draft(session: Session, reply_id: int, *, by: str, at: datetime) -> None:
    """Discard a draft that `list_for_user` returned: neither it nor *Reply* shows it again.

    What was cancelled or refused keeps its state; its text becomes a draft once more, and that is discarded,
    so that the event log shows both. Raises `RuleBrokenError` if `by` did not write it or it is no draft any
    more.
    """
    ticket = Ticket.lock(session, session.get_one(Reply, reply_id).ticket_id)
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    if reply.actor != by:
        raise RuleBrokenError("Only its author can decide about this draft.")
    if reply.state not in RETURNED_STATES or not reply.is_last(session):
        raise RuleBrokenError("That is no longer a draft: the card shows what happened to it.")
    if reply.state != DeliveryState.DRAFT:
        reply = ticket.draft(
            session,
            text=reply.text,
            sign_off=reply.sign_off,
            by=by,
            at=at,
            key=uuid4().hex,
            source="home",
            account_id=reply.account_id,
        )
    reply.move(session, DeliveryState.DISCARDED, at=at, by=by, act="draft discarded")
