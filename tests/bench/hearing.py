"""From X to a card: one mention at an idle bot, a burst, Slack's pace, and what a poll costs us."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from unittest.mock import patch

from bot.ingest import poller, track_search
from models import Cursor
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from sandbox.slack.workspace.message import Message
from sandbox.x.api.dispatch import answer
from tests.bench.figures import Figure, spread
from tests.bench.stage import Stage, bot, stage, until
from tests.stage import context

IDLE, BURST, BURSTS, PACED, POLLS, PAGE, TRACKS = 12, 500, 3, 30, 20, 100, 1_000


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """All four, each between a new Slack and a new X."""
    with stage(new_database()) as idle:
        delays = _idle(idle)
    bursts = []
    for _ in range(BURSTS):
        with stage(new_database()) as burst:
            bursts.append(_burst(burst))
    with stage(new_database()) as paced:
        told = _paced(paced)
    own, searched = _own_time(new_database()), _own_search_time(new_database())
    ledger, rate, lost = ([one[part] for one in bursts] for part in range(3))
    return [
        Figure(
            "From a mention in X's response to its card in Slack, idle bot",
            spread(delays),
            "< 1 s",
            max(delays) < 1000,
        ),
        Figure(
            f"A burst of {BURST} mentions is stored",
            spread(ledger, "s", 2),
            "< 2 s",
            median(ledger) < 2,
        ),
        Figure("their cards, rate limit raised to 1,000/s", spread(rate, "cards/s")),
        Figure("cards lost or duplicated", str(sum(lost)), "none", sum(lost) == 0),
        told,
        Figure(f"Heard's own time for a poll of {PAGE} posts", spread(own), "< 150 ms", median(own) < 150),
        Figure(
            f"Heard's own time for a search that finds {PAGE} posts, with {TRACKS:,} tracks",
            spread(searched),
            "< 100 ms",
            median(searched) < 100,
        ),
    ]


def _idle(on: Stage) -> list[float]:
    """Milliseconds from X's answer (it holds a mention) to the card: profile, ledger, drawing and posting."""
    delays = []
    with bot(on, poll_seconds=1):
        until(on.asked)
        for number in range(IDLE):
            time.sleep(random.uniform(1.5, 2.5))  # anywhere between two polls; never over Slack's pace
            began = time.time()
            _say(on, f"idle {number}", author=f"idle{number}")
            card = _card(on, f"idle {number} ")
            answered = next(at for at in on.asked() if at >= began)
            delays.append((float(card.ts) - answered) * 1000)
    return delays


def _card(on: Stage, words: str) -> Message:
    """The card with these words, once it is there."""
    return until(lambda: [card for card in on.cards() if words in card.text])[0]


