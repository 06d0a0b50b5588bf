"""The append-only event log: who did what, when, to which ticket, in which words."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key

HEARD_ACTOR = "heard"  # the actor of acts that no person did
BREACH_ACT = "breach"  # the act recorded when a first reply was due and had not been sent


class Event(Base):
    """One act in the event log.

    Rows are only ever added: a trigger in the database refuses updates and deletes.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "ticket_id", "id"),)

    id: Mapped[Key]
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("replies.id"))
    text: Mapped[str | None]
    post_id: Mapped[str | None]
    data: Mapped[dict[str, Any] | None]

    @classmethod
    def record(
        cls,
        session: Session,
        act: str,
        *,
        at: datetime,
        by: str = HEARD_ACTOR,
        ticket_id: int | None = None,
        reply_id: int | None = None,
        text: str | None = None,
        post_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Add an event: `act`, done at `at` (UTC) by the Slack user `by`, or by Heard itself.

        `text` is the reply or title that the act was about; `data` is any JSON object.
        """
        session.add(
            cls(
                at=at,
                actor=by,
                act=act,
                ticket_id=ticket_id,
                reply_id=reply_id,
                text=text,
                post_id=post_id,
                data=data or None,
            ),
        )
