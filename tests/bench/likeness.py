"""One reply beside the account's last five thousand: how long a person waits for the guard."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from models import Author, Reply, Ticket
from models.core.database import Database
from models.core.fingerprint import compute_fingerprint
from models.similarity.near_duplicates import COMPARED_REPLIES_MAX, FingerprintCache, find_near_duplicate
from models.tickets.delivery_state import DeliveryState
from tests.bench.figures import Figure, percentile

LOOKS, OTHERS, OLDER = 300, 5_000, 15_000
START = datetime(2026, 11, 1, tzinfo=UTC)
WORDS = (
    "thanks for telling us about the sync bug it was our mistake and release fixes your order leaves today "
    "please write when tags export login still fails after update we looked at server logs found nothing yet "
    "colleague knows more invoice refund tomorrow app phone restart works again sorry long wait good idea plan"
)
SIGN = "\N{EN DASH} Tom"
# What the guard cannot do without: as many of the newest rows, straight from the driver.
BARE = """
SELECT id, essence, state, (SELECT network FROM tickets WHERE id = replies.ticket_id), account_id
FROM replies ORDER BY id DESC LIMIT 5000
"""


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """Where the account has the ledger to itself, and where a fifth of it is another account's."""
    alone = _measure(new_database(), 0, f"Comparing a reply with {COMPARED_REPLIES_MAX:,} others")
    return alone + _measure(new_database(), OTHERS, "the same, a fifth of the replies from another account")


def _measure(url: str, others: int, what: str) -> list[Figure]:
    """The guard and the bare read, in turns, a new text each time."""
    chance = random.Random(2026)
    database = Database(url)
    with database.write() as session:
        _fill(session, chance, others)
    guard, bare, known = [], [], FingerprintCache()
    for number in range(LOOKS + 10):
        words = _say(chance)
        with database.read() as session:
            session.execute(text("SELECT 1"))
            guard.append(_timed(lambda: _look(session, known, words, number)))  # noqa: B023 - called at once
            bare.append(_timed(lambda: session.connection().exec_driver_sql(BARE).all()))
    database.close()
    guard, bare = guard[10:], bare[10:]
    middle, worst = percentile(guard, 0.5), percentile(guard, 0.99)
    return [
        Figure(f"{what}, p50", f"{middle:.1f} ms", "< 20 ms", middle < 20),
        Figure(f"p99 of {LOOKS} looks", f"{worst:.1f} ms", "< 20 ms", worst < 20),
        Figure("reading the newest 5,000 rows with the bare driver, as tuples", _both(bare)),
    ]


def _look(session: Session, known: FingerprintCache, words: str, number: int) -> None:
    account = {"network": "x", "account_ids": {"99"}, "author_id": 1 + number}
    find_near_duplicate(
        session, known, text=f"{words} {SIGN}", sign_off=SIGN, names=("Ana", "Tom"), **account
    )


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _both(times: list[float]) -> str:
    return f"p50 {percentile(times, 0.5):.1f} ms, p99 {percentile(times, 0.99):.1f} ms"


def _say(chance: random.Random) -> str:
    """Some 150 to 280 characters, as replies are."""
    return " ".join(chance.choices(WORDS.split(), k=chance.randint(28, 48)))


def _fill(session: Session, chance: random.Random, others: int) -> None:
    """The account's replies, older ones, and those of another account among them."""
    total = COMPARED_REPLIES_MAX + OLDER + others
    session.execute(
        insert(Author), [{"id": n, "network": "x", "network_id": str(n)} for n in range(1, total + 1)]
    )
    accounts = ["99"] * (COMPARED_REPLIES_MAX + OLDER) + ["98"] * others
    chance.shuffle(accounts)
    session.execute(insert(Ticket), [_ticket(n, account) for n, account in enumerate(accounts, 1)])
    session.execute(
        insert(Reply), [_reply(n, account, _say(chance)) for n, account in enumerate(accounts, 1)]
    )


def _ticket(number: int, account_id: str) -> dict[str, object]:
    at = START + timedelta(seconds=number)
    return {
        "id": number,
        "network": "x",
        "account_id": account_id,
        "conversation_id": str(number),
        "author_id": number,
        "channel": "C0MENTIONS",
        "state": "answered",
        "target_post_id": str(number),
    } | dict.fromkeys(("opened_at", "seen_at", "waiting_since"), at)


def _reply(number: int, account_id: str, words: str) -> dict[str, object]:
    return {
        "id": number,
        "ticket_id": number,
        "account_id": account_id,
        "turn": 1,
        "state": DeliveryState.PUBLISHED,
        "key": str(number),
        "text": f"{words} {SIGN}",
        "sign_off": SIGN,
        "essence": compute_fingerprint(words, ("Tom",)),
        "digest": "",
        "actor": "U0TOM",
        "source": "composer",
        "to_post_id": str(number),
        "created_at": START + timedelta(seconds=number),
    }
