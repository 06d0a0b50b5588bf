"""What the team notes about an author, visible to the team only."""

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
        """Add `text` as a note about the author with the id `about`.

        The event log records the act, not the text, so that the text can be deleted. Raises `NoResultFound`
        of SQLAlchemy if there is no such author.
        """
        session.get_one(Author, about)
        note = cls(author_id=about, text=text, by=by, at=at)
        session.add(note)
        session.flush()
        Event.record(session, "note", at=at, by=by, data={"author": about, "note": note.id})
        return note

    def delete(self, session: Session, *, by: str, at: datetime) -> None:
        """Delete it, text included. Raises `RuleBrokenError` if `by` did not write it."""
        if self.by != by:
            raise RuleBrokenError(f"<@{self.by}> wrote that note, so only they can delete it.")
        session.delete(self)
        Event.record(session, "note deleted", at=at, by=by, data={"author": self.author_id, "note": self.id})
