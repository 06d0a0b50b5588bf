"""*Try it* in the modal of a track: from the press until the modal shows what a day would have brought."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.bench.figures import Figure, spread
from tests.story.commands.tracking import ask, furnish, press_try
from tests.story.harness import running

DAYS_POSTS, RUNS, TARGET_SECONDS = 5_000, 10, 3.0


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """The first press asks how many there are, the second which; the local X and Slack answer meanwhile."""
    counted, listed = [], []
    with running(new_database()) as bot:
        furnish(bot)
        began = datetime.now(UTC) - timedelta(hours=23)
        for number in range(DAYS_POSTS):
            said_at = began + timedelta(hours=22) * number / DAYS_POSTS
            bot.post(f"would a fern like the {number}th window?", author=f"fan{number % 500}", at=said_at)
        for run in range(RUNS):
            modal = ask(bot).write({"query": f"fern -nothing{run}"})
            start = time.perf_counter()
            press_try(bot, modal, f"{DAYS_POSTS:,} posts")
            counted.append(time.perf_counter() - start)
            start = time.perf_counter()
            press_try(bot, modal, "the newest")
            listed.append(time.perf_counter() - start)
    return [
        Figure(
            f"*Try it* of a track that {DAYS_POSTS:,} posts of the day match: how many",
            spread(counted, "s", 2),
        ),
        Figure(
            "which, on the second press",
            spread(listed, "s", 2),
            f"< {TARGET_SECONDS:.0f} s",
            max(listed) < TARGET_SECONDS,
        ),
    ]
