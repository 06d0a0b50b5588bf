"""What is waited for, after the clock was set back.

Every "not before T" was written as *now and so long*. When the clock is set back, T lies further off by as
much, and nothing would be sent, drawn or read until then. So all such moments are moved by the same step, and
a wait stays as long as it was meant to be.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Table, func, inspect, or_, select, true, update
from sqlalchemy.orm import Session

from models.core.base import Base
from models.core.lease import Lease
from models.core.rate_limit import RateLimit
from models.slack.alarm import Alarm
from models.slack.card import Card
from models.slack.home_tab import HomeTab
from models.slack.notice import Notice
from models.slack.processed_request import ProcessedRequest
from models.slack.reaction import Reaction
from models.slack.shared_answer import SharedAnswer
from models.sources.credential import Credential
from models.sources.cursor import Cursor
from models.sources.gap import Gap
from models.sources.mention import Mention
from models.tickets.pause import Pause
from models.tickets.reply import UNSETTLED_STATES, Reply
from models.tickets.ticket import Ticket

# Moments that something waits for, or from which a wait is counted. Not moments that a person named (the end
# of a snooze), that follow from when a customer wrote (when a first reply is due), or that record the past.
WAIT_COLUMNS: Mapping[type[Base], tuple[str, ...]] = MappingProxyType(
    {
        Alarm: ("since", "told_at"),
        RateLimit: ("due_at", "paused_until"),
        Card: ("not_before", "leased_until", "placing_since"),
        Credential: ("renewed_at", "expires_at", "leased_until", "not_before"),
        Cursor: ("started_at", "read_at", "failing_since", "not_before"),
        Gap: ("since", "found_at", "not_before"),
        HomeTab: ("opened_at",),
        ProcessedRequest: ("at",),
        Lease: ("until", "begun_at"),
        Reaction: ("not_before",),
        Mention: ("missing_since", "look_at"),
        Notice: ("created_at", "not_before", "leased_until", "placing_since"),
        Pause: ("at",),
        Reply: ("created_at", "due_at", "released_at", "sent_at"),
        SharedAnswer: ("at",),
        Ticket: (
            "composing_since",
            "composing_until",
            "back_at",
            "nudge_at",
            "claimed_at",
            "active_at",
        ),
    }
)


def last_known_time(session: Session) -> datetime | None:
    """The newest moment that was surely *now* when it was written: the last reading that came to its end.

    It is moved by `bring_back` too, so that what was mended once is not mended again.
    """
    return session.scalar(select(func.max(func.coalesce(Cursor.read_at, Cursor.started_at))))


def shift_waits(session: Session, *, at: datetime, step: timedelta) -> int:
    """Move what lies after `at` by `step` into the past, as far as the clock was set back; gives how many."""
    return sum(
        _shift_column(session, table, getattr(table, name), at=at, step=step)
        for table, names in WAIT_COLUMNS.items()
        for name in names
    )


def _shift_column(session: Session, table: type[Base], column: Any, *, at: datetime, step: timedelta) -> int:  # noqa: ANN401
    [key] = inspect(table).primary_key
    rows = session.execute(select(key, column).where(column > at, _is_waiting(table))).all()
    if rows:
        mapped = inspect(table).local_table
        assert isinstance(mapped, Table)
        values: Iterable[dict[str, Any]] = [
            {key.name: row_id, column.key: moment - step} for row_id, moment in rows
        ]
        session.execute(update(table), list(values))
    return len(rows)


def _is_waiting(table: type[Base]) -> ColumnElement[bool]:
    """Which rows of `table` still wait for something; what a finished reply did is history."""
    if table is Reply:
        return or_(Reply.state.in_(UNSETTLED_STATES), Reply.unsay_by.is_not(None))
    return true()
