"""Requests that had their effect, so that a repeated one changes nothing."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class ProcessedRequest(Base):
    """The key of a Slack event, button press or submit that had its effect, or of a digest that was written.

    The row is written in the transaction of the effect. Slack delivers at least once, and retries up to three
    times within an hour (https://docs.slack.dev/apis/events-api/#retries).
    """

    __tablename__ = "inbound"
    wait_columns = ("at",)

    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def claim_key(cls, session: Session, key: str, *, at: datetime) -> bool:
        """Insert `key` in this transaction. Returns False if it was processed already."""
        return add_if_absent(session, cls, key=key, at=at)

    @classmethod
    def delete_before(cls, session: Session, before: datetime) -> None:
        """Delete keys of before `before`, which Slack will not send again."""
        session.execute(delete(cls).where(cls.at < before))
