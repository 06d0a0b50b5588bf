"""What Heard has to tell the team, outside of a card."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Key


class Notice(Base):
    """One message to a ticket's thread, or (without a ticket) to a channel. A row is its own outbox."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_due", "ts", "not_before"),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    channel: Mapped[str | None]
    text: Mapped[str]
    blocks: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    placing_since: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]
    ts: Mapped[str | None]

    @classmethod
    def tell(
        cls,
        session: Session,
        text: str,
        *,
        at: datetime,
        ticket_id: int | None = None,
        channel: str | None = None,
        blocks: list[dict[str, Any]] | None = None,
    ) -> None:
        """Have `text` (mrkdwn, escaped) said in the thread of `ticket_id`, else in `channel`."""
        session.add(
            cls(
                key=uuid.uuid4().hex,
                ticket_id=ticket_id,
                channel=channel,
                text=text,
                blocks=blocks,
                created_at=at,
            ),
        )
