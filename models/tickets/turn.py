"""One round of a ticket: the customer posts, we answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import Base, Key

# What opens a turn: the customer posts, we post again, someone reopens the ticket, or the customer does not
# answer within the time that a reply waits for.
OPENED_BY_MENTION = "mention"
OPENED_BY_FOLLOW_UP = "follow up"
OPENED_BY_REOPENING = "reopened"
OPENED_BY_NO_ANSWER = "no answer"
UNFILLED_CONDITION = "outcome = 'answered' AND answered_open IS NULL"


class Turn(Base):
    """One round of a ticket: the customer posts (or we post again), and we answer once.

    `opened_by` is one of the `OPENED_BY_…` values.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("ticket_id", "number"),
        Index(None, "asked_at"),
        Index(
            "ix_turns_uncounted",
            "id",
            sqlite_where=text(UNFILLED_CONDITION),
            postgresql_where=text(UNFILLED_CONDITION),
        ),
    )

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    number: Mapped[int]
    opened_by: Mapped[str]
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    answered_open: Mapped[int | None]  # seconds of office hours from `asked_at` to its answer
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]

    def copy_to(self, ticket_id: int, number: int) -> "Turn":
        """Returns a new row like it, as the turn `number` of that ticket."""
        names = ("opened_by", "asked_at", "closed_at", "closed_by", "outcome", "reason")
        return Turn(ticket_id=ticket_id, number=number, **{name: getattr(self, name) for name in names})
