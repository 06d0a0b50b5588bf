"""What a person waits for who asks for figures, with a million mentions in the ledger; beside one plain query."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from models.core.database import Database
from models.core.period import StatsQuery, parse_period
from models.reports import daily_rollup
from models.reports.counts import FIRST_REPLY
from models.reports.report import PeriodStats, build_report
from tests.bench import ingest
from tests.bench.figures import Figure, beside, timed
from tests.bench.million import CHANNELS, END, TEAM, filled, spelled

TARGET = timedelta(minutes=30)
LISBON = ZoneInfo("Europe/Lisbon")
MOST = 500.0  # ms
INDEXES = (
    "ix_mentions_posted_at_network",
    "ix_tickets_opened_at",
    "ix_tickets_uncounted",
    "ix_turns_uncounted",
)
NEAR = 1.0  # seconds: the plain query does not cut off what is behind the point

# The same question as one plain query: what was heard, what became of it, and how fast, by the engine alone.
_HEARD = """
    SELECT count(*) FROM mentions m {joined}
    WHERE m.posted_at >= :since AND m.posted_at < :until AND m.network <> 'canary' {also}
"""
_MINE = """
    SELECT state, reason, {took} AS took FROM tickets t
    WHERE opened_at >= :since AND opened_at < :until AND t.network <> 'canary' {also}
"""
PLAIN = {
    "sqlite": f"""
        WITH mine AS ({_MINE.format(took="(julianday(first_reply_at) - julianday(opened_at)) * 86400", also="{also}")}),
        fast AS (
            SELECT took, row_number() OVER (ORDER BY took) - 1 AS place, count(*) OVER () - 1 AS last
            FROM mine WHERE took IS NOT NULL
        )
        SELECT state, reason, count(*) AS number,
            (SELECT sum(took * max(0, 1 - abs(place - last * 0.5))) FROM fast) AS half,
            (SELECT sum(took * max(0, 1 - abs(place - last * 0.9))) FROM fast) AS most,
            ({_HEARD}) AS heard
        FROM mine GROUP BY state, reason
    """,
    "postgresql": f"""
        WITH mine AS ({_MINE.format(took="extract(epoch FROM first_reply_at - opened_at)", also="{also}")})
        SELECT state, reason, count(*) AS number,
            (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FROM mine) AS half,
            (SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY took) FROM mine) AS most,
            ({_HEARD}) AS heard
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

    def plain(self, database: Database) -> str:
        """The same as one plain query."""
        also = f"AND '{self.person}' IN (owner, first_reply_by, closed_by)" if self.person else ""
        also += f" AND channel = '{self.channel}'" if self.channel else ""
        joined = "JOIN tickets t ON t.id = m.ticket_id" if also else ""
        return PLAIN[database.engine.dialect.name].format(also=also, joined=joined)


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
    database = filled(new_database)
    figures = [_figure(database, one) for one in COMMANDS]
    figures += _by_day(database)
    database.close()
    return [*figures, ingest.cost("figures", INDEXES, new_database)]


def _by_day(database: Database) -> list[Figure]:
    """A year from daily figures, and what these cost."""
    exact = median(timed(lambda: _ask(database, LONG)) for _ in range(3))
    first = END.date() - timedelta(days=731)
    days, took = 0, []
    _begin_at(database, first)
    while True:
        began = time.perf_counter()
        with database.write() as session:
            day = daily_rollup.first_uncounted_day(session, END.date())
            if day is None:
                break
            daily_rollup.count_day(session, day, is_next=True)
        took.append((time.perf_counter() - began) * 1000)
        days += 1
    return [
        Figure("a year from single rows, before daily figures exist", f"{exact:.0f} ms"),
        _figure(database, LONG),
        Figure(f"computing one of {days} days", f"{median(took):.0f} ms a day"),
    ]


def _begin_at(database: Database, first: date) -> None:
    with database.write() as session:
        daily_rollup.count_day(session, first, is_next=True)


def _figure(database: Database, asked: Asked) -> Figure:
    """The command beside the plain query, once they have said the same."""
    is_long = asked is LONG  # the target is for periods to 92 days, and days are UTC's there
    if not is_long:
        _same(_ask(database, asked), _plain(database, asked))
    return beside(
        f"`{asked.words}`",
        lambda: _ask(database, asked),
        lambda: _plain(database, asked),
        most=None if is_long else MOST,
    )


def _ask(database: Database, asked: Asked) -> PeriodStats:
    period = parse_period(asked.period, zone=LISBON, now=END)
    with database.read() as session:
        return build_report(session, StatsQuery(period, asked.person, asked.channel), target=TARGET).current


def _plain(database: Database, asked: Asked) -> Sequence[Row[Any]]:
    period = parse_period(asked.period, zone=LISBON, now=END)
    moments = {"since": spelled(period.since), "until": spelled(period.until)}
    with database.read() as session:
        return session.execute(text(asked.plain(database)), moments).all()


def _same(ours: PeriodStats, plain: Sequence[Row[Any]]) -> None:
    """Both have counted the same, and tell the same times."""
    outcomes = Counter[str]()
    for row in plain:
        outcome = "waiting" if row.state == "snoozed" else row.state
        outcomes["handed off" if row.reason == "handed off" else outcome] += row.number
    assert ours.heard == plain[0].heard, (ours.heard, plain[0].heard)
    assert {name: number for name, number in ours.outcomes.items() if number} == outcomes
    first = ours.times[FIRST_REPLY]
    for told, said in ((first.median, plain[0].half), (first.p90, plain[0].most)):
        assert told is not None
        assert abs(told.total_seconds() - float(said)) <= NEAR, (told, said)
