"""Log lines that are written once their transaction has committed, and dropped if it is rolled back."""

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

_LINES_KEY = "lines of the log"


def add_line(
    session: Session, log: logging.Logger, level: int, message: str, fields: Mapping[str, Any]
) -> None:
    """Log `message` at `level`, formatted with `fields`, as soon as `session` has committed.

    A line of a transaction or savepoint that is rolled back is dropped. `fields` contain ids and states,
    never what people wrote; they also become attributes of the log record.
    """
    under = session.get_nested_transaction() or session.get_transaction()
    line = (under, log, level, message, dict(fields))
    session.info.setdefault(_LINES_KEY, []).append(line)


@event.listens_for(Session, "after_commit")
def _write_lines(session: Session) -> None:
    if session.in_nested_transaction():  # only a savepoint was released
        return
    for _, log, level, message, fields in session.info.pop(_LINES_KEY, []):
        log.log(level, message, fields, extra=fields)


@event.listens_for(Session, "after_soft_rollback")
def _drop_lines(session: Session, rolled_back: SessionTransaction) -> None:
    lines = session.info.pop(_LINES_KEY, [])
    session.info[_LINES_KEY] = [line for line in lines if not _is_within(line[0], rolled_back)]


def _is_within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    """Whether `inner` is `outer`, or a savepoint inside it."""
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.parent
    return False
