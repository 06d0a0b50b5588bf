"""Moves waits along when the clock was set back, so that each stays as long as it was meant to be.

Every "not before T" was written as *now and so long*. When the clock is set back, T lies further off by as
much, and nothing would be sent, drawn or read until then. So each table names the columns that hold such
moments (`Base.wait_columns`), and all of them move by the same step.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from models.core.base import Base


def wait_columns() -> dict[type[Base], tuple[str, ...]]:
    """Returns the tables that have columns to be moved, each with the names of those columns."""
    tables = (mapper.class_ for mapper in Base.registry.mappers)
    return {table: table.wait_columns for table in tables if table.wait_columns}


def shift_waits(session: Session, *, at: datetime, step: timedelta) -> int:
    """Move every wait that ends after `at` back by `step`, which is how far the clock was set back.

    Returns how many moments were moved.
    """
    return sum(
        _shift_column(session, table, getattr(table, name), at=at, step=step)
        for table, names in wait_columns().items()
        for name in names
    )


def _shift_column(session: Session, table: type[Base], column: Any, *, at: datetime, step: timedelta) -> int:  # noqa: ANN401
    keys = inspect(table).primary_key
    rows = session.execute(select(*keys, column).where(column > at, table.still_waits())).all()
    if rows:
        names = [*(key.name for key in keys), column.key]
        values: Iterable[dict[str, Any]] = [
            dict(zip(names, (*row[:-1], row[-1] - step), strict=True)) for row in rows
        ]
        session.execute(update(table), list(values))
    return len(rows)
