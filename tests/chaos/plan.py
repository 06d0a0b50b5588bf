"""How much of what, and from which seed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """One run of chaos. Shares are probabilities of one call, times are in seconds."""

    engine: str  # sqlite or postgresql
    seed: int = 1
    replies: int = 0  # submitted straight into the ledger, as the composer does
    elsewhere: int = 0  # replies on Mastodon and as many on Bluesky, submitted in the same way
    presses: int = 0  # replies that are pressed and typed in Slack
    mentions: int = 0  # posted on X while everything runs
    kills: int = 0  # at least so many,
    each: int = 0  # and each crash point so often
    lost: float = 0.05  # answers of X to a post
    losses: int = 0  # at least so many of them in all
    spoilt: float = 0.05  # answers to any other call
    lag: float = 1.0  # until X shows our own posts to ourselves
    looks: str = "1,2,4,8"  # RECONCILE_SECONDS
    workers: int = 2  # on PostgreSQL
    outages: tuple[float, float] | None = None  # PostgreSQL is struck down every so many seconds
    cuts: float | None = None  # about so often no network is there for two seconds
    life: float = 3.0  # of a process, on average, while there is killing
    lasts: float = 0.0  # the killing and striking goes on at least so long,
    most: float = 7200.0  # and no longer than this, whatever chance has not brought about by then
    takeover: float | None = None  # the work of the dead must be in other hands by then
    patience: float = 120.0  # from the last kill on, until all must have come to its end
    posts_per_second: float = 50.0  # Slack's budgets, raised
    updates_per_minute: float = 3000.0
    durable: bool = False  # PostgreSQL with fsync
