"""A measured figure beside its target, and the few statistics that it takes."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

RUNS = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in words; `met` is None where no target was set."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None

    def row(self) -> str:
        """One line of a Markdown table."""
        verdict = {True: "met", False: "**NOT met**", None: ""}[self.met]
        return f"| {self.what} | {self.measured} | {self.target} | {verdict} |"


def table(figures: Sequence[Figure]) -> str:
    """All of them, as Markdown."""
    head = ["| What | Measured | Target | |", "|---|---|---|---|"]
    return "\n".join([*head, *(figure.row() for figure in figures)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed: of 500, the 99th percentile is the 495th."""
    rising = sorted(values)
    return rising[max(-int(-share * len(rising) // 1), 1) - 1]


def spread(values: Sequence[float], unit: str = "ms", digits: int = 0) -> str:
    """The median, and between what all lay."""
    middle, low, high = (f"{value:.{digits}f}" for value in (median(values), min(values), max(values)))
    return f"{middle} {unit} ({low} to {high}, {len(values)} runs)"


def beside(
    what: str, ours: Callable[[], object], plain: Callable[[], object], *, most: float | None = None
) -> Figure:
    """`ours` and one `plain` query in turns, so that a busy moment meets both; `most` ms is the target."""
    took: tuple[list[float], list[float]] = [], []
    for _ in range(RUNS):
        for act, times in zip((ours, plain), took, strict=True):
            times.append(timed(act))
    middle, bare = median(took[0]), median(took[1])
    said = f"{spread(took[0])}; plain query {spread(took[1])}; {middle / bare:.1f} times"
    return Figure(what, said) if most is None else Figure(what, said, f"< {most:.0f} ms", middle < most)


def timed(act: Callable[[], object]) -> float:
    """Milliseconds, with the garbage of others gone."""
    gc.collect()
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
