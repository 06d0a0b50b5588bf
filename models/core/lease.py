"""Leases of recurring jobs: which of many workers runs a job at the moment."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class Lease(Base):
    """The lease of one recurring job: who runs it, until when, and when it was last started.

    Times are UTC.
    """

    __tablename__ = "leases"
    wait_columns = ("until", "begun_at")

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str | None]
    until: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]

    @classmethod
    def take(
        cls, session: Session, name: str, *, holder: str, at: datetime, until: datetime, every: timedelta
    ) -> bool:
        """Lease the job `name` to `holder` until `until`.

        Returns False if another worker holds it or it was started less than `every` ago. It is one
        conditional UPDATE, so of two workers that ask at once one gets it.
        """
        add_if_absent(session, cls, name=name)
        free = or_(cls.until.is_(None), cls.until <= at)
        due = or_(cls.begun_at.is_(None), cls.begun_at <= at - every)
        here = update(cls).where(cls.name == name, free, due)
        taken = session.execute(here.values(holder=holder, until=until, begun_at=at).returning(cls.name))
        return taken.first() is not None

    @classmethod
    def extend(cls, session: Session, names: Collection[str], *, holder: str, until: datetime) -> None:
        """Extend to `until` the leases among `names` that `holder` has."""
        held = update(cls).where(cls.name.in_(names), cls.holder == holder)
        session.execute(held.values(until=until))

    @classmethod
    def release(cls, session: Session, name: str, *, holder: str) -> None:
        """End the lease of `holder`: the job is done, and the next worker may take it once it is due."""
        held = update(cls).where(cls.name == name, cls.holder == holder)
        session.execute(held.values(holder=None, until=None))

    @classmethod
    def active_holders(cls, session: Session, at: datetime) -> dict[str, str]:
        """Returns the jobs that run at `at`, each with its holder."""
        held = select(cls.name, cls.holder).where(cls.until > at, cls.holder.is_not(None))
        return {name: holder for name, holder in session.execute(held) if holder is not None}
