"""`python -m bot export`: the ledger into a file, beside a running bot."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import click

from bot.bootstrap import open_shared_ledger
from bot.cli.errors import one_line_errors
from bot.runtime.export_writer import FORMATS, OutputExistsError, atomic_file, write_rows
from bot.slack.blocks.text import unescape
from models import Account
from models.core.account_filter import AccountFilter
from models.core.database import Database
from models.core.period import PeriodError, parse_period
from models.privacy.read_access import EVERYTHING
from models.reports.export import EXPORT_TABLES, ExportFilter, ExportTable


@click.command("export")
@click.argument("kind", type=click.Choice(tuple(EXPORT_TABLES)))
@click.option("--period", help="2026-10, 2026-10-01..2026-10-15 or 30d, in UTC. Default: everything.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option(
    "--output", help="The file to write; - is standard output. Default: heard-<what>-<period>.<format>."
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option("--state", help="State of tickets or replies; act of events.")
@click.option("--network", help="Such as x.")
@click.option("--channel", help="A Slack channel's id.")
@click.option("--person", help="A teammate's Slack id.")
@click.option("--account", metavar="HANDLE", help="One of our accounts; with --network only of that network.")
@click.option("--track", type=int, metavar="ID", help="What that track found; `track list` has the ids.")
def export(
    kind: str,
    *,
    period: str | None,
    form: str,
    output: str | None,
    force: bool,
    state: str | None,
    network: str | None,
    channel: str | None,
    person: str | None,
    account: str | None,
    track: int | None,
) -> None:
    """Write tickets, replies or events to a file for other tools.

    \f
    Raises `click.BadParameter` if the state or the period is not valid. Exits with one line if the file
    already exists or cannot be written.
    """  # noqa: D301 - click ends the help text at the form feed
    what = EXPORT_TABLES[kind]
    if state is not None and what.states is not None and state not in what.states:
        raise click.BadParameter(f"{kind} can be: {', '.join(what.states)}.", param_hint="--state")
    try:
        when = parse_period(period, zone=ZoneInfo("UTC"), now=datetime.now(UTC)) if period else None
    except PeriodError as error:
        raise click.BadParameter(unescape(str(error)), param_hint="--period") from None
    since, until = (when.since, when.until) if when is not None else (None, None)
    name = output or f"heard-{kind}{f'-{period}' if period else ''}.{form}"
    with one_line_errors(), open_shared_ledger() as (_, _, database):
        ours = _find_accounts(database, account) if account is not None else None
        # Whoever runs this holds the database, so nothing in it is kept from them.
        wanted = ExportFilter(since, until, state, network, channel, person, ours, track, EVERYTHING)
        _write_export(database, what, wanted, form, name, force=force)


def _find_accounts(database: Database, handle: str) -> AccountFilter:
    """Our accounts of that handle. Raises `BadParameter` if there is none."""
    with database.read() as session:
        accounts = Account.handles(session)
    found = accounts.find(handle)
    if found is None:
        ours = ", ".join(f"@{one}" for one in accounts.connected_handles) or "none is connected"
        raise click.BadParameter(f"no account of ours is called {handle}: {ours}.", param_hint="--account")
    return found


def _write_export(
    database: Database, what: ExportTable, wanted: ExportFilter, form: str, name: str, *, force: bool
) -> None:
    with database.read() as session:
        total = what.count(session, wanted)
    try:
        with _open_output(name, form, force=force) as file, _progress_bar(total) as told:
            count = write_rows(database, what, wanted, form, file, told=told)
    except OutputExistsError:
        sys.exit(f"{name} already exists. Use another --output, or --force to replace it.")
    except BrokenPipeError:
        sys.exit(1)  # nobody reads on, as with `| head`
    except OSError as error:
        sys.exit(f"{name} cannot be written: {error.strerror}.")
    click.echo(
        f"{count:,} {what.singular if count == 1 else what.name} "
        f"written{'' if name == '-' else f' to {name}'}.",
        err=True,
    )


def _open_output(name: str, form: str, *, force: bool) -> AbstractContextManager[IO[str]]:
    if name == "-":
        return _standard_output()
    return atomic_file(Path(name), bom=form == "csv", force=force)


@contextmanager
def _standard_output() -> Iterator[IO[str]]:
    with open(1, "w", encoding="utf-8", newline="", closefd=False) as file:
        yield file


@contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error, where somebody looks at it."""
    with click.progressbar(length=total, label="Exporting", file=sys.stderr, show_pos=True) as bar:
        yield bar.update
