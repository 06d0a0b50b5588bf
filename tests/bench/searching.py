"""Search and export on a ledger of a million mentions, and what being able to search costs each mention."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain
from tempfile import TemporaryDirectory
from unittest.mock import patch

import click
from sqlalchemy import text

from models.core.database import Database
from models.reports.export import EXPORT_TABLES
from models.reports.search import SearchCursor, search
from models.reports.search_query import parse_phrases
from models.tickets import word_index
from tests.bench import ingest, million
from tests.bench.figures import Figure, spread
from tests.bench.stage import ROOT

RUNS = 7
LOOKED_FOR = {
    "in a third of all": "order",
    "two of these": "order coffee",
    "five of these": "order coffee slow berlin today",
    "in a hundred": "9972",
    "one of each kind": "order 9972",
    "in none": "unheard",
    "a phrase": '"the app"',
    "a phrase of three, rarer": '"slow shipping berlin"',
    # The name that each post begins with, behind a word of every other post: nowhere, and all have to be looked at.
    "that never stand together": '"the acmebrew"',
}
# A page of the same by one plain query, as somebody would type it.
PLAIN = {
    "sqlite": "SELECT id FROM mentions WHERE text LIKE '% order %' ORDER BY id DESC LIMIT 11",
    "postgresql": "SELECT id FROM mentions WHERE text ILIKE '% order %' ORDER BY id DESC LIMIT 11",
}
PLAIN_RARE = {engine: query.replace("order %", "unheard %") for engine, query in PLAIN.items()}


def measure(new: Callable[[], str]) -> list[Figure]:
    """All of it, on one ledger that is made first."""
    database = million.filled(new)
    try:
        return [_aloud(figure) for figure in chain(_figures(database), _cost(new))]
    finally:
        database.close()


def _aloud(figure: Figure) -> Figure:
    """A figure, said as soon as it is known: the whole takes long."""
    click.echo(figure.row(), err=True)
    return figure


def _figures(database: Database) -> Iterator[Figure]:
    for where, typed in LOOKED_FOR.items():
        yield _search(database, where, typed)
    yield _search(database, "in a third, from the middle on", "order", SearchCursor(500_000, 100_000))
    for name, plain in (("order", PLAIN), ("unheard", PLAIN_RARE)):
        seconds = [_timed(lambda plain=plain: _plain(database, plain)) for _ in range(RUNS)]
        yield Figure(f"“{name}” in mentions by LIKE alone", spread([s * 1000 for s in seconds]))
    for kind in EXPORT_TABLES:
        for form in ("csv", "jsonl"):
            yield _export(database, kind, form)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _search(database: Database, where: str, typed: str, before: SearchCursor | None = None) -> Figure:
    """A page of ten, in a transaction of its own."""
    found: list[int] = []

    def look() -> None:
        with database.read() as session:
            page = search(session, parse_phrases(typed), before=before or SearchCursor(), limit=10)
        found.append(len(page.found))

    ms = [_timed(look) * 1000 for _ in range(RUNS)]
    return Figure(f"Search, words {where} (`{typed}`, {found[0]} shown)", spread(ms), "< 1 s", max(ms) < 1000)


def _plain(database: Database, queries: dict[str, str]) -> None:
    with database.read() as session:
        session.execute(text(queries[database.engine.dialect.name])).all()


def _export(database: Database, kind: str, form: str) -> Figure:
    """All rows into a file, in a process of its own, whose memory is seen; a tenth of them beside it."""
    url = database.engine.url.render_as_string(hide_password=False)
    tenth = (million.END - timedelta(days=million.DAYS * 0.9)).isoformat()
    few, _, little = _in_a_process(url, kind, form, tenth)
    count, seconds, much = _in_a_process(url, kind, form, "")
    rate = count / seconds
    said = f"{rate:,.0f} rows/s; at most {little:.0f} MB for {few:,.0f} rows, {much:.0f} MB for {count:,.0f}"
    return Figure(f"Export of all {kind} as {form}", said, "> 20,000 rows/s", rate > 20_000)


_ALONE = """
import sys, time
from datetime import datetime
from pathlib import Path
from bot.runtime.export_writer import atomic_file, write_rows
from models.reports import word_index
from models.core.database import Database
from models.reports.export import EXPORT_TABLES, ExportFilter
url, kind, form, until, path = sys.argv[1:]
wanted = ExportFilter(until=datetime.fromisoformat(until) if until else None)
began = time.perf_counter()
with atomic_file(Path(path), bom=True, force=False) as file:
    count = write_rows(Database(url), EXPORT_TABLES[kind], wanted, form, file, told=lambda _: None)
took = time.perf_counter() - began
most = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(count, took, int(most) / 1024)
"""


def _in_a_process(url: str, kind: str, form: str, until: str) -> tuple[float, float, float]:
    """How many rows, seconds, and megabytes at most."""
    with TemporaryDirectory(prefix="heard-export-") as folder:
        words = [sys.executable, "-c", _ALONE, url, kind, form, until, f"{folder}/all"]
        told = subprocess.run(words, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    rows, seconds, megabytes = map(float, told.split())
    return rows, seconds, megabytes


# --- what it costs on the way in ----------------------------------------------------------------------------


def _cost(new: Callable[[], str]) -> Iterator[Figure]:
    """The same mentions into a ledger with the indexes and into one without, in turns."""
    said = [ingest._said(number) for number in range(ingest.MENTIONS)]
    with_words, without = [], []
    for _ in range(5):
        with_words.append(ingest.MENTIONS / ingest._ours(new(), said))
        with patch.object(word_index, "index_rows", lambda *_: None):
            without.append(ingest.MENTIONS / ingest._ours(new(), said))
    share = [a / b for a, b in zip(with_words, without, strict=True)]
    yield Figure("Ingest of 10,000 mentions with the words kept", spread(with_words, "mentions/s"))
    yield Figure("the same without", spread(without, "mentions/s"))
    yield Figure("with against without", spread(share, "", 2))
