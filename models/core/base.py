"""What every table builds on: constraint names, UTC times, primary keys and the errors of broken rules."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    literal_column,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON


def format_for_sqlite(moment: datetime) -> str:
    """Returns `moment`, which is UTC, as the text that SQLite stores: `2026-11-28 22:46:00.000000`."""
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a moment needs a time zone: {moment!r}")
    return moment.astimezone(UTC)


@lru_cache(1024)  # a page of posts has the same few moments in several columns
def _bound_for_sqlite(moment: datetime) -> str:
    return format_for_sqlite(_in_utc(moment))


class Moment(TypeDecorator[datetime]):
    """A column type for instants: always timezone-aware, always UTC.

    SQLite stores no zone, so it is added again.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert `value` to UTC.

        Raises `ValueError` for a naive datetime, whose instant nobody could tell later.
        """
        del dialect
        return None if value is None else _in_utc(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Returns a converter to SQLAlchemy's own SQLite format, but faster: a page of posts has hundreds."""

        def bound(value: datetime | None) -> str | None:
            return None if value is None else _bound_for_sqlite(value)

        return bound if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Returns the stored value as an aware datetime in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only for a column that is exactly INTEGER.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
Key = Annotated[int, mapped_column(BigKey, primary_key=True)]


class Base(DeclarativeBase):
    """The base class of every table of the ledger."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map = {datetime: Moment, str: Text, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012

    # The columns with moments that something waits for, or from which a wait is counted. Not moments that a
    # person named (the end of a snooze), that follow from when a customer wrote (when a first reply is due),
    # or that record the past. See models/core/clock_set_back.py.
    wait_columns: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def still_waits(cls) -> ColumnElement[bool]:
        """Returns the SQL condition on rows whose `wait_columns` still matter; by default all of them."""
        return true()


class RuleBrokenError(Exception):
    """An act that a rule of the ledger forbids.

    The message is what the person who acted reads, as Slack mrkdwn.
    """


class TakenError(RuleBrokenError):
    """Someone else owns this ticket, or has answered it."""


class MovedOnError(RuleBrokenError):
    """The conversation changed since the person opened the composer or the dialog."""


class OnItsWayError(RuleBrokenError):
    """A reply is being sent, or may be public, so it cannot be stopped."""


def without_index(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Returns `column` as an expression for which no index can be used.

    For a column with a handful of values, such as the network: SQLite would else read, by that index, all
    rows that have the value.
    """
    return column.concat(literal_column("''"))


def without_sqlite_index(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """The same for SQLite alone; for PostgreSQL the column itself.

    For two columns that must both match: PostgreSQL, which has no statistics of expressions, would expect
    next to no rows, and read the whole table to find them.
    """
    return _WithoutIndex(column)


class _WithoutIndex(FunctionElement[str]):
    inherit_cache = True
    type = Text()


@compiles(_WithoutIndex)
def _as_it_is(element: _WithoutIndex, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - options
    return compiler.process(element.clauses, **more)


@compiles(_WithoutIndex, "sqlite")
def _as_an_expression(element: _WithoutIndex, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    return f"({compiler.process(element.clauses, **more)} || '')"


def is_sqlite(session: Session) -> bool:
    """Whether the database of `session` is SQLite; otherwise it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def add_if_absent(session: Session, table: type[Base], **values: Any) -> bool:  # noqa: ANN401 - column values
    """Insert a row unless its key exists, even if another process inserts it at the same time.

    Returns whether a row was inserted.
    """
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    key = next(iter(table.__table__.primary_key))
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(key)
    return session.scalar(statement) is not None
