"""A problem that several people report, and whom to tell once it is mended."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Key


class Issue(Base):
    """What people suffer from, in the team's words. It is open until somebody says that it is fixed.

    `name` is the title without what does not tell two titles apart, so that each problem has one issue.
    """

    __tablename__ = "issues"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[Key]
    title: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    fixed_at: Mapped[datetime | None]
    fixed_by: Mapped[str | None]


class Report(Base):
    """That a ticket is about an issue; and, once it is fixed, what became of telling its author.

    Each is told (`told_at`: a reply to them went out since the fix) or skipped, with a reason; `settled_by`
    is who did either.
    """

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("issue_id", "ticket_id"), Index(None, "ticket_id"))

    id: Mapped[Key]
    issue_id: Mapped[int] = mapped_column(ForeignKey("issues.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    told_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    skip_reason: Mapped[str | None]
    settled_by: Mapped[str | None]
