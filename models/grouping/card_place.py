"""Where Slack shows a ticket: on its own card or, while it is in a group, on the group's."""

from functools import cache
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased

from models.slack.card import Card
from models.slack.notice import Notice
from models.slack.ticket_group import TicketGroup
from models.tickets.ticket import Ticket

# Of a query that `join_place` has joined: the channel and the message, None where Slack shows nothing yet.
PLACE_CHANNEL = case((TicketGroup.ts.is_not(None), TicketGroup.channel), else_=Card.channel)
PLACE_TS = func.coalesce(TicketGroup.ts, Card.ts)


def join_place(query: Select[Any]) -> Select[Any]:
    """Returns `query`, which selects from tickets, joined with where each is shown."""
    query = query.outerjoin(Card, Card.ticket_id == Ticket.id)
    return query.outerjoin(TicketGroup, TicketGroup.id == Ticket.group_id)


def join_place_of(
    query: Select[Any],
    ticket_id: Any,  # noqa: ANN401 - a column
    number: int = 0,
) -> tuple[Select[Any], Any, Any]:
    """Returns `query` joined with where the ticket `ticket_id` (a column) is shown, its channel and message.

    The tables are joined under names of their own, those of `number`: a query may ask for two tickets.
    """
    ticket, card, group = _names(number)
    query = query.outerjoin(ticket, ticket.id == ticket_id).outerjoin(card, card.ticket_id == ticket.id)
    query = query.outerjoin(group, group.id == ticket.group_id)
    channel = case((group.ts.is_not(None), group.channel), else_=card.channel)
    return query, channel, func.coalesce(group.ts, card.ts)


@cache
def _names(_number: int) -> tuple[type[Ticket], type[Card], type[TicketGroup]]:
    """Made once: making them, with all their columns, was a tenth of what a query for notices took."""
    return aliased(Ticket), aliased(Card), aliased(TicketGroup)


def find_place(session: Session, ticket_id: int | None) -> tuple[str | None, str | None]:
    """Returns the channel and the message in which that ticket is shown; None and None if there is none."""
    query = join_place(select(PLACE_CHANNEL, PLACE_TS).select_from(Ticket)).where(Ticket.id == ticket_id)
    found = session.execute(query).one_or_none() if ticket_id is not None else None
    return (found[0], found[1]) if found is not None else (None, None)


def links_to_group(session: Session, group_id: int, channel: str) -> bool:
    """Whether a message in `channel` links to the card that the tickets of that group share."""
    members = select(Ticket.id).where(Ticket.group_id == group_id)
    query = select(Notice.id).where(Notice.card_of.in_(members), Notice.channel == channel)
    return session.scalar(query.limit(1)) is not None
