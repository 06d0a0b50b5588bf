"""By which tracks the posts of a ticket were found."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select

from models.sources.also_heard import AlsoHeard
from models.sources.mention import Mention
from models.tickets.ticket import Ticket


def found_by_tracks(track_ids: Collection[int]) -> ColumnElement[bool]:
    """Returns the SQL condition that a ticket has a post that one of these tracks found, first or as well."""
    first = select(Mention.id).where(Mention.ticket_id == Ticket.id, Mention.track_id.in_(track_ids))
    also = select(AlsoHeard.mention_id).join(Mention, Mention.id == AlsoHeard.mention_id)
    also = also.where(Mention.ticket_id == Ticket.id, AlsoHeard.track_id.in_(track_ids))
    return or_(Ticket.track_id.in_(track_ids), first.exists(), also.exists())
