"""5,000 mentions in five minutes: how far the ledger is behind, what memory does, and what the channel shows."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import create_engine, text

from models.core.database import Database, normal_url
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bench.figures import Figure
from tests.bench.stage import Running, Stage, bot, stage, until

MENTIONS, SECONDS, TRACKS = 5_000, 300, 100
BEHIND_MAX_SECONDS = 2.0
GROWTH_MAX = 1.10  # of memory, from the second minute to the last
WORDS = ("apple", "berry", "citrus", "date", "elder", "fig", "grape", "hazel", "iris", "juniper")


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """A bot with a hundred tracks that reads every second, at Slack's own pace, until all is in the ledger."""
    url = new_database()
    with stage(url) as on:
        on.slack.world.limits.enforce = True
        on.x.world.limits.factor = 1_000
        _track(url, on.x.world.brand.id)
        with bot(on, poll_seconds=1, spike_per_minute=20) as ours:
            until(on.asked)
            memory = _flood(on, ours)
            until(on.counter(f"SELECT count(*) = {MENTIONS} FROM mentions"), every=0.1)
            memory.append(ours.megabytes)
            time.sleep(5)  # for the last pages of the shared card
        behind = _behind(url)
        listed = on.count("SELECT count(*) FROM tickets WHERE state = 'waiting'")
        grouped = on.count("SELECT count(*) FROM tickets WHERE group_id IS NOT NULL")
        cards = len(on.cards())
    grew = memory[-1] / memory[1]
    return [
        Figure(
            f"{MENTIONS:,} mentions in five minutes, {TRACKS} tracks: the ledger is behind X at most",
            f"{max(behind):.1f} s, median {sorted(behind)[len(behind) // 2]:.1f} s, polled every second",
            f"< {BEHIND_MAX_SECONDS:.0f} s",
            max(behind) < BEHIND_MAX_SECONDS,
        ),
        Figure(
            "memory after each minute",
            ", ".join(f"{one:.0f} MB" for one in memory),
            f"last / second ≤ {GROWTH_MAX:.2f}",
            grew <= GROWTH_MAX,
        ),
        Figure(
            "of them waiting; on the spike's card; messages in the channel",
            f"{listed:,}; {grouped:,}; {cards}",
            f"{MENTIONS:,} waiting",
            listed == MENTIONS,
        ),
    ]


def _track(url: str, account: str) -> None:
    """Searches beside the mentions, which find nothing."""
    database = Database(url)
    with database.write() as session:
        for number in range(TRACKS):
            draft = TrackDraft("search", "x", f"beerword{number}", account)
            track_rules.add(session, draft, at=datetime.now(UTC))
    database.close()


def _flood(on: Stage, ours: Running) -> list[float]:
    """Post all, evenly; the bot's memory after each minute."""
    began, memory = time.monotonic(), []
    for number in range(MENTIONS):
        due = began + number * SECONDS / MENTIONS
        time.sleep(max(due - time.monotonic(), 0))
        handle = f"fan{number}"
        on.x.world.add_user(handle, handle.title(), followers=number)
        on.x.world.post(handle, f"@acmebrew {WORDS[number % 10]} in beer {number}?")
        if number and number % (MENTIONS * 60 // SECONDS) == 0:
            memory.append(ours.megabytes)
    return memory


def _behind(url: str) -> list[float]:
    """By how many seconds each mention was in the ledger after it was on X."""
    engine = create_engine(normal_url(url))
    seconds = {
        "sqlite": "(julianday(seen_at) - julianday(posted_at)) * 86400",
        "postgresql": "EXTRACT(EPOCH FROM seen_at - posted_at)",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return [float(one) for (one,) in connection.execute(text(f"SELECT {seconds} FROM mentions"))]
