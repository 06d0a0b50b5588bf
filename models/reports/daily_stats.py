"""What happened on each day, counted once, for questions about so long a time that nobody can wait."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import Base


class DailyStats(Base):
    """What a UTC day came to in one Slack channel, as histograms.

    A histogram is JSON: how often by what, which is a length of time in seconds (a tenth apart, see
    `models/reports/daily_rollup.py`) or an hour of the day. `brief` has what a comparison needs, `rest` the
    others.
    """

    __tablename__ = "daily"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    brief: Mapped[dict[str, Any]]
    rest: Mapped[dict[str, Any]]


class RollupProgress(Base):
    """How far the counting got, in one row: days before `next_day` are counted, events to `event_id` seen."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)
    next_day: Mapped[date | None]
