"""What the team notes about a person who speaks to us: for the team's eyes alone."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import Event
from models.core.base import Base, Key, RuleBrokenError
from models.sources.author import Author


class Note(Base):
    """One remark about an author. It never leaves Slack."""

    __tablename__ = "notes"
    __table_args__ = (Index(None, "author_id", "id"),)

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    text: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]

    @classmethod
    def add(cls, session: Session, *, about: int, text: str, by: str, at: datetime) -> "Note":
        """Note `text` about the author `about`. The log has the act, not the words: those can go."""
        session.get_one(Author, about)
        note = cls(author_id=about, text=text, by=by, at=at)
        session.add(note)
        session.flush()
        Event.record(session, "note", at=at, by=by, data={"author": about, "note": note.id})
        return note

    def delete(self, session: Session, *, by: str, at: datetime) -> None:
        """Take it back, words and all; only who wrote it can."""
        if self.by != by:
            raise RuleBrokenError(f"<@{self.by}> wrote that note, so only they can delete it.")
        session.delete(self)
        Event.record(session, "note deleted", at=at, by=by, data={"author": self.author_id, "note": self.id})
