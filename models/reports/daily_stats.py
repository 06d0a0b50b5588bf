"""Daily counts, stored, for periods that would take too long to count from tickets."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import Base


class DailyStats(Base):
    """The counts of one UTC day in one Slack channel of one of our accounts, as histograms.

    A histogram is JSON: a number of cases by length of time in seconds (a bucket of
    `models/reports/daily_rollup.py`) or by hour of the day. `brief` has what a comparison needs, `rest` the
    rest.
    """

    __tablename__ = "daily"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    brief: Mapped[dict[str, Any]]
    rest: Mapped[dict[str, Any]]


class RollupProgress(Base):
    """How far counting got, in one row: days before `next_day` and events up to `event_id` are counted."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)
    next_day: Mapped[date | None]
