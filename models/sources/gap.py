"""A stretch of mentions that a network did not list, and that is searched for instead, as far as that got."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key


class Gap(Base):
    """What was said from `since` on and before the position `before`. The search works down from there."""

    __tablename__ = "gaps"
    wait_columns = ("since", "found_at", "not_before")

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    since: Mapped[datetime]
    # The lowest position that was read, opaque as `Cursor.position` is; None: nothing that was read tells.
    before: Mapped[str | None] = mapped_column("before_id")
    found_at: Mapped[datetime]
    heard: Mapped[int] = mapped_column(default=0)  # how many mentions the search has brought
    not_before: Mapped[datetime | None]  # no earlier than that is the search tried again,
    failure: Mapped[str | None]  # because of this

    @classmethod
    def open_of(cls, session: Session, network: str, account_id: str) -> list["Gap"]:
        """Those that are not filled yet, the newest first."""
        query = select(cls).where(cls.network == network, cls.account_id == account_id)
        return list(session.scalars(query.order_by(cls.id.desc())))
