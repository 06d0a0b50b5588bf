"""Who does a recurring job just now, among many who could."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, add_if_absent


class Lease(Base):
    """One recurring job: who has it in hand until when, and when it was last begun."""

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
        """Take the job called `name` until `until`; False if it is in hand, or was begun within `every`.

        One conditional UPDATE: of two who ask at once, one gets it.
        """
        add_if_absent(session, cls, name=name)
        free = or_(cls.until.is_(None), cls.until <= at)
        due = or_(cls.begun_at.is_(None), cls.begun_at <= at - every)
        here = update(cls).where(cls.name == name, free, due)
        taken = session.execute(here.values(holder=holder, until=until, begun_at=at).returning(cls.name))
        return taken.first() is not None

    @classmethod
    def extend(cls, session: Session, names: Collection[str], *, holder: str, until: datetime) -> None:
        """Hold on to jobs that `holder` still works at."""
        mine = update(cls).where(cls.name.in_(names), cls.holder == holder)
        session.execute(mine.values(until=until))

    @classmethod
    def release(cls, session: Session, name: str, *, holder: str) -> None:
        """The job is done; the next who is due may have it."""
        mine = update(cls).where(cls.name == name, cls.holder == holder)
        session.execute(mine.values(holder=None, until=None))

    @classmethod
    def active_holders(cls, session: Session, at: datetime) -> dict[str, str]:
        """Which jobs are being done at `at`, and by whom."""
        held = select(cls.name, cls.holder).where(cls.until > at, cls.holder.is_not(None))
        return {name: holder for name, holder in session.execute(held) if holder is not None}
