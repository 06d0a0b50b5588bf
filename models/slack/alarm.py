"""Alarms: what does not work now, since when, and whether the team was notified of it."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent
from models.slack.notice import Notice


class Alarm(Base):
    """One thing that does not work. The row is deleted when it works again. Times are UTC."""

    __tablename__ = "alarms"
    wait_columns = ("since", "told_at")

    key: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    detail: Mapped[str]
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]

    @classmethod
    def raise_alarm(cls, session: Session, key: str, *, cause: str, detail: str, at: datetime) -> "Alarm":
        """Record that it does not work because of `cause`. A new cause makes the team be notified again.

        Returns the row, locked until the transaction ends.
        """
        add_if_absent(session, cls, key=key, cause=cause, detail=detail, since=at)
        query = select(cls).where(cls.key == key).with_for_update().execution_options(populate_existing=True)
        alarm = session.scalars(query).one()
        if alarm.cause != cause:
            alarm.told_at = None
        alarm.cause, alarm.detail = cause, detail
        return alarm

    def tell_once(self, session: Session, sentence: str, *, at: datetime, channel: str) -> None:
        """Post `sentence` (mrkdwn, escaped) to `channel`, unless the team knows of this alarm already."""
        if self.told_at is None:
            self.told_at = at
            Notice.enqueue(session, sentence, at=at, channel=channel)

    @classmethod
    def clear(cls, session: Session, key: str) -> "Alarm | None":
        """Delete the alarm, because it works. Returns it, or None if there was none."""
        return session.scalar(delete(cls).where(cls.key == key).returning(cls))

    @classmethod
    def active(cls, session: Session, keys: Iterable[str] | None = None) -> list["Alarm"]:
        """Returns the alarms, all or those among `keys`, longest first."""
        query = select(cls).order_by(cls.since, cls.key)
        return list(session.scalars(query if keys is None else query.where(cls.key.in_(list(keys)))))
