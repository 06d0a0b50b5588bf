"""A ledger after two busy years, made up at once: a million mentions, and all that came of them."""

# ruff: noqa: PLR0917, RUF005 - rows by the million are plain tuples, told column group by column group

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import click
from sqlalchemy import text

from models.core.database import Database
from models.tickets.word_index import index_all

MENTIONS, TICKETS, REPLIES = 1_000_000, 300_000, 200_000
END = datetime(2026, 11, 1, tzinfo=UTC)  # "now" for whoever asks
DAYS = 730
NETWORKS = ((1, "x"), (2, "canary"))
CHANNELS = ("C0MENTIONS", "C0SUPPORT", "C0PRESS")
TEAM = tuple(f"U0MATE{number:02d}" for number in range(40))
AUTHORS = 120_000
BATCH = 20_000  # tickets written at a time: memory stays small
# How busy each hour of a day is, and each day of a week.
_HOURS = (2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 10, 9, 9, 9, 9, 10, 11, 11, 9, 7, 5, 3)
_WEEK = (10, 11, 11, 10, 9, 5, 4)
_WORDS = [
    "the",
    "app",
    "lost",
    "my",
    "order",
    "again",
    "and",
    "nobody",
    "answers",
    "sync",
    "fails",
    "since",
    "your",
    "update",
    "love",
    "the",
    "new",
    "roast",
    "thanks",
    "where",
    "is",
    "invoice",
    "refund",
    "took",
    "weeks",
    "login",
    "broken",
    "on",
    "phone",
    "great",
    "coffee",
    "slow",
    "shipping",
    "to",
    "berlin",
    "lisbon",
    "subscription",
    "cancel",
    "button",
    "missing",
    "grinder",
    "leaks",
    "water",
    "descale",
    "light",
    "stays",
    "on",
    "please",
    "help",
    "today",
    "tomorrow",
]

Rows = dict[str, list[tuple[Any, ...]]]

COLUMNS = {
    "accounts": "id network network_id handle name seen_at",
    "authors": "id network network_id handle name followers verified protected fetched_at",
    "tickets": (
        "id network account_id conversation_id author_id channel state reason turn revision drawn_revision "
        "target_post_id opened_at seen_at shown_at waiting_since due_at first_claimed_at first_reply_at "
        "first_reply_by first_reply_open owner claimed_at active_at closed_at closed_by snoozed_until"
    ),
    "turns": "id ticket_id number opened_by asked_at closed_at answered_open closed_by outcome reason",
    "mentions": (
        "id ticket_id author_id network account_id post_id latest_id text url media matched posted_at seen_at"
    ),
    "replies": (
        "id ticket_id turn state fence key text essence digest actor source to_post_id created_at sent_at "
        "settled_at tries was_handed_off looks post_id post_url"
    ),
    "cards": "id ticket_id key channel ts drawn_at failures",
    "events": "id at actor act ticket_id reply_id text post_id data",
}


@dataclass(frozen=True, slots=True)
class Hand:
    """What a teammate is doing about a ticket that waits."""

    owner: str | None = None
    state: str | None = None
    reply: str | None = None


@dataclass(slots=True)
class _Ids:
    turn: int = 0
    mention: int = 0
    reply: int = 0
    event: int = 0


@cache
def _url(new_database: Callable[[], str]) -> str:
    """One ledger for all who measure on the databases that `new_database` makes: to make it takes minutes."""
    url = new_database()
    database = Database(url)
    began = time.perf_counter()
    fill(database)
    database.close()
    click.echo(f"  a million mentions written in {time.perf_counter() - began:.0f} s", err=True)
    return url


def filled(new_database: Callable[[], str]) -> Database:
    """That ledger, made when it is first asked for; to be closed by whoever asks."""
    return Database(_url(new_database))


