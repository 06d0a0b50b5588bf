"""`python -m tests.chaos.full`: every bar at its full size, one after the other; exit code 1 if one broke."""

import os
import platform
import sys
import time

import click

from tests import postgres
from tests.chaos.__main__ import take_leave, tell
from tests.chaos.plan import Plan
from tests.chaos.run import run
from tests.revision import revision

USUAL = "5,15,45,120,300,600"
REPLIES = {
    "replies": 8_000,
    "elsewhere": 1_000,
    "presses": 30,
    "kills": 200,
    "each": 3,
    "lost": 0.1,
    "losses": 400,
}
REPLIES |= {"lag": 2.0, "looks": "1,2,4,8,16", "patience": 3600.0}
REPLIES |= {"posts_per_second": 2.0, "updates_per_minute": 120.0}
MENTIONS = {"mentions": 10_000, "kills": 200, "each": 3, "patience": 900.0}
BARS: dict[str, dict[str, object]] = {
    "replies-sqlite": {"engine": "sqlite", **REPLIES},
    "replies-postgresql": {"engine": "postgresql", **REPLIES},
    "stale-reads": {
        "engine": "sqlite",
        "replies": 300,
        "lost": 0.3,
        "lag": 20.0,
        "looks": USUAL,
        "patience": 1500.0,
    },
    "mentions-sqlite": {"engine": "sqlite", **MENTIONS},
    "mentions-postgresql": {"engine": "postgresql", **MENTIONS},
    "taken-over": {
        "engine": "postgresql",
        "replies": 1000,
        "kills": 30,
        "lost": 0.0,
        "life": 20.0,
        "takeover": 15.0,
        "patience": 300.0,
    },
    "outages": {
        "engine": "postgresql",
        "replies": 3000,
        "mentions": 3000,
        "presses": 30,
        "kills": 40,
        "life": 25.0,
        "outages": (5.0, 20.0),
        "cuts": 45.0,
        "lasts": 600.0,
        "patience": 900.0,
    },
}


@click.command()
@click.option("--only", type=click.Choice(list(BARS)), multiple=True, help="These alone.")
@click.option("--seed", type=int, help="Drawn, if not given.")
def main(only: tuple[str, ...], seed: int | None) -> None:
    """Every bar of the chaos at its full size."""
    take_leave()
    seed = seed or time.time_ns() % 1_000_000
    click.echo(f"git {revision()}, seed {seed}, Python {platform.python_version()}, {os.cpu_count()} cores")
    click.echo(postgres.describe())
    broken = []
    for name in only or BARS:
        click.echo(f"\n=== {name} ===")
        report = run(Plan(seed=seed, durable=True, **BARS[name]))  # type: ignore[arg-type]
        tell(report)
        if report.verdict.broken or report.verdict.missed:
            broken.append(name)
    click.echo(f"\nBROKEN: {', '.join(broken)}" if broken else "\nEvery bar held.")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
