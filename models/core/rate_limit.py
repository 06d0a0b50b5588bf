"""Rate limits that all threads, processes and machines share."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class RateLimit(Base):
    """One rate limit, by the generic cell rate algorithm (GCRA): a leaky bucket stored as one time.

    `due_at` is when the next act would be due if all had kept the interval; `paused_until` is set where the
    other side asked for silence. Times are UTC.
    """

    __tablename__ = "budgets"
    wait_columns = ("due_at", "paused_until")

    key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]

    @classmethod
    def take(
        cls,
        session: Session,
        key: str,
        *,
        at: datetime,
        interval: timedelta,
        burst: int = 1,
    ) -> timedelta:
        """Ask to act at `at`. Returns zero if the act may happen, which counts it; else how long to wait.

        `interval` is the steady distance between two acts; up to `burst` of them may happen at once.
        """
        budget = cls._held(session, key, at)
        if budget.paused_until is not None and budget.paused_until > at:
            return budget.paused_until - at
        # It is never further ahead than after a burst, unless the clock was set back or the pace changed.
        budget.due_at = min(budget.due_at, at + interval * burst)
        wait = budget.due_at - interval * (burst - 1) - at
        if wait > timedelta():
            return wait
        budget.due_at = max(budget.due_at, at) + interval
        return timedelta()

    @classmethod
    def pause(cls, session: Session, key: str, *, at: datetime, until: datetime) -> None:
        """Refuse all acts until `until`, because the other side asked for it."""
        budget = cls._held(session, key, at)
        budget.paused_until = max(budget.paused_until or until, until)

    @classmethod
    def is_paused(cls, session: Session, key: str, *, at: datetime) -> bool:
        """Whether acts are refused at `at`. Counts nothing."""
        return session.scalar(select(cls.key).where(cls.key == key, cls.paused_until > at)) is not None

    @classmethod
    def _held(cls, session: Session, key: str, at: datetime) -> "RateLimit":
        """The row of `key`, created if needed and locked until the transaction ends."""
        add_if_absent(session, cls, key=key, due_at=at)
        return session.scalars(select(cls).where(cls.key == key).with_for_update()).one()
