"""What a job that the clock starts says of itself, beside its code; `bot.scheduler` runs them."""

from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.triggers.cron import CronTrigger

from bot.context import BotContext
from bot.networks.base import Network, ReadCall
from bot.settings import Settings


def lease_name(job: str, network: Network) -> str:
    """Return what a job is called in leases: `poll x`, or `poll x 7` for an account that was connected."""
    return f"{job} {network.name} {network.connection}".rstrip()


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """Something that one worker at a time does every `interval_seconds`, under a lease of that `name`.

    It comes for the first time after `first_delay_seconds`, or after one interval if that is None.
    """

    name: str
    run: Callable[[BotContext], object]
    interval_seconds: float
    first_delay_seconds: float | None = None
    is_enabled: Callable[[Settings], bool] = lambda _settings: True


@dataclass(frozen=True, slots=True)
class NetworkJob:
    """The same, done for each connected account by itself, whose network's name follows in the lease.

    The interval may depend on the settings. With a `trigger` the job comes when that says so, and
    `interval_seconds` is how long ago anybody must have done it last. It runs only
    for networks that have the reading call `needs`, if that is set, and `once_per_network` for the first of
    its accounts only.
    """

    name: str
    run: Callable[[BotContext, Network], object]
    interval_seconds: float | Callable[[Settings], float]
    first_delay_seconds: float | None = None
    trigger: CronTrigger | None = None
    needs: ReadCall | None = None
    once_per_network: bool = False
