"""One ledger for all runs of a process, as new for each: a copy of a template, by SQLite's own backup."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from models.core.base import Base
from models.core.database import Database
from models.tickets.delivery_state import UNSETTLED_STATES
from tests import stage
from tests.databases import migrate, quick
from tests.simulation.stage import START

TICKETS = 2
_DUE = "SELECT min(due_at) FROM replies WHERE state IN ({})".format(
    ", ".join(f"'{state}'" for state in UNSETTLED_STATES)
)


class Ledger:
    """The database, and a quick look at when the next thing is due."""

    def __init__(self, folder: Path, posts: list[tuple[str, str]]) -> None:
        path = folder / "ledger.db"
        self.db = Database(f"sqlite:///{path}")
        Base.metadata.create_all(self.db.engine)  # by the models, so that a mutation of them counts
        self._add_search(folder)
        self._fill(posts)
        self._raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._template = sqlite3.connect(":memory:")
        self._raw.backup(self._template)

    def reset(self) -> None:
        """Forget all that the last run wrote."""
        self._template.backup(self._raw)

    def due(self) -> datetime | None:
        """When the next thing is due about any reply."""
        (found,) = self._raw.execute(_DUE).fetchone()
        return None if found is None else datetime.fromisoformat(found).replace(tzinfo=UTC)

    def states(self, ticket_id: int) -> dict[int, str]:
        """Where each reply of a ticket is."""
        return dict(self._raw.execute("SELECT id, state FROM replies WHERE ticket_id = ?", (ticket_id,)))

    def close(self) -> None:
        self._template.close()
        self._raw.close()
        self.db.close()

    def _add_search(self, folder: Path) -> None:
        """The indexes of the search, which are no tables of the models, as the migrations make them."""
        migrate(f"sqlite:///{folder / 'migrated.db'}")
        with closing(sqlite3.connect(folder / "migrated.db")) as migrated:
            made = migrated.execute(
                "SELECT sql FROM sqlite_master WHERE name IN ('mention_words', 'reply_words') "
                "OR type = 'trigger' AND name LIKE '%\\_words\\_%' ESCAPE '\\'"
            ).fetchall()
        with self.db.engine.begin() as connection:
            for (statement,) in made:
                connection.exec_driver_sql(statement)

    def _fill(self, posts: list[tuple[str, str]]) -> None:
        said = [
            stage.incoming(
                post_id, author, "@acmebrew a question", START, url=f"https://memory.example/i/{post_id}"
            )
            for author, post_id in posts
        ]
        stage.fill(self.db, said, at=START, network="sim", account_id="u1001")


@contextmanager
def ledger(posts: list[tuple[str, str]]) -> Iterator[Ledger]:
    """A ledger in which these posts (author, id) wait to be answered; not on a disk, which nobody simulates."""
    with (
        TemporaryDirectory(prefix="heard-sim-", dir=quick()) as folder,
        closing(Ledger(Path(folder), posts)) as made,
    ):
        yield made
