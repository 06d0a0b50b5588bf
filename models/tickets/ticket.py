"""Our work on one author's exchange with us in one conversation, turn by turn.

The columns are in `ticket_columns.py`. The verbs are grouped by what they are about, one file each, and each
builds on the one before: `ownership.py` (claims and the composer), `answering.py` (turns and replies),
`outcomes.py` (closing, snoozing, reopening), `stopping.py` (undo, and deleting a public reply) and
`customer_posts.py` (posts that arrive, disappear and come back).
"""

from sqlalchemy import CheckConstraint, ColumnElement, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, relationship

from models.core.base import Base
from models.sources.author import Author
from models.tickets.customer_posts import CustomerPostsMixin
from models.tickets.reply import Reply
from models.tickets.state import (
    OPEN_STATES,
    TicketState,
)

CANARY_NETWORK = "canary"  # the network of Heard's own test mentions, which no report counts
UNFILLED_CONDITION = "first_reply_at IS NOT NULL AND first_reply_open IS NULL"
_OPEN_CONDITION = "state IN (" + ", ".join(f"'{state}'" for state in OPEN_STATES) + ")"


class Ticket(CustomerPostsMixin, Base):
    """One author, one conversation, one account of ours."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("network", "account_id", "conversation_id", "author_id"),
        CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in TicketState) + ")", name="state"),
        Index("ix_tickets_state", "state", "due_at"),
        Index(None, "author_id"),
        # For reports on a period, and for first replies whose office hours are still to be computed.
        Index(None, "opened_at"),
        Index(
            "ix_tickets_uncounted",
            "id",
            sqlite_where=text(UNFILLED_CONDITION),
            postgresql_where=text(UNFILLED_CONDITION),
        ),
        # What timed jobs look for, and the card of a group: few tickets have a value in any of these.
        *(
            Index(
                f"ix_tickets_{name}",
                name,
                sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("composing_until", "back_at", "nudge_at", "group_id", "joined_to")
        ),
        # For the lists of what was muted lately.
        Index(
            "ix_tickets_muted",
            "closed_at",
            sqlite_where=text("mute_id IS NOT NULL"),
            postgresql_where=text("mute_id IS NOT NULL"),
        ),
        # Everything that a list of open tickets filters and sorts by: thousands may wait, and a row is long.
        Index(
            "ix_tickets_open",
            "state",
            "due_at",
            "waiting_since",
            "id",
            "owner",
            "channel",
            "network",
            "account_id",
            "priority",
            "is_private",
            sqlite_where=text(_OPEN_CONDITION),
            postgresql_where=text(_OPEN_CONDITION),
        ),
        # In which channels the private ones are, or which wait for one: few, however many tickets there are.
        Index(
            "ix_tickets_private",
            "channel",
            "network",
            "account_id",
            sqlite_where=text("is_private = 1"),
            postgresql_where=text("is_private"),
        ),
        # The cards that are out of date: few, however many tickets there are.
        Index(
            "ix_tickets_stale",
            "id",
            sqlite_where=text("drawn_revision < revision"),
            postgresql_where=text("drawn_revision < revision"),
        ),
    )
    wait_columns = (
        "composing_since",
        "composing_until",
        "back_at",
        "nudge_at",
        "claimed_at",
        "active_at",
    )

    author: Mapped[Author] = relationship(lazy="raise")


def reply_network() -> ColumnElement[str]:
    """Returns the SQL expression for the network that a reply is on, in a query that joins its ticket."""
    return func.coalesce(Reply.network, Ticket.network)
