"""From a post on Bluesky or Mastodon to its card in Slack: by streams, by polls, and while the other is down."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.bluesky import BlueskyServer
from sandbox.mastodon import MastodonServer
from sandbox.slack.workspace.message import Message
from tests.bench.figures import Figure, percentile
from tests.bench.stage import Stage, bot, stage, until

POSTS, POSTS_IN_OUTAGE = 30, 10
POLL_SECONDS = 2
STREAM_TARGET_SECONDS = 3.0
OUTAGES = (
    ("Mastodon", "server_error_before", "answers each call with a 500"),
    ("Mastodon", "slow_before", "answers nothing"),
    ("Bluesky", "server_error_before", "answers each call with a 500"),
    ("Bluesky", "slow_before", "answers nothing"),
)


@dataclass(frozen=True)
class Networks:
    """A local Bluesky and a local Mastodon."""

    bluesky: BlueskyServer
    mastodon: MastodonServer

    @property
    def settings(self) -> dict[str, object]:
        """What the bot is told of both."""
        return {
            "mastodon_url": self.mastodon.url,
            "mastodon_access_token": "token",
            "bluesky_url": self.bluesky.url,
            "bluesky_handle": "acmebrew.test",
            "bluesky_app_password": self.bluesky.world.app_password(),
        }

    def say(self, network: str, words: str) -> None:
        """Let Maria mention us."""
        if network == "Mastodon":
            self.mastodon.world.post("maria@books.example", f"@acmebrew {words}")
        else:
            self.bluesky.world.post("maria.test", f"@acmebrew.test {words}")

    @contextmanager
    def outage(self, network: str, kind: str) -> Iterator[None]:
        """Let each call to one of the networks fail."""
        faults = (self.mastodon if network == "Mastodon" else self.bluesky).world.faults
        faults.add("*", kind, seconds=3600)  # type: ignore[arg-type]
        yield
        faults.clear()


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """With streams and a poll a minute, then without and a poll every two seconds; each in a new bot."""
    by_streams = _figures(new_database(), "streams on", STREAM_TARGET_SECONDS, poll_seconds=60)
    by_polls = _figures(
        new_database(),
        f"streams off, a poll every {POLL_SECONDS} s",
        POLL_SECONDS + 1.0,
        streams="off",
        poll_seconds=POLL_SECONDS,
    )
    return by_streams + by_polls


def _figures(url: str, how: str, most: float, **settings: object) -> list[Figure]:
    figures = []
    with stage(url) as on, _networks() as networks:
        given = {**networks.settings, **settings, "slack_posts_per_second": 100}
        with bot(on, **given):
            _wait_for_both(on, networks, "start")
            usual = _seconds(on, networks, "usual", ("Bluesky", "Mastodon"), POSTS)
            figures += [
                _figure(f"From a post on {name} to its card, {how}", took, most)
                for name, took in usual.items()
            ]
            for down, kind, words in OUTAGES:
                (other,) = {"Bluesky", "Mastodon"} - {down}
                _wait_for_both(on, networks, f"{down} {kind}")
                with networks.outage(down, kind):
                    during = _seconds(on, networks, f"{down} {kind}", (other,), POSTS_IN_OUTAGE)[other]
                figures.append(_figure(f"{other}, {how}, while {down} {words}", during, most))
    return figures


@contextmanager
def _networks() -> Iterator[Networks]:
    with BlueskyServer() as bluesky, MastodonServer() as mastodon:
        bluesky.world.add_user("maria.test", "Maria")
        mastodon.world.add_user("maria@books.example", "Maria")
        yield Networks(bluesky, mastodon)


def _wait_for_both(on: Stage, networks: Networks, words: str) -> None:
    """Wait until both are read: after an outage of its own a network is asked again only after a while."""
    for name in ("Bluesky", "Mastodon"):
        networks.say(name, f"{words}, {name} first.")
    for name in ("Bluesky", "Mastodon"):
        until(lambda text=f"{words}, {name} first.": _card(on, text))  # type: ignore[misc]


def _seconds(
    on: Stage, networks: Networks, words: str, names: Sequence[str], posts: int
) -> dict[str, list[float]]:
    """How long each card took, one post at a time on each network."""
    took: dict[str, list[float]] = {name: [] for name in names}
    for number in range(posts):
        time.sleep(random.uniform(1.0, 1.0 + POLL_SECONDS))  # anywhere between two polls
        began = {}
        for name in names:
            began[name] = time.time()
            networks.say(name, f"{words} {name} {number}.")
        for name in names:
            card = until(lambda text=f"{words} {name} {number}.": _card(on, text))  # type: ignore[misc]
            took[name].append(float(card.ts) - began[name])
    return took


def _card(on: Stage, words: str) -> Message | None:
    return next((card for card in on.cards() if words in str(card.text)), None)


def _figure(what: str, took: Sequence[float], most: float) -> Figure:
    late = percentile(took, 0.95)
    said = f"p50 {percentile(took, 0.5):.2f} s, p95 {late:.2f} s ({len(took)} posts)"
    return Figure(what, said, f"p95 ≤ {most:g} s", late <= most)
