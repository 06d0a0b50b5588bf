"""By which other accounts and tracks of ours a mention was found, besides the first."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, BigKey


class AlsoHeard(Base):
    """One more reason why a post concerns us: it is still one mention, on one card.

    The mention itself says who found it first. `matched` and `answerable` are as on a mention, for this
    account.
    """

    __tablename__ = "also_heard"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id"), primary_key=True)
    track_id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    account_id: Mapped[str]
    matched: Mapped[str]
    answerable: Mapped[str | None]
    at: Mapped[datetime]

    @classmethod
    def of(cls, session: Session, mention_id: int) -> list["AlsoHeard"]:
        """Returns the further reasons of a mention, the earliest first."""
        query = select(cls).where(cls.mention_id == mention_id)
        return list(session.scalars(query.order_by(cls.at, cls.track_id)))
