"""`python -m tests.simulation`: run seeds, print what was seen, and how to see a failure again."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from multiprocessing import get_context
from typing import TypeVar

import click

from tests.revision import revision
from tests.simulation import team, world
from tests.simulation.weather import KINDS

AT_ONCE = 250  # seeds that one process does on one ledger: to make one takes as long as twenty runs
SIGN_OF_LIFE = 60.0  # seconds between two lines that say how far it is
Made, Came, Lot = TypeVar("Made"), TypeVar("Came"), TypeVar("Lot")


@click.command()
@click.option("--runs", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True, help="First seed; the others follow it.")
@click.option("--weather", type=click.Choice(list(KINDS)), help="Only this kind of fault.")
@click.option(
    "--team", "is_team", is_flag=True, help="Simulate people on three networks instead of deliveries."
)
@click.option("--jobs", default=1, show_default=True, help="Processes that share the work.")
@click.option("--failures", default=5, show_default=True, help="Stop after this many failing seeds.")
@click.option("--story", is_flag=True, help="Print everything that happened, even without a failure.")
def main(
    *, runs: int, seed: int, weather: str | None, is_team: bool, jobs: int, failures: int, story: bool
) -> None:
    """Simulate the delivery machine, or a team that answers together; exit code 1 if a rule was broken."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes of --jobs end as well
    if is_team and weather:
        raise click.UsageError("A team has no weather: give --team or --weather, not both.")
    seeds = range(seed, seed + runs)
    what = "a team on three networks" if is_team else f"weather: {weather or 'all kinds'}"
    click.echo(f"git {revision()}; seeds {seeds[0]} to {seeds[-1]}; {what}")
    counts: Counter[str] = Counter()
    failed: list[int] = []
    began = said = time.perf_counter()
    done = 0
    for outcome in _of_team(seeds, jobs) if is_team else _of_machine(seeds, weather, jobs):
        done += 1
        counts.update(outcome.counts)
        if outcome.violations or story:
            _tell(outcome, "--team " if is_team else f"--weather '{weather}' " if weather else "")
        if outcome.violations:
            failed.append(outcome.seed)
        if len(failed) >= failures:
            break
        if time.perf_counter() - said > SIGN_OF_LIFE:
            said = time.perf_counter()
            click.echo(f"… {done:,} of {runs:,}, the last of them seed {outcome.seed}", err=True)
    for what, number in sorted(counts.items()):
        click.echo(f"{number:11,}  {what}")
    verdict = f"FAILED, seeds {failed}" if failed else "no rule was broken"
    click.echo(f"{done:,} runs in {time.perf_counter() - began:.1f} s: {verdict}")
    sys.exit(bool(failed))


def _of_machine(seeds: Sequence[int], weather: str | None, jobs: int) -> Iterator[world.Outcome]:
    """What came of each seed of the delivery machine, in order."""
    if jobs > 1:
        return _shared_out(world.batch, [(lot, weather) for lot in _lots(seeds)], jobs)
    return _each(world.simulation, lambda made, seed: made.run(seed, weather), seeds)


def _of_team(seeds: Sequence[int], jobs: int) -> Iterator[team.History]:
    """What came of each seed of the team, in order."""
    if jobs > 1:
        return _shared_out(team.batch, _lots(seeds), jobs)
    return _each(team.histories, lambda made, seed: made.run(seed), seeds)


def _lots(seeds: Sequence[int]) -> list[Sequence[int]]:
    return [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]


def _each(
    begin: Callable[[], AbstractContextManager[Made]], run: Callable[[Made, int], Came], seeds: Sequence[int]
) -> Iterator[Came]:
    """Run them here, one after the other."""
    with begin() as made:
        yield from (run(made, seed) for seed in seeds)


def _shared_out(batch: Callable[[Lot], list[Came]], lots: Sequence[Lot], jobs: int) -> Iterator[Came]:
    """Run them in several processes."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        for outcomes in pool.map(batch, lots):
            yield from outcomes
    finally:
        pool.shutdown(cancel_futures=True)


def _tell(outcome: world.Outcome | team.History, only: str) -> None:
    climate = f", {outcome.climate}" if isinstance(outcome, world.Outcome) else ""
    click.echo(f"seed {outcome.seed}{climate}")
    for violation in outcome.violations:
        click.echo(f"  BROKEN: {violation}")
    if outcome.story:
        click.echo(outcome.story)
    click.echo(f"  again: python -m tests.simulation {only}--runs 1 --seed {outcome.seed} --story")


if __name__ == "__main__":
    main()
