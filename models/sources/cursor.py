"""How far a network has been read, and whether it still answers."""

from datetime import datetime, timedelta

from sqlalchemy import UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent
from models.sources.no_account import NO_ACCOUNT_ID

MENTIONS_CURSOR = "mentions"  # the reading that nobody may miss
PAGE_LOCK = "page lock"  # no reading: the row that is locked for a page of a network without accounts
# Of a reading that failed before the network said who we are: empty for the environment's account, else this
# and the id of the row with its credentials.
UNKNOWN_ACCOUNT_PREFIX = "?"


class Cursor(Base):
    """One reading: the mentions of an account, or its own posts.

    `position` is opaque: only the network that was read can read it.
    """

    __tablename__ = "cursors"
    __table_args__ = (UniqueConstraint("network", "account_id", "name"),)
    wait_columns = ("started_at", "read_at", "failing_since", "not_before")

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    name: Mapped[str]
    position: Mapped[str | None] = mapped_column("post_id")
    started_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    not_before: Mapped[datetime | None]
    left_out: Mapped[int] = mapped_column(default=0)
    floor: Mapped[datetime | None]  # where the list of the first poll broke off: older posts stay left out
    reads: Mapped[int] = mapped_column(default=0)  # how often it was asked for: some networks charge for it

    @classmethod
    def of(cls, session: Session, network: str, account_id: str, name: str, *, at: datetime) -> "Cursor":
        """The cursor of that reading, made on first use.

        It is held until the transaction ends: two who read the same network write one after the other, so
        that the second finds what the first has written.
        """
        where = {"network": network, "account_id": account_id, "name": name}
        query = select(cls).filter_by(**where).with_for_update().execution_options(populate_existing=True)
        found = session.scalar(query)
        if found is None:
            add_if_absent(session, cls, **where, started_at=at, left_out=0, reads=0)
            found = session.scalars(query).one()
        return found

    @classmethod
    def lock_mentions(cls, session: Session, network: str, account_id: str | None, *, at: datetime) -> None:
        """Lock the mentions cursors of all accounts of `network` until the transaction ends.

        That of `account_id` is created on first use; for a network without accounts it is called `PAGE_LOCK`.
        Whoever locks tickets as well does so afterwards.

        One post may be in the lists of several accounts: two who write it down do so one after the other, so
        that the second finds what the first has written.
        """
        name = PAGE_LOCK if account_id == NO_ACCOUNT_ID else MENTIONS_CURSOR
        where = {"network": network, "account_id": account_id, "name": name}
        if account_id is not None and session.scalar(select(cls.id).filter_by(**where)) is None:
            add_if_absent(session, cls, **where, started_at=at, left_out=0, reads=0)
        all_of_them = select(cls.id).where(cls.network == network, cls.name.in_((MENTIONS_CURSOR, PAGE_LOCK)))
        session.execute(all_of_them.order_by(cls.id).with_for_update()).all()

    @classmethod
    def last_known_time(cls, session: Session) -> datetime | None:
        """Returns when a reading last finished (or began, if none has finished); None before the first one.

        It was the current time when it was written. `shift_waits` moves it too, so that a clock that was set
        back is noticed once.
        """
        return session.scalar(select(func.max(func.coalesce(cls.read_at, cls.started_at))))

    @property
    def is_first(self) -> bool:
        """Whether nothing has been read to its end yet."""
        return self.read_at is None

    def advance(self, position: str | None, *, at: datetime, again_at: datetime | None = None) -> None:
        """Record that a reading came to its end at `at`; the next one begins at `position`, if that moved.

        The network's rate limit wants the next one no earlier than `again_at`.
        """
        if position is not None:
            self.position = position
        self.read_at, self.failing_since, self.failure, self.not_before = at, None, None, again_at
        self.reads += 1

    def fail(self, why: str, *, at: datetime, again_at: datetime | None = None) -> None:
        """A reading failed at `at` because of `why`; do not ask before `again_at`."""
        self.failing_since = self.failing_since or at
        self.failure, self.not_before = why, again_at
        self.reads += 1

    @property
    def rate_limit_interval(self) -> timedelta:
        """How far apart the network's rate limit wants readings that work; zero where it leaves enough."""
        if self.not_before is None or self.read_at is None or self.failing_since is not None:
            return timedelta()
        return self.not_before - self.read_at

    def age(self, at: datetime) -> timedelta | None:
        """How long ago a reading last came to its end."""
        return None if self.read_at is None else at - self.read_at
