"""The ground under every noun: naming of constraints, moments in UTC, keys that fit both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
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
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session, mapped_column
from sqlalchemy.types import JSON


def format_for_sqlite(moment: datetime) -> str:
    """A moment in UTC as SQLite keeps it."""
    return moment.isoformat(" ", "microseconds").removesuffix("+00:00")


class Moment(TypeDecorator[datetime]):
    """An instant: always aware, always UTC. SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime: nobody could say later which instant it meant."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value!r}")
        return value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Spell it for SQLite as SQLAlchemy does, only quicker: a page of posts holds hundreds of them."""

        def bound(value: datetime | None) -> str | None:
            moment = self.process_bind_param(value, dialect)
            return None if moment is None else format_for_sqlite(moment)

        return bound if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back what went in."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only for a column that is exactly INTEGER.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
Key = Annotated[int, mapped_column(BigKey, primary_key=True)]


class Base(DeclarativeBase):
    """Every table of the ledger."""

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
    """An act that the ledger does not allow. The message is the sentence that the person who acted reads."""


class TakenError(RuleBrokenError):
    """Somebody else has this ticket, or has answered it."""


class MovedOnError(RuleBrokenError):
    """The conversation went on since the composer was opened."""


class OnItsWayError(RuleBrokenError):
    """A reply is being sent, and nobody can stop it."""


def without_index(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """`column` as an expression, which no index knows.

    Where a text has a handful of values, such as the network, SQLite else reads all rows that have the one.
    """
    return column.concat(literal_column("''"))


def is_sqlite(session: Session) -> bool:
    """Whether it is SQLite that answers `session`; else it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def add_if_absent(session: Session, table: type[Base], **values: Any) -> bool:  # noqa: ANN401 - column values
    """Insert a row unless its key is taken, whoever else is inserting it now; tell whether it was new."""
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    key = next(iter(table.__table__.primary_key))
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(key)
    return session.scalar(statement) is not None