def fill(database: Database, *, tickets: int = TICKETS, seed: int = 2026) -> None:
    """Write `tickets` tickets with their mentions, turns, replies, cards and events into an empty ledger.

    The same `seed` gives the same ledger. Of 300,000 tickets come about 1,000,000 mentions and 200,000 replies.
    """
    chance = random.Random(seed)
    people = max(tickets * AUTHORS // TICKETS, 1)
    ours = [(number, name, "99", "acmebrew", "Acme Brew", _at(END.timestamp())) for number, name in NETWORKS]
    authors = [_author(number, chance) for number in range(1, people + 1)]
    _write(database, {"accounts": ours, "authors": authors})
    opened = sorted(_moments(chance, tickets))
    ids = _Ids()
    for start in range(0, tickets, BATCH):
        rows: Rows = {name: [] for name in COLUMNS if name not in {"accounts", "authors"}}
        for number, at in enumerate(opened[start : start + BATCH], start + 1):
            _ticket(rows, ids, number, at, chance, people)
        _write(database, rows)
    with database.engine.begin() as connection:
        index_all(connection)
    _settle(database)


def _moments(chance: random.Random, number: int) -> Iterator[float]:
    """Seconds since the epoch at which people speak: by day mostly, and less at weekends."""
    first = END - timedelta(days=DAYS)
    days = [first + timedelta(days=day) for day in range(DAYS)]
    weights = [_WEEK[day.weekday()] for day in days]
    for day in chance.choices([day.timestamp() for day in days], weights, k=number):
        hour = chance.choices(range(24), _HOURS)[0]
        yield day + hour * 3600 + chance.randrange(3600)


def _author(number: int, chance: random.Random) -> tuple[Any, ...]:
    followers = int(chance.paretovariate(1) * 20)
    name = f"Person {number}"
    return (number, "x", str(number), f"person{number}", name, followers, False, False, _at(END.timestamp()))


def _ticket(rows: Rows, ids: _Ids, number: int, opened: float, chance: random.Random, people: int) -> None:
    """One exchange, from the first post to wherever it stands."""
    network = "canary" if number % 100 == 0 else "x"
    channel = CHANNELS[0] if chance.random() < 0.7 else chance.choice(CHANNELS[1:])
    author, now = chance.randrange(people) + 1, END.timestamp()
    seen = opened + chance.uniform(2, 60)
    shown = seen + chance.expovariate(1 / 4) + 0.3
    claimed = shown + chance.expovariate(1 / 240)
    answered = claimed + math.exp(chance.gauss(5.5, 1.2))
    fate, who = chance.random(), chance.choice(TEAM)
    is_recent = now - opened < 14 * 86_400
    waits = answered > now or fate < (0.25 if is_recent else 0.01)
    state = (
        "waiting"
        if waits
        else "answered"
        if fate < 0.67
        else "no reply needed"
        if fate < 0.9
        else "not about us"
    )
    reason = {"no reply needed": "thanks"}.get(state) or (
        "handed off" if state == "answered" and chance.random() < 0.12 else None
    )
    posts = [opened]
    for _ in range(min(int(chance.expovariate(1 / 2.82)), 40)):
        posts.append(posts[-1] + chance.expovariate(1 / 200))
    posts = [post for post in posts if post < now] or [opened]
    is_answered, again = state == "answered", state == "answered" and chance.random() < 0.03
    hand = _in_hand(number) if waits and network == "x" else Hand()
    who = hand.owner or who
    claim_at = min(claimed, now) if hand.owner or not waits else None
    closed = None if waits else answered
    first = ids.mention + 1
    for index, post in enumerate(posts):
        ids.mention += 1
        heard = max(post + 5, seen) if index else seen
        words = " ".join(chance.choices(_WORDS, k=12 + ids.mention % 13))
        words = f"@acmebrew {words} #{ids.mention % 9973}"
        url = f"https://x.com/i/{ids.mention}"
        rows["mentions"].append(
            (ids.mention, number, author, network, "99", str(ids.mention), str(ids.mention), words, url, "[]")
            + ("mentions us", _at(post), _at(heard))
        )
        _event(rows, ids, heard, "heard", "mention", number, post=str(ids.mention))
    if claim_at is not None:
        _event(rows, ids, claim_at, who, "claim", number)
    asked, turns = opened, 1
    _turn(rows, ids, number, 1, asked, closed, who, state, reason)
    if is_answered:
        _reply(rows, ids, number, 1, answered, who, reason)
    elif closed is not None:
        _event(rows, ids, closed, who, state, number)
    if hand.reply is not None:
        _unsent(rows, ids, number, now, who, hand.reply)
    if again and answered + 7200 < now:  # they came back, and were answered once more
        turns, asked, closed = 2, answered + 3600, answered + 3600 + chance.expovariate(1 / 1500)
        _turn(rows, ids, number, 2, asked, closed, who, state, None)
        _reply(rows, ids, number, 2, closed, who, None)
        reason = None
    has_due = _at(opened + 1800)
    replied = _at(answered) if is_answered else None
    rows["tickets"].append(
        (number, network, "99", str(first), author, channel, hand.state or state, reason, turns, 3, 3)
        + (str(ids.mention), _at(opened), _at(seen), _at(shown), _at(asked), has_due)
        + (_at(claim_at), replied, who if is_answered else None)
        + (int(answered - opened) if is_answered else None,)
        + (who if claim_at is not None else None, _at(claim_at), _at(claim_at))
        + (_at(closed), who if closed is not None else None)
        + (_at(now + 3600 * (1 + number % 48)) if hand.state is not None else None,)
    )
    ts = f"{1_700_000_000 + number}.000100"
    rows["cards"].append((number, number, f"k{number}", channel, ts, _at(shown), 0))


def _in_hand(number: int) -> Hand:
    """What is going on with a ticket that waits; by its number, so that no other draws differ for it."""
    kind, owner = number % 8, TEAM[number // 8 % len(TEAM)]
    if kind == 0:
        return Hand(state="snoozed")
    return Hand(owner, reply={4: "draft", 5: "handed off"}.get(kind)) if kind < 6 else Hand()


def _unsent(rows: Rows, ids: _Ids, ticket: int, at: float, who: str, state: str) -> None:
    """Words of `who` that are not public."""
    ids.reply += 1
    words = f"We are on it, case {ids.reply}: may we call you?"
    rows["replies"].append(
        (ids.reply, ticket, 1, state, 1, f"r{ids.reply}", words, words.lower(), "", who, "composer")
        + (str(ids.mention), _at(at - 60), None, None, 0, state == "handed off", 0, None, None)
    )


def _turn(
    rows: Rows, ids: _Ids, ticket: int, number: int, asked: float, closed: float | None, who: str, *end: Any
) -> None:
    ids.turn += 1
    state, reason = end
    took = int(closed - asked) if closed is not None and state == "answered" else None
    gone = (_at(closed), took, who, state, reason) if closed is not None else (None,) * 5
    rows["turns"].append((ids.turn, ticket, number, "mention", _at(asked), *gone))


def _reply(rows: Rows, ids: _Ids, ticket: int, turn: int, at: float, who: str, reason: str | None) -> None:
    ids.reply += 1
    number, state = ids.reply, "confirmed" if reason else "published"
    words = f"Sorry about that, case {number}: we look into it and write again today."
    rows["replies"].append(
        (number, ticket, turn, state, 4, f"r{number}", words, words.lower(), "", who, "composer")
        + (str(ids.mention), _at(at - 12), _at(at - 1), _at(at), 1, reason is not None, 0)
        + (f"o{number}", f"https://x.com/acmebrew/status/o{number}")
    )
    data = '{"to": "%s"}'
    _event(rows, ids, at - 12, who, "reply submitted", ticket, reply=number, words=words, data=data % "held")
    _event(rows, ids, at, "heard", f"reply {state}", ticket, reply=number, words=words, data=data % state)


def _event(
    rows: Rows,
    ids: _Ids,
    at: float,
    actor: str,
    act: str,
    ticket: int,
    *,
    reply: int | None = None,
    post: str | None = None,
    words: str | None = None,
    data: str | None = None,
) -> None:
    ids.event += 1
    rows["events"].append((ids.event, _at(at), actor, act, ticket, reply, words, post, data))


def _at(seconds: float | None) -> str | None:
    """A moment as both engines take it: the ledger's columns of SQLite know no zone."""
    return None if seconds is None else spelled(datetime.fromtimestamp(seconds, UTC))


def spelled(at: datetime) -> str:
    """A moment as text that either engine takes and compares with its own."""
    return at.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


def _write(database: Database, rows: Rows) -> None:
    """Put them into their tables the quickest way that each engine has."""
    raw = database.engine.raw_connection()
    try:
        if database.is_sqlite:
            raw.cursor().execute("BEGIN IMMEDIATE")
        for table in (name for name in COLUMNS if rows.get(name)):
            _pour(raw.cursor(), table, rows[table], is_sqlite=database.is_sqlite)
        raw.cursor().execute("COMMIT") if database.is_sqlite else raw.commit()
    finally:
        raw.close()


def _pour(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]], *, is_sqlite: bool) -> None:
    columns = COLUMNS[table].split()
    if is_sqlite:
        places = ", ".join("?" * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
        return
    cursor.execute("SET TIME ZONE 'UTC'")
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _settle(database: Database) -> None:
    """Let PostgreSQL's planner know what is there, and its keys count on from the last row.

    SQLite plans without figures of what is there: on a bot's ledger nobody runs ANALYZE.
    """
    if database.is_sqlite:
        return
    alone = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        for table in COLUMNS:
            last = f"(SELECT max(id) FROM {table})"
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))
        connection.execute(text("VACUUM ANALYZE"))
