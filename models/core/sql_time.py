"""SQL expressions that turn times into whole seconds, alike on both databases."""

import json
import sqlite3
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil
from typing import Any

from sqlalchemy import BigInteger, Subquery, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.core.base import format_for_sqlite

HOUR_SECONDS = 3600
# An older SQLite writes the number as text, for nearly twice the time. https://www.sqlite.org/lang_datefunc.html
_EPOCH = "unixepoch({})" if sqlite3.sqlite_version_info >= (3, 38) else "strftime('%s', {})"


class epoch_seconds(FunctionElement[int]):  # noqa: N801 - it reads as a function of SQL
    """The SQL function for the whole seconds from 1970 to a time; fractions are cut off."""

    inherit_cache = True
    type = BigInteger()


def time_slots(since: datetime, until: datetime, step: int) -> Subquery:
    """Returns a subquery of slots of `step` seconds between two times, for SQLite.

    Columns: `slot` (its number since 1970), `begin` and `end`. The first begins at `since`, the last ends at
    `until`.
    """
    first, last = int(since.timestamp()) // step, ceil(until.timestamp() / step)
    edges = [since, *(datetime.fromtimestamp(place * step, UTC) for place in range(first + 1, last)), until]
    rows = [[first + place, *span] for place, span in enumerate(pairwise(map(format_for_sqlite, edges)))]
    value = func.json_each(json.dumps(rows)).table_valued("value").c.value
    parts = (func.json_extract(value, f"$[{place}]") for place in range(3))
    return select(
        *(part.label(name) for part, name in zip(parts, ("slot", "begin", "end"), strict=True))
    ).subquery()


@compiles(epoch_seconds)
def _postgresql(element: epoch_seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    """`date_part` returns a double, which is faster than the numeric of `extract`."""
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **more)})) AS BIGINT)"


@compiles(epoch_seconds, "sqlite")
def _sqlite(element: epoch_seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    """Without the fraction: SQLite would round it, and put the last moment of a second into the next."""
    return _EPOCH.format(f"substr({compiler.process(element.clauses, **more)}, 1, 19)")
