"""Moments as whole seconds, in the database's own words."""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class seconds(FunctionElement[int]):  # noqa: N801 - it reads as a function of SQL
    """The whole seconds from 1970 until a moment, what is behind the point cut off, on both engines alike."""

    inherit_cache = True
    type = BigInteger()


@compiles(seconds)
def _postgresql(element: seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    """`date_part` gives a double, which is quicker than the numeric of `extract`."""
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **more)})) AS BIGINT)"


@compiles(seconds, "sqlite")
def _sqlite(element: seconds, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    """Without the fraction: SQLite would round it, and so put the last moment of a second into the next."""
    return f"CAST(strftime('%s', substr({compiler.process(element.clauses, **more)}, 1, 19)) AS INTEGER)"
