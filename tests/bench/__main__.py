"""`python -m tests.bench`: all figures, on SQLite and on PostgreSQL, as Markdown tables."""

import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import click
from sqlalchemy import make_url

from tests import databases, postgres
from tests.bench import (
    crowd,
    feed_reading,
    feeds,
    flood,
    hearing,
    ingest,
    likeness,
    matching,
    pacing,
    pressing,
    reports,
    searching,
    soon,
    starting,
    streaming,
    trying,
    waiting,
    workers,
)
from tests.bench.figures import Figure, table

PARTS: Sequence[str] = (
    "starting",
    "hearing",
    "soon",
    "ingest",
    "likeness",
    "matching",
    "streaming",
    "pressing",
    "crowd",
    "feeds",
    "flood",
    "pacing",
    "waiting",
    "reports",
    "searching",
    "trying",
    "workers",
    "feed reading",
)
ENGINES = ("sqlite", "postgresql")

Make = Callable[[], str]


@click.command()
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure only these.")
@click.option("--on", "engines", type=click.Choice(ENGINES), multiple=True, default=ENGINES)
def main(only: tuple[str, ...], engines: tuple[str, ...]) -> None:
    """Measure speed and size. docs/benchmarks.md says how."""
    # The tests' server may forget at a power cut. What is measured must not, as SQLite does not.
    postgres.SETTINGS = ("listen_addresses=",)  # type: ignore[assignment]
    python, cores = platform.python_version(), os.cpu_count()
    click.echo(f"Python {python}, {cores} cores, {_load()}\n")
    with tempfile.TemporaryDirectory(prefix="heard-bench-") as folder:
        for engine in engines:
            with _databases(engine, Path(folder)) as (new, empty):
                figures = _figures(only or PARTS, new, empty, on_postgresql=engine == "postgresql")
            click.echo(f"\n### {engine}\n\n{table(figures)}\n\n{_load()}\n")


def _figures(parts: Sequence[str], new: Make, empty: Make, *, on_postgresql: bool) -> list[Figure]:
    measure: dict[str, Callable[[], list[Figure]]] = {
        "starting": lambda: starting.measure(new, empty),
        "hearing": lambda: hearing.measure(new),
        "soon": lambda: soon.measure(new),
        "ingest": lambda: ingest.measure(new),
        "likeness": lambda: likeness.measure(new),
        "pressing": lambda: pressing.measure(new),
        "crowd": lambda: crowd.measure(new),
        "feeds": lambda: feeds.measure(new),
        "flood": lambda: flood.measure(new),
        "pacing": lambda: pacing.measure(new),
        "waiting": lambda: waiting.measure(new),
        "searching": lambda: searching.measure(new),
        "trying": lambda: trying.measure(new),
        "reports": lambda: reports.measure(new),
        "feed reading": lambda: feed_reading.measure(new),
    }
    if on_postgresql:  # SQLite is one process's
        measure["workers"] = lambda: workers.measure(new)
    else:  # no database, so once is enough
        measure["matching"] = matching.measure
        measure["streaming"] = streaming.measure
    measured: list[Figure] = []
    for part in [part for part in parts if part in measure]:
        click.echo(f"{part} …", err=True)
        measured += measure[part]()
    return measured


@contextmanager
def _databases(engine: str, home: Path) -> Iterator[tuple[Make, Make]]:
    """Makers of databases, at the newest schema and empty ones, all gone at the end."""
    with ExitStack() as lent:
        if engine == "sqlite":
            click.echo(f"SQLite {sqlite3.sqlite_version}, synchronous=FULL", err=True)
            lend = lent.enter_context(databases.sqlite(home))
            yield (
                lambda: lent.enter_context(lend(home)),
                lambda: f"sqlite:///{home / f'empty-{uuid4().hex}.db'}",
            )
            return
        click.echo(postgres.describe(), err=True)
        lend = lent.enter_context(databases.postgresql())
        server = make_url(lent.enter_context(lend(home)))

        def empty() -> str:
            made = lent.enter_context(databases._clone(server, "template1"))
            return made.render_as_string(hide_password=False)

        yield lambda: lent.enter_context(lend(home)), empty


def _load() -> str:
    """How busy the machine is, for whoever wonders about a figure."""
    return f"load average {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
