"""On SQLite one process holds the ledger. The lock dies with it: there is no pid file to clean up."""

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url


class LockedError(Exception):
    """The database cannot be locked. The message is the last line before the start is given up."""


def acquire(url: str) -> IO[str] | None:
    """Lock the SQLite file of `url` until the returned file is closed; return None on PostgreSQL.

    Raises `LockedError` if another process has locked it, or if the lock file cannot be created.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    path = Path(parsed.database or "").resolve()  # one lock, by whatever way the file is named
    try:
        handle = path.with_name(path.name + ".lock").open("a", encoding="utf-8")
    except OSError as error:
        raise LockedError(f"DATABASE_URL: {path.name} can't be created there: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise LockedError(f"{path.name} is in use by another Heard; stop that one first") from None
    return handle


def refuse_sqlite(url: str, command: str) -> None:
    """Raise `LockedError` if `url` is SQLite: `web` and `worker` need PostgreSQL to share a database."""
    if make_url(url).get_backend_name() == "sqlite":
        raise LockedError(f"{command} needs PostgreSQL (DATABASE_URL); on SQLite use: python -m bot run")
