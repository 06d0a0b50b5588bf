"""Answers that only one person saw, which they may share with the channel."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, RuleBrokenError

UNSHARED_STATE, SHARING_STATE, SHARED_STATE = "shown", "sharing", "shared"

Pages = list[list[dict[str, Any]]]


class SharedAnswer(Base):
    """An answer that someone saw in `channel`, stored for a day so that they can share exactly that, once."""

    __tablename__ = "shown"
    wait_columns = ("at",)

    key: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    text: Mapped[str]
    pages: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(default=UNSHARED_STATE)
    at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def store(
        cls, session: Session, key: str, text: str, pages: Pages, *, channel: str, at: datetime
    ) -> None:
        """Store what was shown to someone in `channel`, under `key`."""
        session.add(cls(key=key, text=text, pages=pages, channel=channel, at=at))

    @classmethod
    def claim(cls, session: Session, key: str) -> "SharedAnswer":
        """Returns the answer for one caller to share; nobody else gets it.

        Raises `RuleBrokenError` if it is too old, being shared or shared already.
        """
        found = cls._held(session, key)
        if found is None:
            raise RuleBrokenError("That answer is too old to share. Ask again, and share the new one.")
        if found.state == SHARING_STATE:
            raise RuleBrokenError(
                "Slack hasn't confirmed yet whether that was shared. Check the channel; if it isn't "
                "there, ask again and share the new answer.",
            )
        if found.state == SHARED_STATE:
            raise RuleBrokenError("You have already shared that.")
        found.state = SHARING_STATE
        return found

    @classmethod
    def finish_sharing(cls, session: Session, key: str, *, shared: bool) -> None:
        """Record whether it is in the channel now (`shared`), or provably is not and may be shared again."""
        found = cls._held(session, key)
        if found is not None:
            found.state = SHARED_STATE if shared else UNSHARED_STATE

    @classmethod
    def delete_before(cls, session: Session, before: datetime) -> None:
        """Delete answers of before `before`."""
        session.execute(delete(cls).where(cls.at < before))

    @classmethod
    def _held(cls, session: Session, key: str) -> "SharedAnswer | None":
        query = select(cls).where(cls.key == key).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))
