"""Locks on a name instead of a row: for what rows that are not written yet depend on.

They end with the transaction. SQLite needs none of them, since it has one writer at a time.
https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

import zlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.core.base import is_sqlite


def lock_to_read(session: Session, name: str) -> None:
    """Keep what `name` stands for as it is until the transaction ends; any number may do so at a time.

    Raises `OperationalError` of SQLAlchemy if it has to wait for too long; so does `lock_to_change`.
    """
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock_shared(_key(name))))


def lock_to_change(session: Session, name: str) -> None:
    """Wait until nobody else reads or changes what `name` stands for, and keep it until the end."""
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(_key(name))))


def _key(name: str) -> int:
    return zlib.crc32(name.encode())