def _burst(on: Stage) -> tuple[float, float, int]:
    """Seconds from X's first answer to all in the ledger; cards a second; cards too few or too many.

    The bot is stopped in between: what it had not drawn yet the next one draws, at a raised pace.
    """
    with bot(on, poll_seconds=5):
        heard = on.counter("SELECT count(*) FROM mentions")
        until(on.counter("SELECT count(*) FROM cursors WHERE read_at IS NOT NULL AND name = 'mentions'"))
        with on.x.world.lock:  # X answers once all are there
            for number in range(BURST):
                _say(on, f"burst {number}", author=f"burst{number}")
            said = time.time()
        until(lambda: heard() == BURST, every=0.02)
        took = time.time() - next(at for at in on.asked() if at >= said)
    with bot(on, slack_posts_per_second=1000):
        until(on.counter("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"), every=0.05)
    posted = sorted(float(card.ts) for card in on.cards())
    shown = Counter(
        str(card.text).partition(" it would")[0].rpartition("@acmebrew ")[2] for card in on.cards()
    )
    wrong = sum(abs(shown[f"burst {number}"] - 1) for number in range(BURST))
    return took, (BURST // 2 - 1) / (posted[-1] - posted[-BURST // 2]), wrong


def _paced(on: Stage) -> Figure:
    """Cards at Slack's own pace, with Slack watching it."""
    on.slack.world.limits.enforce = True
    with bot(on, poll_seconds=3):
        until(on.asked)
        with on.x.world.lock:
            for number in range(PACED):
                _say(on, f"paced {number}", author=f"paced{number}")
        until(lambda: len(on.cards()) == PACED, every=0.1)
    posted = sorted(float(card.ts) for card in on.cards())
    refused = sum(call.error == "ratelimited" for call in on.slack.world.calls)
    took = posted[-1] - posted[0]
    return Figure(
        f"{PACED} cards at the default rate, 1/s",
        f"{took:.1f} s, {refused} refused by Slack",
        f"{PACED - 1} s, none",
        took < (PACED - 1) * 1.05 and refused == 0,
    )


def _own_time(url: str) -> list[float]:
    """Milliseconds of a poll that brings a full page of new authors, without the server's share."""
    own = []
    begin = datetime.now(UTC) - timedelta(hours=20)
    with stage(url) as on, context(url, on.slack, on.x) as ctx:
        for poll in range(POLLS + 1):
            at = begin + timedelta(minutes=20 * poll)  # farther apart than what each poll reads again
            for number in range(PAGE if poll else 1):
                _say(on, f"{poll} {number}", author=f"p{poll}n{number}", at=at + timedelta(seconds=number))
            with _servers_share() as share:
                began = time.perf_counter()
                heard = poller.poll(ctx, ctx.networks["x"])
                took = time.perf_counter() - began
            assert heard is not None
            assert heard.taken == (PAGE if poll else 1)
            own.append((took - sum(share)) * 1000)
    return own[1:]


def _own_search_time(url: str) -> list[float]:
    """The same of a search that is due for one of many tracks; nobody who speaks is known."""
    own = []
    begin = datetime.now(UTC) - timedelta(hours=20)
    with stage(url) as on, context(url, on.slack, on.x) as ctx:
        network = ctx.networks["x"]
        account_id = network.account().id
        with ctx.db.write() as session:
            words = ["tag", *(f"word{number} phrase{number}" for number in range(1, TRACKS))]
            tracks = [track_rules.add(session, TrackDraft("search", "x", word), at=begin) for word in words]
            cursors = [Cursor.of(session, "x", account_id, one.cursor_name, at=begin) for one in tracks]
            for cursor in cursors:
                cursor.advance(network.position_at(datetime.now(UTC)), at=datetime.now(UTC))
            due = cursors[0].id
        for poll in range(POLLS + 1):
            at = begin + timedelta(minutes=20 * poll)
            for number in range(PAGE):
                author, said_at = f"p{poll}n{number}", at + timedelta(seconds=number)
                on.x.world.add_user(author, author.title(), followers=120)
                on.x.world.post(
                    author, f"{poll} {number} it would be nice if I could tag my posts", at=said_at
                )
            with ctx.db.write() as session:
                cursor = session.get_one(Cursor, due)
                cursor.position, cursor.read_at = network.position_at(at), at
            with _servers_share() as share:
                began = time.perf_counter()
                taken = track_search.search_tracks(ctx, network)
                took = time.perf_counter() - began
            assert taken == PAGE
            own.append((took - sum(share)) * 1000)
    return own[1:]


@contextmanager
def _servers_share() -> Iterator[list[float]]:
    """The seconds in which the local X made its answers, measured inside of it."""
    share: list[float] = []

    def timed(*given: Any) -> Any:
        began = time.perf_counter()
        try:
            return answer(*given)
        finally:
            share.append(time.perf_counter() - began)

    with patch("sandbox.x.server.answer", timed):
        yield share


def _say(on: Stage, words: str, *, author: str, at: datetime | None = None) -> None:
    on.x.world.add_user(author, author.title(), followers=120)
    on.x.world.post(author, f"@acmebrew {words} it would be nice if I could tag my posts", at=at)
