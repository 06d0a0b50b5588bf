"""`python -m bot customers`: who is known to be a customer, beside a running bot."""

import codecs
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click

from bot.bootstrap import clock_for, open_shared_ledger
from bot.cli.customer_file import CustomerFile, CustomerFileError, Skipped
from bot.cli.errors import one_line_errors
from bot.networks import registry
from models import Customer, CustomerList
from models.core.database import Database
from models.sources.customer import ANY_NETWORK, CustomerListGoneError
from models.tickets import priorities

ROWS_AT_ONCE = 10_000  # in one transaction: a running bot waits for each of them, on SQLite
TICKETS_AT_ONCE = 200  # whose priorities are computed in one transaction
TICKETS_READ_AT_ONCE = 5_000  # for what a former list said
PAUSE_SECONDS = 0.11  # seconds between two of them


@click.group("customers")
def customers() -> None:
    """Handles of your customers, whose posts come first."""


@customers.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--network", metavar="NAME", help="Where handles are that name no network; else everywhere.")
@click.option("--encoding", metavar="NAME", help="Of a file that is neither UTF-8 nor UTF-16.")
def import_customers(file: Path, *, network: str | None, encoding: str | None) -> None:
    """Replace the list of customers by those in a CSV file.

    Its first line names the columns: handle, and if you like network and note (or plan, or name). A file with
    one handle a line needs no such line. A handle may be an address, such as https://x.com/name.
    """
    with one_line_errors(), open_shared_ledger() as (_, _, database), _refusals():
        known = _networks()
        if network is not None and network.lower() not in known:
            _refuse(f"Heard knows no network called {network}: try {', '.join(sorted(set(known.values())))}.")
        if encoding is not None and not _is_encoding(encoding):
            _refuse(f"There is no encoding called {encoding}: try windows-1252.")
        given = CustomerFile(
            file, known, network=known[network.lower()] if network else None, encoding=encoding
        )
        total = _replace(database, given)
        _report(given, total)


@customers.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_customers(*, as_json: bool) -> None:
    """List the customers, by handle."""
    with one_line_errors(), open_shared_ledger() as (_, _, database):
        with database.read() as session:
            count = 0
            for one in Customer.each(session):
                count += 1
                row = {"handle": one.handle, "network": one.network or None, "note": one.note or None}
                if as_json:
                    click.echo(json.dumps(row, ensure_ascii=False))
                else:
                    where = "everywhere" if one.network == ANY_NETWORK else f"on {one.network}"
                    click.echo(f"@{one.handle}  {where}{f'  {one.note}' if one.note else ''}")
        if not count and not as_json:
            click.echo("No customers yet. Add them: customers import FILE.csv")


@customers.command("clear")
def clear() -> None:
    """Forget all customers."""
    with one_line_errors(), open_shared_ledger() as (_, _, database):
        with database.write() as session:
            priorities.lock_rules(session)
            total = CustomerList.clear(session, at=clock_for(database)())
            priorities.forget_all(session)
        _take_over(database)
        click.echo(f"{total:,} customer{'' if total == 1 else 's'} forgotten.")


def _replace(database: Database, given: CustomerFile) -> int:
    """Write the new list beside the old one, then use it; returns how many customers it has.

    Raises `CustomerFileError`, which leaves the old list in use, and `CustomerListGoneError`.
    """
    now = clock_for(database)
    entries = given.entries()
    first = list(islice(entries, ROWS_AT_ONCE))  # a file that cannot be read ends no other import
    if not first:
        raise CustomerFileError("There is no handle in the file, so the list stays as it is." + _told(given))
    with database.write() as session:
        number = CustomerList.begin(session, at=now())
        Customer.add_batch(session, number, first)
    while some := list(islice(entries, ROWS_AT_ONCE)):
        _let_others_write(database)
        with database.write() as session:
            Customer.add_batch(session, number, some)
    with database.write() as session:
        priorities.lock_rules(session)
        total = CustomerList.complete(session, number, at=now())
        priorities.forget_all(session)
    _take_over(database)
    return total


def _take_over(database: Database) -> None:
    """Have every ticket go by the list in use, and leave nothing of the one before."""
    _rescore(database)
    after: int | None = 0
    while after is not None:
        _let_others_write(database)
        with database.write() as session:
            after = priorities.forget_customers(session, after=after, limit=TICKETS_READ_AT_ONCE)
    _delete_unused(database)


def _rescore(database: Database) -> None:
    """Compute priorities anew at once; a bot that runs, or starts later, does what is left."""
    more = True
    while more:
        with database.write() as session:
            more = priorities.rescore_missing(session, TICKETS_AT_ONCE) > 0


def _delete_unused(database: Database) -> None:
    more = True
    while more:
        _let_others_write(database)
        with database.write() as session:
            more = Customer.delete_unused(session)


def _let_others_write(database: Database) -> None:
    """Leave SQLite free for a moment.

    Its other writers do not queue but look again, in the end every 100 ms, and might never find it free.
    """
    if database.is_sqlite:
        time.sleep(PAUSE_SECONDS)


def _report(given: CustomerFile, total: int) -> None:
    left_out = given.no_handle.count + given.no_network.count
    twice = given.read - left_out - total
    more = f" {twice:,} line{' was' if twice == 1 else 's were'} there twice." if twice else ""
    click.echo(f"{total:,} customer{'' if total == 1 else 's'} imported.{more}{_told(given)}")


def _told(given: CustomerFile) -> str:
    """What was left out, as sentences with a blank in front."""
    return _skipped_text(given.no_handle, "no handle") + _skipped_text(
        given.no_network, "a network that Heard does not know"
    )


def _skipped_text(skipped: Skipped, what: str) -> str:
    if not skipped.count:
        return ""
    lines = "line has" if skipped.count == 1 else "lines have"
    first = "it is" if skipped.count == 1 else "the first is"
    return f" {skipped.count:,} {lines} {what}; {first} line {skipped.first_line}: “{skipped.first_text}”."


def _networks() -> dict[str, str]:
    """The names of the networks by name and by title, in lower case."""
    found = registry.registered()
    return {name.lower(): name for name in found} | {
        one.network.title.lower(): name for name, one in found.items()
    }


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - as `open` checks it
    except (LookupError, ValueError):
        return False


@contextmanager
def _refusals() -> Iterator[None]:
    """End the process with exit code 2 and one sentence if the file cannot be used."""
    try:
        yield
    except CustomerFileError as error:
        _refuse(str(error))
    except CustomerListGoneError:
        _refuse("Another import, or clear, came in between. The list is as that one left it.")


def _refuse(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(2)
