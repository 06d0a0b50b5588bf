"""By which tracks the posts of a ticket were found."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from models.sources.also_heard import AlsoHeard
from models.sources.mention import Mention
from models.tickets.ticket import Ticket


def found_by_tracks(track_ids: Collection[int]) -> ColumnElement[bool]:
    """Returns the SQL condition that a ticket has a post that one of these tracks found, first or as well."""
    post = aliased(Mention)  # the query may be about posts itself
    first = select(post.id).where(post.ticket_id == Ticket.id, post.track_id.in_(track_ids))
    also = select(AlsoHeard.mention_id).join(post, post.id == AlsoHeard.mention_id)
    also = also.where(post.ticket_id == Ticket.id, AlsoHeard.track_id.in_(track_ids))
    return or_(Ticket.track_id.in_(track_ids), first.exists(), also.exists())
