"""Who has Heard's Home tab open, and what it shows them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, add_if_absent


class Home(Base):
    """One person's Home. `digest` tells what was published last, so that the same is not published again."""

    __tablename__ = "homes"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    digest: Mapped[str | None]

    @classmethod
    def looked_at(cls, session: Session, user_id: str, *, at: datetime) -> None:
        """`user_id` opened it, or did something there."""
        if not add_if_absent(session, cls, user_id=user_id, opened_at=at):
            session.execute(update(cls).where(cls.user_id == user_id).values(opened_at=at))

    @classmethod
    def shows(cls, session: Session, user_id: str, digest: str) -> None:
        """That is what Slack was given to show."""
        session.execute(update(cls).where(cls.user_id == user_id).values(digest=digest))

    @classmethod
    def looked_at_since(cls, session: Session, moment: datetime) -> "Sequence[Home]":
        """Those that somebody may still have before their eyes."""
        return session.scalars(select(cls).where(cls.opened_at >= moment).order_by(cls.user_id)).all()
