"""From the press of a button to the bot's acknowledgement, twenty at once, beside a bare Bolt listener."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from models.core.database import Database
from sandbox.slack.delivery.http_mode import HttpMode
from sandbox.slack.delivery.transport import Answer, Kind, Parcel, encode
from sandbox.slack.people.person import Person
from sandbox.slack.workspace.message import Message
from tests.bench.figures import Figure, percentile
from tests.bench.stage import SECRET, Stage, bot, process, serving, stage, until
from tests.stage import fill as fill_ledger
from tests.stage import free_port, incoming

AT_ONCE, ROUNDS, WARM = 20, 25, 2
TICKETS = AT_ONCE * (ROUNDS + WARM)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Times = list[float]


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Claims, then submits, each round beside a round of the bare listener."""
    url, port = new_database(), free_port()
    fill(url, TICKETS)
    bare = process("tests.bench.bare", url, str(port), env={})
    with (
        stage(url) as on,
        bare,
        bot(on, slack_posts_per_second=1000, undo_seconds=3600, near_copy_percent=100) as ours,
    ):
        serving(port)
        until(on.counter("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"), every=0.1)
        person = on.slack.person("U0ANA")
        cards = sorted(on.cards(), key=lambda card: float(card.ts))
        claims = [claim(on, person, card) for card in cards]
        claimed = _rounds(claims, ours.port, port)
        assert on.count("SELECT count(*) FROM tickets WHERE owner IS NOT NULL") == TICKETS
        submitted = _rounds([submit(on, person, card) for card in cards], ours.port, port)
        assert on.count("SELECT count(*) FROM replies WHERE state = 'held'") == TICKETS
    return [*_figures("Claim", *claimed), *_figures("Composer submit", *submitted)]


def _figures(what: str, ours: Times, bare: Times) -> list[Figure]:
    worst, least = percentile(ours, 0.99), percentile(bare, 0.99)
    ratio = worst / least
    return [
        Figure(
            f"{what} to acknowledgement, {AT_ONCE} at the same time",
            f"p50 {percentile(ours, 0.5):.0f} ms, p99 {worst:.0f} ms ({len(ours)} presses)",
            "p99 < 300 ms",
            worst < 300,
        ),
        Figure("bare Bolt listener, one row", f"p50 {percentile(bare, 0.5):.0f} ms, p99 {least:.0f} ms"),
        Figure(f"{what} compared with bare, p99", f"{ratio:.2f}", "≤ 2", ratio <= 2),
    ]


def fill(url: str, tickets: int) -> None:
    """So many tickets, of one author each."""
    now = datetime.now(UTC)
    said = [
        incoming(
            str(2_000_000_000_000_000_000 + number),
            str(number),
            f"@acmebrew press {number}",
            now - timedelta(hours=1),
        )
        for number in range(tickets)
    ]
    database = Database(url)
    fill_ledger(database, said, at=now)
    database.close()


class Recorder:
    """A courier that keeps what it should carry, and says that all went well."""

    def __init__(self) -> None:
        self.kept = b""

    def send_interaction(self, kind: Kind, payload: dict[str, Any]) -> tuple[Parcel, Answer]:
        self.kept = encode(kind, payload)[1]
        return Parcel(kind, payload), Answer(200)


def claim(on: Stage, person: Person, card: Message) -> bytes:
    """What Slack sends when Claim is pressed on this card."""
    recorder = Recorder()
    Person(person.user, on.slack.world, recorder, on.slack.address).press(card, "Claim")  # type: ignore[arg-type]
    return recorder.kept


def submit(on: Stage, person: Person, card: Message) -> bytes:
    """What Slack sends when the composer that Reply really opened is submitted."""
    modal = person.press(card, "Reply").view
    assert modal is not None
    recorder = Recorder()
    writer = Person(person.user, on.slack.world, recorder, on.slack.address)  # type: ignore[arg-type]
    writer.send_submission(modal.fill(f"Thank you, that is what I am working on now: {card.ts}"))
    return recorder.kept


def _rounds(bodies: Sequence[bytes], ours: int, bare: int) -> tuple[Times, Times]:
    """Milliseconds of each press, at the bot and at the bare listener in turns."""
    times: tuple[Times, Times] = ([], [])
    for start in range(0, len(bodies), AT_ONCE):
        some = bodies[start : start + AT_ONCE]
        times[0].extend(at_once(some, ours))
        times[1].extend(at_once(some, bare))
    return times[0][WARM * AT_ONCE :], times[1][WARM * AT_ONCE :]


def at_once(bodies: Sequence[bytes], port: int, *, may_err: bool = False) -> Times:
    """Press all of these at the same moment; unless they `may_err`, none may be refused in its modal."""
    gate, times = threading.Barrier(len(bodies)), [0.0] * len(bodies)
    signed = HttpMode(SECRET).signed

    def press(place: int, body: bytes) -> None:
        headers = FORM | signed(body)
        gate.wait()
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/slack/events", body, headers)
        response = connection.getresponse()
        said = response.read()
        times[place] = (time.perf_counter() - began) * 1000
        connection.close()
        assert response.status == http.HTTPStatus.OK, (response.status, said)
        assert may_err or b"errors" not in said, said

    presses = [threading.Thread(target=press, args=one) for one in enumerate(bodies)]
    for one in presses:
        one.start()
    for one in presses:
        one.join()
    assert all(times)
    return times
