"""From the start of the process to the first poll, and how much memory the idle bot holds."""

import time
from collections.abc import Callable
from statistics import median

from tests.bench.figures import Figure, spread
from tests.bench.stage import Stage, bot, serving, stage, until

STARTS, POLLS = 5, 5


def measure(new_database: Callable[[], str], empty_database: Callable[[], str]) -> list[Figure]:
    """Starts with a ledger at the newest schema, then with an empty database; then a few polls."""
    migrated = [_seconds(new_database()) for _ in range(STARTS)]
    empty = [_seconds(empty_database()) for _ in range(STARTS)]
    with stage(new_database()) as on:
        memory = _idle_memory(on)
    return [
        Figure("Start to first poll", spread(migrated, "s", 2), "< 2 s", median(migrated) < 2),
        Figure("the same, migrating an empty database first", spread(empty, "s", 2), "", None),
        Figure(f"Memory after {POLLS} polls and some presses", f"{memory:.0f} MB", "< 120 MB", memory < 120),
    ]


def _seconds(url: str) -> float:
    """Until X is asked for mentions; who we are it was asked before."""
    with stage(url) as on:
        began = time.time()
        with bot(on, poll_seconds=3600):
            until(on.asked)
        return on.asked()[0] - began


def _idle_memory(on: Stage) -> float:
    with bot(on, poll_seconds=1) as running:
        until(lambda: len(on.asked()) >= POLLS)
        serving(running.port)
        for _ in range(POLLS):
            assert on.slack.person("U0ANA").command("/mentions", "stats").ok
        return running.megabytes
