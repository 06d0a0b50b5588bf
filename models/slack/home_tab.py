"""Who has Heard's Home tab open, and what it shows them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import false, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent

REDACTION_LOOKBACK = timedelta(days=2)  # far longer than a tab is kept up to date after it was opened


class HomeTab(Base):
    """One person's Home tab.

    `digest` is a hash of what was published last, so that it is not published twice.
    """

    __tablename__ = "homes"
    wait_columns = ("opened_at",)

    user_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    digest: Mapped[str | None]
    # Whether it may show text that was erased since: it is published again, even if nobody looks at it.
    is_stale: Mapped[bool] = mapped_column(default=False, server_default=false())

    @classmethod
    def record_view(cls, session: Session, user_id: str, *, at: datetime) -> None:
        """Record that `user_id` opened the tab, or did something in it."""
        if not add_if_absent(session, cls, user_id=user_id, opened_at=at):
            session.execute(update(cls).where(cls.user_id == user_id).values(opened_at=at))

    @classmethod
    def record_published(cls, session: Session, user_id: str, digest: str | None) -> None:
        """Record the hash of what was published to Slack."""
        session.execute(update(cls).where(cls.user_id == user_id).values(digest=digest, is_stale=False))

    @classmethod
    def redact(cls, session: Session, *, since: datetime) -> None:
        """Have every tab published again that was drawn since `since`: it may show text that was erased.

        Some older ones are included, since the clock may have been set back in between; publishing one again
        does no harm.
        """
        session.execute(update(cls).where(cls.opened_at >= since - REDACTION_LOOKBACK).values(is_stale=True))

    @classmethod
    def list_to_refresh(cls, session: Session, moment: datetime) -> "Sequence[HomeTab]":
        """Returns the tabs opened since `moment`, and those that show erased text."""
        query = select(cls).where(or_(cls.opened_at >= moment, cls.is_stale))
        return session.scalars(query.order_by(cls.user_id)).all()
