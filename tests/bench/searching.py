"""Search and export on a ledger of a million mentions, and what being able to search costs each mention."""

import io
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from bot.exporting import new_file, write
from models.database import Database
from models.export import KINDS, Filter
from models.search import Before, phrases, search
from tests.bench import ingest, million
from tests.bench.figures import Figure, spread

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
}
# A page of the same by one plain query, as somebody would type it.
PLAIN = {
    "sqlite": "SELECT id FROM mentions WHERE text LIKE '% order %' ORDER BY id DESC LIMIT 11",
    "postgresql": "SELECT id FROM mentions WHERE text ILIKE '% order %' ORDER BY id DESC LIMIT 11",
}
PLAIN_RARE = {engine: query.replace("order %", "unheard %") for engine, query in PLAIN.items()}


def measure(new: Callable[[], str]) -> list[Figure]:
    """All of it, on one ledger that is made first."""
    url = new()
    database = Database(url)
    million.fill(database)
    figures = [_search(database, where, typed) for where, typed in LOOKED_FOR.items()]
    figures.append(_deep(database))
    for name, plain in (("order", PLAIN), ("unheard", PLAIN_RARE)):
        seconds = [_timed(lambda plain=plain: _plain(database, plain)) for _ in range(RUNS)]
        figures.append(Figure(f"“{name}” in mentions by LIKE alone", spread([s * 1000 for s in seconds])))
    figures += [_export(database, kind, form) for kind in KINDS for form in ("csv", "jsonl")]
    database.close()
    return [*figures, *_cost(new)]


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _search(database: Database, where: str, typed: str, before: Before | None = None) -> Figure:
    """A page of ten, in a transaction of its own."""
    found: list[int] = []

    def look() -> None:
        with database.read() as session:
            page = search(session, phrases(typed), before=before or Before(), limit=10)
        found.append(len(page.found))

    ms = [_timed(look) * 1000 for _ in range(RUNS)]
    return Figure(f"Search, words {where} (`{typed}`, {found[0]} shown)", spread(ms), "< 1 s", max(ms) < 1000)


def _deep(database: Database) -> Figure:
    """Far back, as after many presses of More."""
    return _search(database, "in a third, from the middle on", "order", Before(500_000, 100_000))


def _plain(database: Database, queries: dict[str, str]) -> None:
    with database.read() as session:
        session.execute(text(queries[database.engine.dialect.name])).all()


def _export(database: Database, kind: str, form: str) -> Figure:
    """All rows into a file, by the function that the command line calls; memory of Python's own beside it."""
    with TemporaryDirectory(prefix="heard-export-") as folder:
        path = Path(folder) / "all"
        began, count = time.perf_counter(), 0
        with new_file(path, bom=True, force=False) as file:
            count = write(database, KINDS[kind], Filter(), form, file, told=lambda _: None)
        rate = count / (time.perf_counter() - began)
        size = path.stat().st_size / 1_000_000
    peaks = [_peak(database, kind, form, share) for share in (0.1, 1.0)] if form == "csv" else []
    memory = (
        f"; Python's peak {peaks[0]:.0f} MB for the first tenth, {peaks[1]:.0f} MB for all" if peaks else ""
    )
    said = f"{rate:,.0f} rows/s ({count:,} rows, {size:.0f} MB{memory})"
    return Figure(f"Export of all {kind} as {form}", said, "> 20,000 rows/s", rate > 20_000)


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


def _peak(database: Database, kind: str, form: str, share: float) -> float:
    """Megabytes that Python held at most, for that share of the period."""
    until = None if share == 1 else million.END - timedelta(days=million.DAYS * (1 - share))
    tracemalloc.start()
    write(database, KINDS[kind], Filter(until=until), form, _Nowhere(), told=lambda _: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1_000_000


# --- what it costs on the way in ----------------------------------------------------------------------------


def _cost(new: Callable[[], str]) -> list[Figure]:
    """The same mentions into a ledger with the indexes and into one without, in turns."""
    said = [ingest._said(number) for number in range(ingest.MENTIONS)]
    with_words, without = [], []
    for _ in range(5):
        with_words.append(ingest.MENTIONS / ingest._ours(new(), said))
        bare = new()
        _without(bare)
        without.append(ingest.MENTIONS / ingest._ours(bare, said))
    share = [a / b for a, b in zip(with_words, without, strict=True)]
    return [
        Figure("Ingest of 10,000 mentions with the words kept", spread(with_words, "mentions/s")),
        Figure("the same without", spread(without, "mentions/s")),
        Figure("with against without", spread(share, "", 2)),
    ]


def _without(url: str) -> None:
    """Take the triggers away."""
    database = Database(url)
    names = ("new", "old", "forgotten", "changed") if database.is_sqlite else ("kept",)
    with database.engine.begin() as connection:
        for table, words in (("mentions", "mention_words"), ("replies", "reply_words")):
            for name in names:
                on = "" if database.is_sqlite else f" ON {table}"
                connection.execute(text(f"DROP TRIGGER {words}_{name}{on}"))
    database.close()
