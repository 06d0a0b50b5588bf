"""Bulk lookups and inserts in few statements, on both databases."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Executable, bindparam, cast, func, insert, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from models.core.base import Base, is_sqlite


class _JsonEach(GenericFunction[Any]):
    """The elements of a JSON array as rows: a list of any length is one parameter of one statement."""

    name = "json_each"
    inherit_cache = True


@compiles(_JsonEach, "postgresql")
def _json_each_in_postgresql(element: _JsonEach, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - options
    return f"json_array_elements_text{compiler.process(element.clause_expr, **more)}"


_JSON_ROWS = _JsonEach(bindparam("listed", type_=JSON)).table_valued("value")

LISTED_NUMBERS = select(cast(_JSON_ROWS.c.value, BigInteger))
"""A subquery over the numbers in the parameter `listed`."""


def ids_of(
    session: Session,
    key: InstrumentedAttribute[str],
    wanted: Collection[str],
    *,
    only: ColumnElement[bool] | None = None,
    **same: str,
) -> dict[str, int]:
    """Returns the ids of the rows whose `key` is in `wanted`, by key.

    Together with the `same` columns, and among the rows that meet `only`, it is unique. It does one index
    lookup for each key. Given the whole list, PostgreSQL reads the whole table while it has no statistics on
    it, which is the case just when a new account brings many posts.
    """
    rows = session.connection().execute(_id_query(key, only, *same), {"listed": sorted(wanted), **same})
    return {name: row_id for name, row_id in rows if row_id is not None}


@cache
def _id_query(key: InstrumentedAttribute[str], only: ColumnElement[bool] | None, *same: str) -> Executable:
    columns = key.class_.__table__.c
    here = [columns[name] == bindparam(name) for name in same]
    if only is not None:
        here.append(only)
    found = select(columns.id).where(*here, columns[key.key] == _JSON_ROWS.c.value).scalar_subquery()
    return select(_JSON_ROWS.c.value, found)


def reserve_ids(session: Session, table: type[Base], count: int) -> Sequence[int]:
    """Returns `count` ids, ascending, for rows about to be inserted: cheaper than reading them back."""
    if is_sqlite(session):  # SQLite has one writer at a time, and it holds the lock
        first = (session.connection().scalar(_max_id_query(table)) or 0) + 1
        return range(first, first + count)
    taken = select(func.nextval(func.pg_get_serial_sequence(table.__tablename__, "id")))
    return session.scalars(taken.select_from(func.generate_series(1, count))).all()


@cache
def _max_id_query(table: type[Base]) -> Executable:
    return select(func.max(table.__table__.c.id))


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, which all have the same columns."""
    session.connection().execute(insert(table), rows)
