"""What happened on each day, counted once, for questions about so long a time that nobody can wait."""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Daily(Base):
    """How often `figure` came out at `bucket` on a UTC day: a bar of a histogram.

    `bucket` is a length of time in seconds (a tenth apart, see `models/rollup.py`), an hour of the day, or 0.
    `person` is a Slack user, or empty for all together.
    """

    __tablename__ = "daily"

    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    figure: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]


class Tally(Base):
    """How far the counting got, in one row: days before `next_day` are counted, events to `event_id` seen."""

    __tablename__ = "tally"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)
    next_day: Mapped[date | None]
