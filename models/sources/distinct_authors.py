"""Authors on different networks who are known not to be one person."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class DistinctAuthors(Base):
    """Two authors who are not the same person, as `by` said: their posts are never twins again.

    `author_id` is the smaller of the two ids.
    """

    __tablename__ = "distinct_authors"
    __table_args__ = (Index(None, "other_id"),)

    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), primary_key=True)
    by: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def record(cls, session: Session, one: int, other: int, *, by: str, at: datetime) -> None:
        """Note that `one` and `other` are not the same person."""
        low, high = sorted((one, other))
        add_if_absent(session, cls, author_id=low, other_id=high, by=by, at=at)

    @classmethod
    def has_any(cls, session: Session, author_id: int, others: Collection[int]) -> bool:
        """Whether somebody said of one of `others` that `author_id` is not the same person."""
        pairs = or_(
            and_(cls.author_id == author_id, cls.other_id.in_(others)),
            and_(cls.other_id == author_id, cls.author_id.in_(others)),
        )
        return session.scalar(select(cls.author_id).where(pairs).limit(1)) is not None
