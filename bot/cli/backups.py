"""`python -m bot backup` and `restore`: the whole ledger in one file, and back."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from bot import settings
from bot.cli.errors import one_line_errors
from bot.publish import restored
from bot.runtime import ledger_backup, ledger_restore, migrations
from bot.runtime.ledger_backup import BackupError
from bot.slack.blocks.elements import count_noun
from models.core.database import Database


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write the whole ledger to FILE, beside a running bot.

    FILE must not exist yet; only you can read it. It holds what people wrote, and tokens encrypted with
    ENCRYPTION_KEYS: keep those keys elsewhere.
    """
    with one_line_errors(), _refusals(file):
        size, revision = _write(settings.database_url(), file)
        click.echo(f"{_format_size(size)} written to {file}, at schema {revision}.")


def _write(url: str, file: Path) -> tuple[int, str]:
    """Write the backup. Returns its size in bytes, and the schema. Raises as `write_backup` does."""
    if _has_file(url):
        with closing(Database(url)) as database:
            revision = migrations.current_revision(database)
            if revision is not None:
                return ledger_backup.write_backup(database, revision, file), revision
    raise BackupError("there is no ledger yet")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Make the ledger what it was when the backup FILE was taken. Stop the bot first.

    A SQLite ledger that is there is kept beside the new one; a PostgreSQL database has to be empty. Replies
    that were waiting to be sent are looked for at the next start, and not sent again. Accounts whose tokens
    work only once have to be connected again.
    """
    at = datetime.now(UTC)
    found: list[restored.Restored] = []
    with one_line_errors(), _refusals(file):
        kept = ledger_restore.restore(
            settings.database_url(),
            file,
            lambda database: found.append(restored.settle(database, at=at)),
            at=at,
        )
    click.echo(f"Restored from {file}.")
    if kept is not None:
        click.echo(f"The ledger that was there is {kept}: delete it once you are sure.")
    for one in found:
        if one.unsure:
            what = count_noun(one.unsure, "reply", "replies")
            it = "it" if one.unsure == 1 else "them"
            click.echo(
                f"{what} may have been sent since: Heard looks for {it} at the next start, and asks you."
            )
        for account in one.disconnected:
            click.echo(f"Connect {account} again: python -m bot connect {account.partition(' ')[0]}")


def _has_file(url: str) -> bool:
    """Whether there is anything to back up: opening a SQLite file that is not there would create it."""
    parsed = make_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


@contextmanager
def _refusals(file: Path) -> Iterator[None]:
    """End with one line and exit code 1 where the file or the ledger does not allow it."""
    try:
        yield
    except BackupError as error:
        sys.exit(f"{_capitalized(str(error))}.")
    except sqlite3.Error as error:
        sys.exit(f"The ledger cannot be copied: {error}.")
    except OSError as error:
        sys.exit(f"{file} cannot be used: {error.strerror}.")


def _capitalized(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _format_size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - units of a thousand
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
