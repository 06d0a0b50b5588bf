"""A feed: one address that any number of tracks listen to, and how its readings go."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Index, exists, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent
from models.sources.track import FEED_TRACK, Track

TRIES_AT_USUAL_INTERVAL = 3  # that may fail before a feed is asked less and less often
MAX_RETRY_INTERVAL = timedelta(days=1)


class Feed(Base):
    """The state of one feed. Times are UTC.

    `address` is the one that its tracks name. It may hold secrets: show it with `hidden_address` only.
    `moved_to` is where it has been for good since then, and `gone_at` since when it says that it is gone.
    `position` is opaque: only the network's own file reads it. `not_before` is the earliest time at which its
    publisher wants to be asked again, `next_at` when it is asked. `leased_until` is set while a worker reads
    it. `read_at` is its last complete reading. `failing_since`, `failure` (a sentence without secrets) and
    `failures` (in a row) are of readings since then, and `told_at` is when the team was told of them.
    """

    __tablename__ = "feeds"
    __table_args__ = (
        Index(
            None, "next_at", sqlite_where=text("gone_at IS NULL"), postgresql_where=text("gone_at IS NULL")
        ),
    )
    wait_columns = ("not_before", "next_at", "leased_until", "read_at", "failing_since")

    id: Mapped[Key]
    address: Mapped[str] = mapped_column(unique=True)
    host: Mapped[str]
    moved_to: Mapped[str | None]
    title: Mapped[str | None]
    position: Mapped[str | None]
    not_before: Mapped[datetime | None]
    next_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None]
    read_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    told_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @property
    def current_address(self) -> str:
        """Where it is read."""
        return self.moved_to or self.address

    @classmethod
    def want(cls, session: Session, address: str, *, host: str, at: datetime) -> "Feed":
        """Returns the feed at `address`, created on first use; it is read as soon as its publisher allows.

        One that said that it is gone is asked once more.
        """
        add_if_absent(session, cls, address=address, host=host, next_at=at, created_at=at, failures=0)
        feed = session.scalars(select(cls).where(cls.address == address).with_for_update()).one()
        feed.next_at = max(at, feed.not_before or at)
        feed.gone_at = None
        return feed

    @classmethod
    def find(cls, session: Session, address: str) -> "Feed | None":
        """Returns the feed at `address`; None if no track ever named it."""
        return session.scalar(select(cls).where(cls.address == address))

    @classmethod
    def by_address(cls, session: Session, addresses: Sequence[str]) -> dict[str, "Feed"]:
        """Returns the feeds at `addresses`, by address."""
        found = session.scalars(select(cls).where(cls.address.in_(addresses)))
        return {one.address: one for one in found}

    @classmethod
    def listened_to(cls, session: Session) -> Sequence["Feed"]:
        """Returns every feed that a track listens to now, the oldest first."""
        return session.scalars(select(cls).where(cls._has_track()).order_by(cls.id)).all()

    @classmethod
    def is_any_due(cls, session: Session, *, at: datetime) -> bool:
        """Whether a feed may be due at `at`; cheap, as it is asked every second."""
        free = or_(cls.leased_until.is_(None), cls.leased_until <= at)
        here = cls.gone_at.is_(None), cls.next_at <= at, free, cls._has_track()
        return session.scalar(select(cls.id).where(*here).limit(1)) is not None

    @classmethod
    def take_due(
        cls, session: Session, *, at: datetime, until: datetime, by: str, most: int, most_failing: int
    ) -> list["Feed"]:
        """Leases to `by` until `until` feeds that are due at `at`, the most overdue first, and returns them.

        At most `most` of them, and among them `most_failing` whose last reading failed: those may be slow to
        fail. One of a host at a time, other leases included. Callers take turns, under a job's lease.
        """
        is_leased = cls.leased_until.is_not(None) & (cls.leased_until > at)
        busy_hosts = select(cls.host).where(is_leased)
        due = select(cls).where(
            cls.gone_at.is_(None),
            cls.next_at <= at,
            or_(cls.leased_until.is_(None), cls.leased_until <= at),
            cls.host.not_in(busy_hosts),
            cls._has_track(),
        )
        numbered = due.add_columns(
            func.row_number().over(partition_by=cls.host, order_by=(cls.next_at, cls.id)).label("place")
        ).subquery()
        first = select(numbered.c.id).where(numbered.c.place == 1)
        healthy = select(cls.id).where(cls.id.in_(first)).order_by(cls.next_at, cls.id)
        ids = list(session.scalars(healthy.where(cls.failures == 0).limit(most)))
        room = min(most - len(ids), most_failing)
        if room > 0:
            ids += session.scalars(healthy.where(cls.failures > 0).limit(room))
        lease = update(cls).where(cls.id.in_(ids), or_(cls.leased_until.is_(None), cls.leased_until <= at))
        taken = session.scalars(lease.values(leased_until=until, leased_by=by).returning(cls.id)).all()
        return list(session.scalars(select(cls).where(cls.id.in_(taken)).order_by(cls.next_at, cls.id)))

    @classmethod
    def lock(cls, session: Session, feed_id: int, *, by: str) -> "Feed | None":
        """Returns the feed, held until the transaction ends; None if its lease is not with `by` any more."""
        query = select(cls).where(cls.id == feed_id, cls.leased_by == by).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))

    def succeed(
        self, position: str, *, at: datetime, interval: timedelta, fresh_for: timedelta, jitter: float
    ) -> None:
        """Record a complete reading at `at`; the next one comes after `interval`, or later.

        The publisher wants it no sooner than after `fresh_for`. `jitter` (0 to 1) puts it off a little more.
        """
        self.position, self.read_at = position, at
        self.failing_since = self.failure = self.told_at = None
        self.failures = 0
        self._plan(at, interval, at + fresh_for if fresh_for else None, jitter)

    def fail(
        self, why: str, *, at: datetime, interval: timedelta, retry_at: datetime | None, jitter: float
    ) -> None:
        """Record a failed reading; after three in a row each next one comes later, up to a day."""
        self.failing_since, self.failure = self.failing_since or at, why
        self.failures += 1
        doublings = min(max(self.failures - TRIES_AT_USUAL_INTERVAL, 0), 30)
        wait = max(min(interval * 2**doublings, MAX_RETRY_INTERVAL), interval)
        self._plan(at, wait, retry_at, jitter)

    def end(self, why: str, *, at: datetime) -> None:
        """Record that it says that it is gone for good: it is read no more."""
        self.gone_at = self.gone_at or at
        self.failing_since, self.failure = self.failing_since or at, why
        self.leased_until = self.leased_by = None

    def postpone(self, *, at: datetime) -> None:
        """Give the lease back unread, such as at the end of the process."""
        self.next_at, self.leased_until, self.leased_by = at, None, None

    def _plan(self, at: datetime, wait: timedelta, not_before: datetime | None, jitter: float) -> None:
        self.not_before = not_before
        earliest = max(at + wait, not_before or at)
        self.next_at = earliest + jitter * min(wait, MAX_JITTER_BASE) * JITTER
        self.leased_until = self.leased_by = None

    @classmethod
    def _has_track(cls) -> ColumnElement[bool]:
        return exists().where(
            Track.address == cls.address,
            Track.kind == FEED_TRACK,
            Track.removed_at.is_(None),
            Track.paused_at.is_(None),
        )


JITTER = 0.1  # so that feeds that were added together are not always asked together
MAX_JITTER_BASE = timedelta(hours=1)
