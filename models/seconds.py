"""Moments as whole seconds, in the database's own words."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

HOUR = 3600


class seconds(FunctionElement[int]):  # noqa: N801 - it reads as a function of SQL
    """The whole seconds from 1970 until a moment, what is behind the point cut off, on both engines alike."""

    inherit_cache = True
    type = BigInteger()


class hour(FunctionElement[Any]):  # noqa: N801
    """The UTC hour of a moment, in the words that cost the engine least; `begins` reads them."""

    inherit_cache = True
    type = NullType()


def begins(told: int | str) -> int:
    """When an `hour` begins, in seconds since 1970."""
    if isinstance(told, int):
        return told * HOUR
    return int(datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp())


@compiles(hour)
def _hour_postgresql(element: hour, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **more)}) / {HOUR}) AS BIGINT)"


@compiles(hour, "sqlite")
def _hour_sqlite(element: hour, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    """The beginning of its text: to reckon would take SQLite ten times as long."""
    return f"substr({compiler.process(element.clauses, **more)}, 1, 13)"


@compiles(seconds)
def _postgresql(element: seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    """`date_part` gives a double, which is quicker than the numeric of `extract`."""
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **more)})) AS BIGINT)"


@compiles(seconds, "sqlite")
def _sqlite(element: seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    """Without the fraction: SQLite would round it, and so put the last moment of a second into the next.

    It is text, which SQLite reckons with as with a number.
    """
    return f"strftime('%s', substr({compiler.process(element.clauses, **more)}, 1, 19))"
