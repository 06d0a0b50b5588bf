"""A backup of the whole ledger in one file, taken beside a running bot.

Of SQLite it is a SQLite file, copied page by page: https://www.sqlite.org/backup.html. Of PostgreSQL it is a
ZIP with one member for each table, in COPY's text format, and `heard.json`, which says what they are:
https://www.postgresql.org/docs/current/sql-copy.html. Each shows the ledger as it was at one moment.
"""

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, text

from models.core.database import Database

MANIFEST_NAME = "heard.json"
FORMAT_VERSION = 1
_COMPRESSION_LEVEL = 1  # the quickest: words shrink to a third, and the disk is not the slower part

_TABLES = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)
_REFERENCES = text(
    "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
)
_COLUMNS = text(
    "SELECT attname FROM pg_attribute WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 "
    "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
)


class BackupError(Exception):
    """There is no backup, or none that can be used. The message is the line that the command ends with."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup of PostgreSQL holds: the schema it is at, and the columns of each table.

    The tables stand in an order in which each comes after those that it refers to.
    """

    revision: str
    tables: Mapping[str, Sequence[str]]

    def to_json(self) -> str:
        """Return it as the text of `heard.json`."""
        return json.dumps({"format": FORMAT_VERSION, "revision": self.revision, "tables": dict(self.tables)})

    @classmethod
    def from_json(cls, content: bytes) -> "Manifest":
        """Read `heard.json`. Raises `BackupError` if this Heard cannot."""
        try:
            found = json.loads(content)
            if found["format"] != FORMAT_VERSION:
                raise BackupError("a newer Heard wrote that backup: update Heard")
            return cls(str(found["revision"]), dict(found["tables"]))
        except (ValueError, KeyError, TypeError):
            raise BackupError("that file is no backup of Heard's") from None


def write_backup(database: Database, revision: str, path: Path) -> int:
    """Write everything in `database`, which is at schema `revision`, to the new file `path`.

    The file is there once it is whole, readable by its owner alone. Returns its size in bytes. Raises
    `BackupError` if there is such a file, `OSError`, and what the database raises.
    """
    with new_private_file(path) as partial:
        if database.is_sqlite:
            copy_sqlite(Path(database.engine.url.database or ""), partial)
        else:
            _dump_postgresql(database, revision, partial)
    return path.stat().st_size


@contextmanager
def new_private_file(path: Path) -> Iterator[Path]:
    """Yield a private file beside `path` that becomes `path` at the end of the block.

    It is removed if the block raises. Raises `BackupError` if there is a file called `path`.
    """
    if path.exists():
        raise BackupError(f"{path} already exists")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    os.close(handle)
    try:
        yield Path(name)
        with Path(name).open("rb+") as file:
            os.fsync(file.fileno())
        os.link(name, path)  # fails where somebody was faster, unlike a rename
    except FileExistsError:
        raise BackupError(f"{path} already exists") from None
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                Path(name + end).unlink()


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database, all pages in one step: writers go on meanwhile, and the copy is of one moment.

    The copy needs no second file: it is not in WAL mode. Raises `sqlite3.Error`.
    """
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")


def _dump_postgresql(database: Database, revision: str, target: Path) -> None:
    with (
        database.engine.connect() as connection,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive,
    ):
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        tables = {name: columns_of(connection, name) for name in _ordered_tables(connection)}
        archive.writestr(MANIFEST_NAME, Manifest(revision, tables).to_json())
        for name, columns in tables.items():
            with archive.open(name, "w", force_zip64=True) as member:
                _copy_out(connection, name, columns, member)


def _ordered_tables(connection: Connection) -> list[str]:
    """Every table but Alembic's, each after those that it refers to."""
    after: dict[str, set[str]] = {name: set() for name in connection.scalars(_TABLES)}
    for table, referred in connection.execute(_REFERENCES):
        if table != referred:
            after[table].add(referred)
    return [name for name in TopologicalSorter(after).static_order() if name != "alembic_version"]


def columns_of(connection: Connection, table: str) -> list[str]:
    """Return the columns of a table of PostgreSQL's that can be written, in their order."""
    return list(connection.scalars(_COLUMNS, {"name": quoted(table)}))


def _copy_out(connection: Connection, table: str, columns: Sequence[str], member: IO[bytes]) -> None:
    with _cursor(connection) as cursor, cursor.copy(f"COPY {quoted(table, columns)} TO STDOUT") as rows:
        for some in rows:
            member.write(some)


def copy_in(connection: Connection, table: str, columns: Sequence[str], member: IO[bytes]) -> None:
    """Write rows in COPY's text format into a table of PostgreSQL's. Raises what the driver raises."""
    with _cursor(connection) as cursor, cursor.copy(f"COPY {quoted(table, columns)} FROM STDIN") as rows:
        shutil.copyfileobj(member, rows)


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 - psycopg's own
    return connection.connection.cursor()


def quoted(table: str, columns: Sequence[str] = ()) -> str:
    """Return a table, and its columns if any are given, as SQL."""
    names = ", ".join(f'"{one}"' for one in columns)
    return f'"{table}" ({names})' if columns else f'"{table}"'
