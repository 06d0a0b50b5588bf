"""What the team notes about a person who speaks to us: for the team's eyes alone."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class Note(Base):
    """One remark about an author. It never leaves Slack."""

    __tablename__ = "notes"
    __table_args__ = (Index(None, "author_id", "id"),)

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
