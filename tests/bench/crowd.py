"""Eight people at the same cards at the same moment: one of them wins, and nobody waits, not even for a locked ledger."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlencode

from models.core.database import Database
from tests.bench.figures import Figure, percentile
from tests.bench.pressing import Times, at_once, claim, fill, submit
from tests.bench.stage import Stage, bot, serving, stage, until

PEOPLE, CARDS, REPEATS = 8, 100, 12
LOCKED = 2.0  # seconds


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Claims, then submits over and over, then claims again while somebody holds the ledger's lock."""
    url = new_database()
    fill(url, CARDS)
    with (
        stage(url) as on,
        bot(on, slack_posts_per_second=1000, undo_seconds=3600, near_copy_percent=100) as ours,
    ):
        serving(ours.port)
        until(on.counter("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"), every=0.1)
        person, cards = on.slack.person("U0ANA"), sorted(on.cards(), key=lambda card: float(card.ts))
        claims = [claim(on, person, card) for card in cards]
        times = _everybody(claims, ours.port, 0)
        winners = on.count("SELECT count(*) FROM events WHERE act = 'claim'")
        submits = [submit(on, person, card) for card in cards]
        for number in range(REPEATS):
            times += _everybody(submits, ours.port, number + 1)
        second = on.count(_SECOND)
        replies = on.count("SELECT count(*) FROM replies WHERE state = 'held'")
        presses = len(times)
        locked = _while_locked(on, claims[: PEOPLE * 2], ours.port)
    worst = percentile(times, 0.99)
    return [
        Figure("Successful claims: 8 people, 100 cards", f"{winners}", "100", winners == CARDS),
        Figure(
            "Replies accepted, and duplicates",
            f"{replies}, {second}",
            "100, 0",
            (replies, second) == (CARDS, 0),
        ),
        Figure(f"{presses:,} presses, 8 at once", f"p99 {worst:.0f} ms", "≤ 300 ms", worst <= 300),
        Figure(
            f"Slowest press while the database is locked for {LOCKED:.0f} s",
            f"{max(locked):.0f} ms",
            "≤ 2500 ms",
            max(locked) <= 2500,
        ),
    ]


_SECOND = """
SELECT count(*) FROM (
    SELECT ticket_id, turn FROM replies WHERE state NOT IN ('draft', 'cancelled') GROUP BY ticket_id, turn
    HAVING count(*) > 1
) AS twice
"""


def _everybody(bodies: list[bytes], port: int, number: int) -> Times:
    """Each of these by all eight at the same moment, one card after the other."""
    times: Times = []
    for body in bodies:
        times += at_once([_as(person, number, body) for person in range(PEOPLE)], port, may_err=True)
    return times


def _as(person: int, number: int, body: bytes) -> bytes:
    """The same press by another person, at another moment."""
    payload = json.loads(parse_qs(body.decode())["payload"][0])
    payload["user"]["id"] = f"U0CROWD{person}"
    payload["trigger_id"] = f"{payload['trigger_id']}.{person}.{number}"
    view = payload.get("view")
    if view is not None:
        meant = json.loads(view["private_metadata"])
        meant["key"] = f"{meant['key']}-{person}-{number}"
        view["private_metadata"] = json.dumps(meant)
    return urlencode({"payload": json.dumps(payload)}).encode()


def _while_locked(on: Stage, bodies: list[bytes], port: int) -> Times:
    """Press while another process would be writing."""
    with _lock(on.url):
        return at_once([_as(9, place, body) for place, body in enumerate(bodies)], port, may_err=True)


@contextmanager
def _lock(url: str) -> Iterator[None]:
    """Hold every ticket's lock (SQLite: the ledger's) for a while, from a moment before on."""
    held = threading.Event()

    def hold() -> None:
        database = Database(url)
        with database.write() as session:
            session.connection().exec_driver_sql("UPDATE tickets SET revision = revision")
            held.set()
            time.sleep(LOCKED)
        database.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    yield
    holder.join()
