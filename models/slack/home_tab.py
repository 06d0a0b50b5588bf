"""Who has Heard's Home tab open, and what it shows them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent

REDACTION_LOOKBACK = timedelta(days=2)  # far more than a Home is kept up to date after it was opened


class HomeTab(Base):
    """One person's Home. `digest` tells what was published last, so that the same is not published again."""

    __tablename__ = "homes"
    wait_columns = ("opened_at",)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    digest: Mapped[str | None]
    # Whether it may show words that had to go since: to be published anew, whoever looks at it.
    is_stale: Mapped[bool] = mapped_column(default=False, server_default=false())

    @classmethod
    def record_view(cls, session: Session, user_id: str, *, at: datetime) -> None:
        """`user_id` opened it, or did something there."""
        if not add_if_absent(session, cls, user_id=user_id, opened_at=at):
            session.execute(update(cls).where(cls.user_id == user_id).values(opened_at=at))

    @classmethod
    def record_published(cls, session: Session, user_id: str, digest: str | None) -> None:
        """That is what Slack was given to show."""
        session.execute(update(cls).where(cls.user_id == user_id).values(digest=digest, is_stale=False))

    @classmethod
    def redact(cls, session: Session, *, since: datetime) -> None:
        """Have every Home drawn anew that was drawn since `since`: it may show words that had to go.

        Some from before, too: the clock may have been set back in between, and to draw one anew does no harm.
        """
        session.execute(update(cls).where(cls.opened_at >= since - REDACTION_LOOKBACK).values(is_stale=True))

    @classmethod
    def list_to_refresh(cls, session: Session, moment: datetime) -> "Sequence[HomeTab]":
        """Those that somebody may still have before their eyes, and those that must not stay as they are."""
        query = select(cls).where(or_(cls.opened_at >= moment, cls.is_stale))
        return session.scalars(query.order_by(cls.user_id)).all()
