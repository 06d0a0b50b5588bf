"""Databases for tests: empty, migrated, private, gone afterwards; on SQLite and on PostgreSQL.

Migrations run once per engine and test run; every test then gets a copy of what they made.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import alembic.command
import alembic.config
from psycopg.sql import SQL, Identifier
from sqlalchemy import URL

from tests import postgres

ROOT = Path(__file__).parents[1]

MEMORY = Path("/dev/shm")  # where files cost no disk
ROOM = 1 << 30  # bytes of it, so that there is some to spare

# Half of the server's time that WAL_LOG takes (12 ms against 24); it waits for two checkpoints, which cost nothing
# in memory and without fsync.
STRATEGY = "FILE_COPY" if postgres.is_own() else "WAL_LOG"

Lend = Callable[[Path], AbstractContextManager[str]]
"""Lends a new database, by its URL; what it needs of the disk goes into the folder given."""


def quick() -> Path:
    """A folder for what nobody wants to keep: in memory, where this machine has a place for it.

    On a disk PostgreSQL takes ten times as long to copy a database.
    """
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else postgres.DISK


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema, by the migrations that production runs."""
    config = alembic.config.Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["url"] = url
    alembic.command.upgrade(config, "head")


@contextmanager
def sqlite(home: Path) -> Iterator[Lend]:
    """SQLite, with the migrated file in `home`."""
    template = home / "template.db"
    migrate(f"sqlite:///{template}")
    assert not template.with_name("template.db-wal").exists(), "a connection was left open by the migrations"

    @contextmanager
    def lend(folder: Path) -> Iterator[str]:
        yield f"sqlite:///{shutil.copy(template, folder / f'heard-{uuid4().hex[:8]}.db')}"

    yield lend


@contextmanager
def postgresql(where: Path = postgres.DISK) -> Iterator[Lend]:
    """PostgreSQL, with a server of its own, whose data lie below `where`, unless one was named."""
    with postgres.server(where) as server, _clone(server, "template1") as template:
        migrate(template.render_as_string(hide_password=False))

        @contextmanager
        def lend(_folder: Path) -> Iterator[str]:
            with _clone(server, str(template.database)) as database:
                yield database.render_as_string(hide_password=False)

        yield lend


@contextmanager
def _clone(server: URL, template: str) -> Iterator[URL]:
    """A copy of the database `template`, dropped afterwards whoever is still connected."""
    name = f"heard_test_{uuid4().hex}"
    with postgres.connect(server) as connection:
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                Identifier(name), Identifier(template), SQL(STRATEGY)
            )
        )
    try:
        yield server.set(database=name)
    finally:
        with postgres.connect(server) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
