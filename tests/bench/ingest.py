"""Ten thousand mentions into the ledger, against the database driver's own executemany of the same rows."""

import gc
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import make_url, text

from models.core.base import Base
from models.core.database import Database, normal_url
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.tickets import priorities
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from tests.bench.figures import Figure, spread

MENTIONS, PAGE, RUNS = 10_000, 100, 5
TABLES = ("authors", "tickets", "turns", "mentions", "events")  # the order that foreign keys want
START = datetime(2026, 11, 1, tzinfo=UTC)
PLACE = IngestTarget("x", "1000", "C0MENTIONS", SlaPolicy(ALWAYS_OPEN, timedelta(minutes=30)))

Rows = dict[str, list[tuple[Any, ...]]]


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Both ways, in turns, each time into a new database."""
    said = [_said(number) for number in range(MENTIONS)]
    ours, raw, ratios = [], [], []
    for _ in range(RUNS):
        url = new_database()
        ours.append(_ours(url, said))
        raw.append(_raw(new_database(), _written(url)))
        ratios.append(raw[-1] / ours[-1])
    ratio = median(ratios)
    every = [MENTIONS / seconds for seconds in ours]
    return [
        Figure(f"Ingest of {MENTIONS:,} mentions", spread(every, "mentions/s"), "", None),
        Figure("the same rows with raw `executemany`", spread([MENTIONS / s for s in raw], "mentions/s")),
        Figure(
            "ingest compared with raw",
            f"{ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            "≥ 0.5",
            ratio >= 0.5,
        ),
        _cost_of_priorities(said, new_database),
    ]


def _cost_of_priorities(said: Sequence[IncomingPost], new_database: Callable[[], str]) -> Figure:
    """What it costs to compute why each mention matters, with and without in turns, and a page in full."""
    having, without = [], []
    for _ in range(RUNS):
        having.append(_ours(new_database(), said))
        computes, priorities.add_to_new = priorities.add_to_new, lambda *_: None
        try:
            without.append(_ours(new_database(), said))
        finally:
            priorities.add_to_new = computes
    shares = [bare / full for full, bare in zip(having, without, strict=True)]
    page = median(having) / (MENTIONS / PAGE) * 1000
    slowest = median(shares)
    return Figure(
        "Ingest with priorities against without; a page of 100",
        f"{slowest:.2f} ({min(shares):.2f} to {max(shares):.2f}, {RUNS} runs); {page:.0f} ms",
        "a page < 100 ms",
        page < 100,
    )


def cost(what: str, indexes: Sequence[str], new_database: Callable[[], str]) -> Figure:
    """What the `indexes`, which are for `what`, cost each mention: with and without them in turns."""
    said = [_said(number) for number in range(MENTIONS)]
    having, without = [], []
    for _ in range(RUNS):
        having.append(MENTIONS / _ours(new_database(), said))
        bare = new_database()
        database = Database(bare)
        with database.engine.begin() as connection:
            for index in indexes:
                connection.execute(text(f"DROP INDEX {index}"))
        database.close()
        without.append(MENTIONS / _ours(bare, said))
    shares = [with_them / bare for with_them, bare in zip(having, without, strict=True)]
    measured = (spread(having, "mentions/s"), spread(without, "mentions/s"), spread(shares, "", 2))
    return Figure(f"Ingest with the indexes for {what}; without; ratio", "; ".join(measured))


def _said(number: int) -> IncomingPost:
    """The dearest kind of mention: a new author in a new conversation, five rows in all."""
    post_id = str(2_000_000_000_000_000_000 + number)
    return IncomingPost(
        post_id=post_id,
        latest_id=post_id,
        conversation_id=post_id,
        author_id=str(3_000_000_000 + number),
        text=f"@acmebrew it would be nice if I could tag my posts, for the {number}th time of asking",
        posted_at=START + timedelta(seconds=number),
        url=f"https://x.com/i/status/{post_id}",
        matched="mentions us",
        lang="en",
    )


def _ours(url: str, said: Sequence[IncomingPost]) -> float:
    database = Database(url)
    with database.read() as session:
        session.execute(text("SELECT 1"))
    with _undisturbed() as seconds:
        for start in range(0, len(said), PAGE):
            with database.write() as session:
                ingest_page(session, said[start : start + PAGE], PLACE, at=START + timedelta(days=1))
    database.close()
    return seconds()


def _written(url: str) -> list[Rows]:
    """What was written, page by page, as the driver takes it."""
    pages = MENTIONS // PAGE
    with closing(_connect(url)) as connection:
        found = {name: _rows(connection, name) for name in TABLES}
    assert {len(rows) for rows in found.values()} == {MENTIONS}
    return [
        {name: rows[page * PAGE : (page + 1) * PAGE] for name, rows in found.items()} for page in range(pages)
    ]


def _rows(connection: Any, name: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(f"SELECT {', '.join(_columns(name))} FROM {name} ORDER BY id")
    return [tuple(_as_bound(value) for value in row) for row in cursor.fetchall()]


def _as_bound(value: Any) -> Any:
    """JSON as text again, which is how it is written."""
    return json.dumps(value) if isinstance(value, list | dict) else value


def _columns(name: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[name].columns]


def _raw(url: str, pages: list[Rows]) -> float:
    with closing(_connect(url)) as connection:
        mark = "?" if isinstance(connection, sqlite3.Connection) else "%s"
        statements = {
            name: f"INSERT INTO {name} ({', '.join(_columns(name))}) "
            f"VALUES ({', '.join([mark] * len(_columns(name)))})"
            for name in TABLES
        }
        with _undisturbed() as seconds:
            cursor = connection.cursor()
            for page in pages:
                cursor.execute("BEGIN IMMEDIATE" if mark == "?" else "BEGIN")
                for name, rows in page.items():
                    cursor.executemany(statements[name], rows)
                cursor.execute("COMMIT")
        return seconds()


def _connect(url: str) -> Any:
    """The bare driver, with the durability that the ledger asks for."""
    parsed = make_url(normal_url(url))
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(parsed.database or "", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


@contextmanager
def _undisturbed() -> Iterator[Callable[[], float]]:
    """Time the body, with the garbage of earlier runs gone."""
    gc.collect()
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: ended[0] - began
    ended.append(time.perf_counter())
