"""What has had its effect once, so that being told of it again changes nothing."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class ProcessedRequest(Base):
    """An event, press or submit that has had its effect; or a digest that was written.

    The row is written in the very transaction of the effect. Slack delivers at least once, up to three more
    times over an hour (https://docs.slack.dev/apis/events-api/#retries).
    """

    __tablename__ = "inbound"
    wait_columns = ("at",)

    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)

    @classmethod
    def claim_key(cls, session: Session, key: str, *, at: datetime) -> bool:
        """Claim `key` for the transaction at hand; False if it already had its effect."""
        return add_if_absent(session, cls, key=key, at=at)

    @classmethod
    def delete_before(cls, session: Session, before: datetime) -> None:
        """Drop what nobody will send again."""
        session.execute(delete(cls).where(cls.at < before))
