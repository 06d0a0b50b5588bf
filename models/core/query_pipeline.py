"""Questions to one session, put one after the other while the answers so far are still being counted."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class QueryPipeline:
    """Puts a question to `session`; what it gives waits for the rows."""

    session: Session
    thread: ThreadPoolExecutor | None = None  # without one it is put at once

    def __call__(self, question: Select[*tuple[Any, ...]]) -> Callable[[], Sequence[Row[*tuple[Any, ...]]]]:
        """Put `question`."""
        if self.thread is not None:
            return self.thread.submit(self._put, question).result
        rows = self._put(question)
        return lambda: rows

    def _put(self, question: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        return self.session.execute(question).all()


@contextmanager
def open_pipeline(session: Session) -> Iterator[QueryPipeline]:
    """Put each question as soon as the one before it is answered, in a thread of its own.

    Engines do not hold Python's lock while they look, so one works while the other counts. All see the same
    ledger, since the session is the same; nobody else may use it until the block ends.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        yield QueryPipeline(session, thread)
    finally:
        thread.shutdown(cancel_futures=True)
