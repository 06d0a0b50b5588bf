"""Runs queries in a background thread, so that one executes while the rows of the last are processed."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class QueryPipeline:
    """Runs queries on `session`, in `thread` if there is one.

    A call returns a function that waits for the rows.
    """

    session: Session
    thread: ThreadPoolExecutor | None = None  # without one it is put at once

    def __call__(self, question: Select[*tuple[Any, ...]]) -> Callable[[], Sequence[Row[*tuple[Any, ...]]]]:
        """Start `question`, and return a function that waits for its rows.

        That raises what the query raises.
        """
        if self.thread is not None:
            return self.thread.submit(self._put, question).result
        rows = self._put(question)
        return lambda: rows

    def _put(self, question: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        return self.session.execute(question).all()


@contextmanager
def open_pipeline(session: Session) -> Iterator[QueryPipeline]:
    """Open a pipeline that runs the queries of `session` one after another in a thread of its own.

    Database drivers release Python's interpreter lock while they wait, so the database and Python work at the
    same time. All queries see the same data, since the session is the same; nothing else may use the session
    until the block ends.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        yield QueryPipeline(session, thread)
    finally:
        thread.shutdown(cancel_futures=True)
