"""A local Mastodon and a local Bluesky beside X: who asks there, what goes wrong there, and what they show."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from typing import Any

from pydantic import SecretStr

from bot.networks.base import Network
from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.settings import BlueskySettings
from bot.networks.mastodon.client import MastodonNetwork
from bot.networks.mastodon.settings import MastodonSettings
from sandbox.bluesky import BlueskyServer, BlueskyWorld
from sandbox.bluesky import faults as bluesky_faults
from sandbox.bluesky.state.world import ENDPOINT_NAMES
from sandbox.mastodon import MastodonServer, MastodonWorld
from sandbox.mastodon import faults as mastodon_faults
from sandbox.mastodon.state.endpoint_names import ENDPOINTS
from tests.chaos.plan import Plan
from tests.chaos.weather import LOST, SPOILT

PEOPLE = 10  # on each
MASTODON, BLUESKY = "mastodon", "bluesky"
POSTING = {MASTODON: "POST /api/v1/statuses", BLUESKY: "POST com.atproto.repo.putRecord"}
_HANDLE_IN_FRONT = re.compile(r"^@\S+ ")


class Dice:
    """Faults that come by themselves, drawn from the seed, and counted."""

    def __init__(self, plan: Plan, network: str, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.calm = False
        self.network = network
        self._plan = plan
        self._rng, self._lock = Random(seed), threading.Lock()

    @property
    def lost(self) -> int:
        """How many answers to a post never came, or could not be read."""
        return sum(self.counts[f"{self.network} post: {kind}"] for kind in LOST)

    def draw(self, endpoint: str) -> tuple[str, float] | None:
        """The kind and the seconds of the fault of one call, if there is one."""
        if self.calm:
            return None
        is_post = endpoint == POSTING[self.network]
        share = self._plan.lost if is_post else self._plan.spoilt
        with self._lock:
            throw = self._rng.random()
            if throw < share:
                kind = self._rng.choice(LOST if is_post else SPOILT)
            elif throw < share * 1.2:
                kind = "rate_limited" if throw < share * 1.1 else "slow"
            else:
                return None
            self.counts[f"{self.network} {'post' if is_post else 'other call'}: {kind}"] += 1
        return kind, 1.0


class MastodonWeather(mastodon_faults.Faults):
    """What goes wrong on the local Mastodon."""

    def __init__(self, dice: Dice) -> None:
        super().__init__(ENDPOINTS)
        self.dice = dice

    def take(self, endpoint: str) -> tuple[mastodon_faults.Fault, ...]:
        """The faults of one call: those that are switched on, and what the dice give."""
        drawn = self.dice.draw(endpoint)
        own: Any = [mastodon_faults.Fault(endpoint, drawn[0], 1, drawn[1])] if drawn else []  # type: ignore[arg-type]
        return (*super().take(endpoint), *own)


class BlueskyWeather(bluesky_faults.Faults):
    """What goes wrong on the local Bluesky."""

    def __init__(self, dice: Dice) -> None:
        super().__init__(ENDPOINT_NAMES)
        self.dice = dice

    def take(self, endpoint: str) -> tuple[bluesky_faults.Fault, ...]:
        """The faults of one call: those that are switched on, and what the dice give."""
        drawn = self.dice.draw(endpoint)
        own: Any = [bluesky_faults.Fault(endpoint, drawn[0], 1, drawn[1])] if drawn else []  # type: ignore[arg-type]
        return (*super().take(endpoint), *own)


class Elsewhere:
    """The two networks in one run."""

    def __init__(self, mastodon: MastodonServer, bluesky: BlueskyServer, dice: tuple[Dice, Dice]) -> None:
        self.mastodon, self.bluesky, self.dice = mastodon, bluesky, dice
        for number in range(PEOPLE):
            mastodon.world.add_user(f"fan{number}@books.example", f"Fan {number}")
            bluesky.world.add_user(f"sky{number}.test", f"Fan {number}")
        reads = frozenset({"read", "write:statuses"})
        self._token = mastodon.world.grants.grant(mastodon.world.brand.id, reads).secret
        self._password = bluesky.world.app_password()

    def environment(self) -> dict[str, str]:
        """What a process of the bot is told of them."""
        return {
            "MASTODON_URL": self.mastodon.url,
            "MASTODON_ACCESS_TOKEN": self._token,
            "BLUESKY_URL": self.bluesky.url,
            "BLUESKY_HANDLE": self.bluesky.world.brand.handle,
            "BLUESKY_APP_PASSWORD": self._password,
            "STREAMS": "off",
        }

    def networks(self) -> tuple[Network, ...]:
        """The same accounts, for what a teammate's press needs of them."""
        mastodon = MastodonSettings(url=self.mastodon.url, access_token=SecretStr(self._token))
        bluesky = BlueskySettings(
            url=self.bluesky.url,
            handle=self.bluesky.world.brand.handle,
            app_password=SecretStr(self._password),
        )
        return MastodonNetwork(mastodon), BlueskyNetwork(bluesky)

    def ask(self, number: int) -> None:
        """Let two people ask something, one on each of them, for the time number `number`.

        Their handles differ, as the same words by one person on two networks would be one ticket.
        """
        who, brand = number % PEOPLE, self.bluesky.world.brand.handle
        self.mastodon.world.post(f"fan{who}@books.example", f"@acmebrew question {number}")
        self.bluesky.world.post(f"sky{who}.test", f"@{brand} question {number}")

    def shown(self) -> dict[str, Counter[str]]:
        """What our account shows on each of them, without the handle that Mastodon needs in front."""
        mastodon, bluesky = self.mastodon.world, self.bluesky.world
        statuses = mastodon.posts_by("acmebrew")
        return {
            MASTODON: Counter(_HANDLE_IN_FRONT.sub("", one.text) for one in statuses),
            BLUESKY: Counter(one.value["text"] for one in bluesky.posts_by(bluesky.brand.handle)),
        }

    def cut(self) -> None:
        """Let nobody reach them."""
        for server in (self.mastodon, self.bluesky):
            server.world.faults.add("*", "down")

    def mend(self) -> None:
        """Let everybody reach them again."""
        for server in (self.mastodon, self.bluesky):
            server.world.faults.clear("*", "down")


@contextmanager
def elsewhere(plan: Plan) -> Iterator[Elsewhere | None]:
    """Both servers, as long as a run lasts; None if the plan wants nothing of them."""
    if not plan.elsewhere:
        yield None
        return
    mastodon, bluesky = MastodonWorld(), BlueskyWorld()
    dice = Dice(plan, MASTODON, plan.seed + 4), Dice(plan, BLUESKY, plan.seed + 5)
    mastodon.faults, bluesky.faults = MastodonWeather(dice[0]), BlueskyWeather(dice[1])
    mastodon.limits.factor = bluesky.limits.factor = 1_000_000
    with ExitStack() as open_:
        servers = open_.enter_context(MastodonServer(mastodon)), open_.enter_context(BlueskyServer(bluesky))
        yield Elsewhere(*servers, dice)
