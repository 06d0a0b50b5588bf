"""What a person waits for who asks for figures, with a million mentions in the ledger; beside one plain query."""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import click
from sqlalchemy import text

from models import rollup
from models.database import Database
from models.figures import report
from models.period import Question, read
from tests.bench import ingest
from tests.bench.figures import Figure, percentile, spread
from tests.bench.million import CHANNELS, END, TEAM, fill

RUNS = 7
TARGET = timedelta(minutes=30)
LISBON = ZoneInfo("Europe/Lisbon")
MOST = 500.0  # ms
INDEXES = (
    "ix_mentions_posted_at_network",
    "ix_tickets_opened_at",
    "ix_tickets_uncounted",
    "ix_turns_uncounted",
)

# The same question as one plain query: what was heard, what became of it, and how fast, by the engine alone.
PLAIN = {
    "sqlite": """
        WITH mine AS (
            SELECT state, reason, strftime('%s', first_reply_at) - strftime('%s', opened_at) AS took
            FROM tickets WHERE opened_at >= :since AND opened_at < :until AND network <> 'canary' {also}
        ), fast AS (
            SELECT took, row_number() OVER (ORDER BY took) AS place, count(*) OVER () AS total
            FROM mine WHERE took IS NOT NULL
        )
        SELECT state, reason, count(*),
            (SELECT min(took) FROM fast WHERE place * 2 >= total),
            (SELECT min(took) FROM fast WHERE place * 10 >= total * 9),
            (SELECT count(*) FROM mentions
             WHERE posted_at >= :since AND posted_at < :until AND network <> 'canary')
        FROM mine GROUP BY state, reason
    """,
    "postgresql": """
        WITH mine AS (
            SELECT state, reason, extract(epoch FROM first_reply_at - opened_at) AS took
            FROM tickets WHERE opened_at >= :since AND opened_at < :until AND network <> 'canary' {also}
        )
        SELECT state, reason, count(*),
            (SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took) FROM mine),
            (SELECT count(*) FROM mentions
             WHERE posted_at >= :since AND posted_at < :until AND network <> 'canary')
        FROM mine GROUP BY state, reason
    """,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One command, and what the plain query needs besides the period."""

    words: str
    period: str
    person: str | None = None
    channel: str | None = None

    @property
    def also(self) -> str:
        """The same filter in the plain query."""
        mine = f"AND '{self.person}' IN (owner, first_reply_by, closed_by)" if self.person else ""
        return mine + (f" AND channel = '{self.channel}'" if self.channel else "")


COMMANDS = (
    Asked("stats 7d", "7d"),
    Asked("stats 30d", "30d"),
    Asked("stats 92d", "92d"),
    Asked("stats 2026-09", "2026-09"),
    Asked("stats 92d @teammate", "92d", person=TEAM[3]),
    Asked("stats 92d #channel", "92d", channel=CHANNELS[1]),
)
LONG = Asked("stats 365d, from daily figures", "365d")


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Each command against its target, and how much slower it is than one plain query."""
    database = Database(new_database())
    began = time.perf_counter()
    fill(database)
    click.echo(f"  a million mentions written in {time.perf_counter() - began:.0f} s", err=True)
    figures = [_figure(database, one) for one in COMMANDS]
    figures += _by_day(database)
    database.close()
    return figures + cost(new_database)


def cost(new_database: Callable[[], str]) -> list[Figure]:
    """What the indexes for figures cost each mention, with and without them in turns."""
    said = [ingest._said(number) for number in range(ingest.MENTIONS)]
    with_them, without = [], []
    for _ in range(3):
        with_them.append(ingest.MENTIONS / ingest._ours(new_database(), said))
        bare = new_database()
        database = Database(bare)
        with database.engine.begin() as connection:
            for index in INDEXES:
                connection.execute(text(f"DROP INDEX {index}"))
        database.close()
        without.append(ingest.MENTIONS / ingest._ours(bare, said))
    share = percentile(with_them, 0.5) / percentile(without, 0.5)
    return [
        Figure(
            "ingest with the indexes for figures, against without them",
            f"{spread(with_them, 'mentions/s')}; {spread(without, 'mentions/s')}; {share:.2f}",
        )
    ]


def _by_day(database: Database) -> list[Figure]:
    """A year from daily figures, and what these cost."""
    exact = _timed(lambda: _ask(database, LONG), 3)
    first = END.date() - timedelta(days=731)
    days, took = 0, []
    _begin_at(database, first)
    while True:
        began = time.perf_counter()
        with database.write() as session:
            day = rollup.next_day(session, END.date())
            if day is None:
                break
            rollup.count_day(session, day, is_next=True)
        took.append((time.perf_counter() - began) * 1000)
        days += 1
    return [
        Figure("a year second by second, if it is not counted by day yet", f"{exact:.0f} ms"),
        _figure(database, LONG),
        Figure(f"counting one of {days} days", f"{percentile(took, 0.5):.0f} ms a day"),
    ]


def _begin_at(database: Database, first: date) -> None:
    with database.write() as session:
        rollup.count_day(session, first, is_next=True)


def _figure(database: Database, asked: Asked) -> Figure:
    """The command and the plain query in turns, so that a busy moment meets both."""
    ours, bare = [], []
    plain = text(PLAIN["sqlite" if database.is_sqlite else "postgresql"].format(also=asked.also))
    for _ in range(RUNS):
        ours.append(_timed(lambda: _ask(database, asked), 1))
        bare.append(_timed(lambda: _plain(database, asked, plain), 1))
    middle, other = percentile(ours, 0.5), percentile(bare, 0.5)
    said = f"{middle:.0f} ms; plain query {other:.0f} ms, {middle / other:.1f} times"
    if asked is LONG:  # the target is for periods to 92 days
        return Figure(f"`{asked.words}`", said)
    return Figure(f"`{asked.words}`", said, f"< {MOST:.0f} ms", middle < MOST)


def _ask(database: Database, asked: Asked) -> None:
    period = read(asked.period, zone=LISBON, now=END)
    with database.read() as session:
        found = report(session, Question(period, asked.person, asked.channel), target=TARGET)
    assert found.now.heard


def _plain(database: Database, asked: Asked, query: object) -> None:
    period = read(asked.period, zone=LISBON, now=END)
    with database.read() as session:
        since, until = _spelled(period.since), _spelled(period.until)
        session.execute(query, {"since": since, "until": until}).all()  # type: ignore[call-overload]


def _spelled(at: datetime) -> str:
    """A moment as text that either engine compares with its own."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _timed(act: Callable[[], object], runs: int) -> float:
    """Milliseconds, the median of so many `runs`."""
    took = []
    for _ in range(runs):
        gc.collect()
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return percentile(took, 0.5)
