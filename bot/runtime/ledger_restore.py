"""Puts a backup in the place of the ledger, which nobody uses meanwhile."""

import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from bot.runtime import migrations, sqlite_lock
from bot.runtime.ledger_backup import (
    MANIFEST_NAME,
    BackupError,
    Manifest,
    copy_in,
    copy_sqlite,
    new_private_file,
    quoted,
)
from models.core.database import Database, normal_url

_SQLITE_MAGIC = b"SQLite format 3\x00"  # https://www.sqlite.org/fileformat.html#the_database_header


def restore(url: str, backup: Path, finish: Callable[[Database], None], *, at: datetime) -> Path | None:
    """Make the ledger at `url` what `backup` holds, at this Heard's schema, and call `finish` on it.

    A SQLite file that is there is kept beside it: returns its new path, else None. A PostgreSQL database has
    to be empty. If anything fails, the ledger is as it was. Raises `BackupError`, `LockedError` while a
    Heard uses the ledger, `SchemaError`, `OSError`, and what the database raises.
    """
    with backup.open("rb") as file:
        is_sqlite_backup = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    parsed = make_url(normal_url(url))
    is_sqlite = parsed.get_backend_name() == "sqlite"
    if is_sqlite != is_sqlite_backup:
        kinds = ("SQLite", "PostgreSQL") if is_sqlite_backup else ("PostgreSQL", "SQLite")
        raise BackupError(f"that backup is not for {kinds[1]}: set DATABASE_URL to a {kinds[0]} database")
    if is_sqlite:
        return _restore_sqlite(url, Path(parsed.database or ""), backup, finish, at=at)
    _restore_postgresql(url, backup, finish)
    return None


def _restore_sqlite(
    url: str, path: Path, backup: Path, finish: Callable[[Database], None], *, at: datetime
) -> Path | None:
    held = sqlite_lock.acquire(url)
    assert held is not None
    fresh = path.with_name(f"{path.name}.restoring")
    fresh.unlink(missing_ok=True)  # of a restore that was interrupted
    with closing(held):
        with new_private_file(fresh) as partial:
            _check_sqlite(backup)
            copy_sqlite(backup, partial)
        try:
            _bring_up_to_date(f"sqlite:///{fresh}", finish)
            return _swap(path, fresh, at=at)
        finally:
            for end in ("", "-wal", "-shm"):
                Path(f"{fresh}{end}").unlink(missing_ok=True)


def _check_sqlite(backup: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)) as found:
            is_ledger = found.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'")
            has_it, state = is_ledger.fetchone()[0], found.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise BackupError(f"that backup cannot be read: {error}") from None
    if not has_it:
        raise BackupError("that file is no backup of Heard's")
    if state != "ok":
        raise BackupError("that backup is damaged: use another one")


def _bring_up_to_date(url: str, finish: Callable[[Database], None]) -> None:
    database = Database(url)
    try:
        migrations.migrate(database)
        finish(database)
    finally:
        database.close()


def _swap(path: Path, fresh: Path, *, at: datetime) -> Path | None:
    """Put `fresh` in the place of `path`, and keep what was there."""
    kept = None
    if path.exists():
        kept = path.with_name(f"{path.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")
        with new_private_file(kept) as partial:
            copy_sqlite(path, partial)  # with what is in its WAL
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
    fresh.replace(path)
    return kept


def _restore_postgresql(url: str, backup: Path, finish: Callable[[Database], None]) -> None:
    database = Database(url)
    try:
        if migrations.current_revision(database) is not None:
            raise BackupError("that database has a ledger already: set DATABASE_URL to an empty one")
        with zipfile.ZipFile(backup) as archive:
            manifest = Manifest.from_json(archive.read(MANIFEST_NAME))
            with database.engine.connect() as connection:
                migrations.create_at(connection, manifest.revision)
                for table, columns in manifest.tables.items():
                    _fill(connection, archive, table, columns)
                connection.commit()
        migrations.migrate(database)
        finish(database)
    except (zipfile.BadZipFile, KeyError):
        raise BackupError("that file is no backup of Heard's, or damaged") from None
    finally:
        database.close()


def _fill(connection: Connection, archive: zipfile.ZipFile, table: str, columns: Sequence[str]) -> None:
    """Copy one table, without the triggers that would wake a bot or write an index, then set its counter."""
    name = quoted(table)
    connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
    with archive.open(table) as member:
        copy_in(connection, table, columns, member)
    connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
    if "id" in columns and connection.scalar(
        text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": name}
    ):
        last = f"SELECT setval(pg_get_serial_sequence(:name, 'id'), max(id)) FROM {name} HAVING max(id) > 0"  # noqa: S608 - a name of ours
        connection.execute(text(last), {"name": name})
