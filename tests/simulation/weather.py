"""What goes wrong in a run, and how often: drawn from the seed, or named."""

from dataclasses import dataclass
from random import Random

USUAL = (5.0, 15.0, 45.0, 120.0, 300.0, 600.0)
KEYS = ("none", "of the record", "of the request")  # as on X, on Bluesky, on Mastodon
PLANS = (USUAL, USUAL, (2.0, 5.0, 10.0, 20.0, 40.0), (1.0, 2.0, 4.0))


@dataclass(frozen=True)
class Weather:
    """One kind of bad day. What is not a number of seconds is a probability."""

    name: str
    lost: float = 0.1  # the answer, before or after the effect
    late: float = 0.02  # the effect comes a while after the caller has given up
    refused: float = 0.03  # each kind of a definite no, or of a "not now"
    broken: float = 0.02  # an error that nobody foresaw
    unread: float = 0.1  # a look that cannot be made
    frozen: float = 0.02  # a process stands still with the answer in its hands
    crash: float = 0.02  # at each point
    kills: float = 1.0  # on average, at any instant
    swaps: float = 0.0  # times, on average, that another account is connected for a while
    barge: float = 0.2  # somebody's code submits without looking whether the turn is free


KINDS = {
    weather.name: weather
    for weather in (
        Weather("fair", lost=0.02, crash=0.005, kills=0.2, unread=0.02),
        Weather("lossy", lost=0.5, late=0.1),
        Weather("refusing", refused=0.12, lost=0.1),
        Weather("frozen", frozen=0.4, lost=0.3, refused=0.15, crash=0.05),
        Weather("deadly", crash=0.12, kills=4.0),
        Weather("hasty", barge=1.0),
        Weather("swapped", swaps=3.0, lost=0.3, late=0.05, refused=0.06, kills=2.0),
        Weather(
            "all at once", swaps=1.0, lost=0.25, late=0.05, unread=0.3, frozen=0.1, crash=0.08, kills=3.0
        ),
    )
}


@dataclass(frozen=True)
class Climate:
    """The weather of one run, and what stays the same all through it."""

    weather: Weather
    plan: tuple[float, ...]  # RECONCILE_SECONDS
    lag: float  # seconds until our own posts can be read
    workers: int
    tickets: int
    undo: float
    duplicates: bool  # whether the network refuses the same words under the same post
    keys: str  # how the network knows a request that it gets twice, see `REPEAT_RULES` in net.py

    @property
    def longest_pause(self) -> float:
        """How long a process may stand still between its last look at the lease and the open socket.

        The one thing that no ledger can mend: see docs/explanation/reliability.md.
        """
        return self.plan[-1] / 3


def drawn(rng: Random, name: str | None) -> Climate:
    """The climate of a run."""
    weather = KINDS[name] if name else rng.choice(list(KINDS.values()))
    return Climate(
        weather=weather,
        plan=rng.choice(PLANS),
        lag=rng.choice((0.0, 0.0, 1.0, 20.0, 130.0, 900.0)),
        workers=rng.choice((1, 2, 2, 3)),
        tickets=rng.choice((1, 1, 2)),
        undo=rng.choice((0.0, 0.0, 10.0)),
        duplicates=rng.random() < 0.3,
        keys=rng.choice(KEYS),
    )
