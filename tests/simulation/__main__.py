"""`python -m tests.simulation`: run seeds, print what was seen, and how to see a failure again."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import click

from tests.revision import revision
from tests.simulation.weather import KINDS
from tests.simulation.world import Outcome, batch, simulation

AT_ONCE = 50  # seeds that one process does on one ledger


@click.command()
@click.option("--runs", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True, help="The first; the others count up from it.")
@click.option("--weather", type=click.Choice(list(KINDS)), help="Only this kind of day.")
@click.option("--jobs", default=1, show_default=True, help="Processes that share the work.")
@click.option("--failures", default=5, show_default=True, help="Stop after so many failing seeds.")
@click.option("--story", is_flag=True, help="Print all that happened, also if nothing went wrong.")
def main(*, runs: int, seed: int, weather: str | None, jobs: int, failures: int, story: bool) -> None:
    """Simulate the delivery machine; exit code 1 if a rule was broken."""
    seeds = range(seed, seed + runs)
    click.echo(f"git {revision()}; seeds {seeds[0]} to {seeds[-1]}; weather: {weather or 'all kinds'}")
    counts: Counter[str] = Counter()
    failed: list[int] = []
    began, done = time.perf_counter(), 0
    for outcome in _outcomes(seeds, weather, jobs):
        done += 1
        counts.update(outcome.counts)
        if outcome.violations or story:
            _tell(outcome, weather)
        if outcome.violations:
            failed.append(outcome.seed)
        if len(failed) >= failures:
            break
    for what, number in sorted(counts.items()):
        click.echo(f"{number:11,}  {what}")
    verdict = f"FAILED, seeds {failed}" if failed else "no rule was broken"
    click.echo(f"{done:,} runs in {time.perf_counter() - began:.1f} s: {verdict}")
    sys.exit(bool(failed))


def _outcomes(seeds: Sequence[int], weather: str | None, jobs: int) -> Iterator[Outcome]:
    """What came of each seed, in order."""
    lots = [(seeds[start : start + AT_ONCE], weather) for start in range(0, len(seeds), AT_ONCE)]
    if jobs == 1:
        with simulation() as world:
            yield from (world.run(seed, weather) for seed in seeds)
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        for outcomes in pool.map(batch, lots):
            yield from outcomes
    finally:
        pool.shutdown(cancel_futures=True)


def _tell(outcome: Outcome, weather: str | None) -> None:
    click.echo(f"seed {outcome.seed}, {outcome.climate}")
    for violation in outcome.violations:
        click.echo(f"  BROKEN: {violation}")
    if outcome.story:
        click.echo(outcome.story)
    only = f" --weather '{weather}'" if weather else ""
    click.echo(f"  again: python -m tests.simulation --runs 1 --seed {outcome.seed}{only} --story")


if __name__ == "__main__":
    main()
