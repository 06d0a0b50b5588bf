"""The live stream of an account: whether it is open, what came by it, and when it was not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent
from models.sources.account import Account

REPORT_INTERVAL = timedelta(seconds=30)  # between two signs of life of a stream that is open
SILENT_AFTER = 3 * REPORT_INTERVAL  # whoever held it is dead, or the ledger cannot be written


class AccountStream(Base):
    """One account's stream, as its holder last reported it. Times are UTC.

    `connected_since` is None while it is not open, and then `lost_at` is since when; both are None if it
    never was. `failing_since` is since when it does not hold, and `failure` why; a failure alone: that server
    offers no stream. `reported_at` is the holder's last sign of life. The `…_today` are of `day`, in UTC.
    """

    __tablename__ = "streams"
    __table_args__ = (UniqueConstraint("network", "account_id"),)
    wait_columns = ("connected_since", "lost_at", "failing_since", "reported_at")

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    connected_since: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    reported_at: Mapped[datetime | None]
    bytes_total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    bytes_per_second: Mapped[float] = mapped_column(default=0.0, server_default="0")
    reconnects_total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    dropped_total: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    day: Mapped[str] = mapped_column(default="", server_default="")
    reconnects_today: Mapped[int] = mapped_column(default=0, server_default="0")
    missed_seconds_today: Mapped[float] = mapped_column(default=0.0, server_default="0")

    @classmethod
    def of(cls, session: Session, network: str, account_id: str) -> "AccountStream":
        """The stream of that account, made on first use; held until the transaction ends."""
        where = {"network": network, "account_id": account_id}
        query = select(cls).filter_by(**where).with_for_update().execution_options(populate_existing=True)
        found = session.scalar(query)
        if found is None:
            add_if_absent(session, cls, **where)
            found = session.scalars(query).one()
        return found

    @classmethod
    def find(cls, session: Session, network: str, account_id: str) -> "AccountStream | None":
        """The stream of that account; None if there was never one."""
        return session.scalar(select(cls).filter_by(network=network, account_id=account_id))

    @classmethod
    def of_ours(cls, session: Session) -> Sequence["AccountStream"]:
        """The stream of every account that Heard did not leave, the oldest first."""
        here = ~Account.is_left(cls.network, cls.account_id)
        return session.scalars(select(cls).where(here).order_by(cls.id)).all()

    def is_open(self, at: datetime) -> bool:
        """Whether it is open, as far as its holder has said so lately."""
        silent_since = self.reported_at if self.reported_at is not None else at - 2 * SILENT_AFTER
        return self.connected_since is not None and at - silent_since < SILENT_AFTER

    def connect(self, *, at: datetime) -> None:
        """It is open from `at` on; if it was before, what came in between was missed."""
        self._begin_day(at)
        # A holder that died has not said when: it was alive when it last reported.
        missed_since = self.lost_at or self.reported_at
        if missed_since is not None:
            self.reconnects_total += 1
            self.reconnects_today += 1
            self.missed_seconds_today += max((at - missed_since).total_seconds(), 0.0)
        self.connected_since, self.lost_at, self.reported_at = at, None, at

    def report(
        self,
        *,
        at: datetime,
        bytes_read: int = 0,
        seconds: float = 0.0,
        dropped: int = 0,
        is_held: bool = False,
    ) -> None:
        """A sign of life: `bytes_read` within the last `seconds`, and so many waiting posts were dropped.

        `is_held`: it has been open for so long that whatever was wrong is over.
        """
        self._begin_day(at)
        self.bytes_total += bytes_read
        self.dropped_total += dropped
        self.bytes_per_second = bytes_read / seconds if seconds > 0 else self.bytes_per_second
        self.reported_at = at
        if is_held:
            self.failing_since = self.failure = None

    def lose(self, why: str, *, at: datetime) -> None:
        """It could not be opened, or ended, because of `why`."""
        self._close(at)
        self.failing_since, self.failure = self.failing_since or at, why

    def end(self, *, at: datetime) -> None:
        """It is not held any more, and nothing is wrong with that."""
        self._close(at)
        self.failing_since = self.failure = None

    def lack(self, why: str, *, at: datetime) -> None:
        """That server offers no stream."""
        self._close(at)
        self.failing_since, self.failure = None, why

    def _close(self, at: datetime) -> None:
        if self.connected_since is not None:
            self.connected_since, self.lost_at, self.bytes_per_second = None, at, 0.0
        self.reported_at = at

    def _begin_day(self, at: datetime) -> None:
        day = at.astimezone(UTC).date().isoformat()
        if self.day != day:
            self.day, self.reconnects_today, self.missed_seconds_today = day, 0, 0.0
