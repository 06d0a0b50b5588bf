"""Finds replies that repeat what our accounts told others recently.

What is compared are fingerprints (models/core/fingerprint.py).
"""

import math
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import regex  # the Unicode properties that `re` lacks
from rapidfuzz import fuzz, process
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models.core.fingerprint import normalize_text, sort_words, strip_addressing
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.slack.teammate import strip_sign_off
from models.sources.author import Author
from models.tickets.delivery_state import LIVE_STATES
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket

COMPARED_REPLIES_MAX = 5000  # replies of one account that a new one is compared with
SCANNED_REPLIES_MAX = 20_000  # the newest replies of all accounts, among which those are
# PostgreSQL may commit a lower id after a higher one, so that many ids are read again.
LATE_COMMIT_MAX_IDS = 500
CANDIDATES_MAX = 200  # similar replies that are checked, to find one that was sent
NEAR_DUPLICATE_MIN_PERCENT = 85  # two honest answers about two bugs of two versions reach 83
SHORT_TEXT_MAX_LETTERS = 25  # a shorter text ("Thank you!") may be said to everyone
# How many letters of an alphabet a character of these scripts stands for, in translations of one text; a Thai
# text is about as long as an English one. docs/benchmarks.md shows what follows from it.
_LETTERS_PER_CHARACTER = (
    (3, regex.compile(r"\p{Han}")),
    (2, regex.compile(r"[\p{Hiragana}\p{Katakana}ー\p{Hangul}]")),
)

_REPLY, _TICKET = Reply.__table__.c, Ticket.__table__.c


@dataclass(frozen=True)
class NearDuplicate:
    """A reply that says nearly or exactly the same: `percent` alike, sent by `actor` at `at`.

    `is_exact` means the same words except for case, blanks and sign-off. `handle` and `name` are the
    customer's, None if not known.
    """

    reply_id: int
    percent: int
    is_exact: bool
    same_person: bool
    actor: str
    at: datetime
    handle: str | None
    name: str | None
    text: str


class FingerprintCache:
    """The fingerprints of recent replies, as far as this process has read them. Thread-safe.

    A fingerprint is written once, with its reply, so nothing here becomes wrong. Whether the reply was sent
    is asked of the database each time.
    """

    def __init__(self) -> None:
        self._by_account: dict[tuple[str, str], dict[int, str]] = {}
        self._newest = 0
        self._lock = threading.Lock()

    def of(self, session: Session, network: str, account_id: str) -> Mapping[int, str]:
        """Returns the fingerprints of one account's replies, by reply id."""
        with self._lock:
            self._read_new(session)
            return self._by_account.get((network, account_id), {})

    def _read_new(self, session: Session) -> None:
        """Read what was written since the last time. Maps returned earlier stay unchanged."""
        newest = session.scalar(select(func.max(_REPLY.id))) or 0
        since = max(newest - SCANNED_REPLIES_MAX, self._newest - LATE_COMMIT_MAX_IDS, 0)
        query = (
            select(
                func.coalesce(_REPLY.network, _TICKET.network), _REPLY.account_id, _REPLY.id, _REPLY.essence
            )
            .join(Ticket.__table__, _TICKET.id == _REPLY.ticket_id)
            .where(_REPLY.id > since, _REPLY.essence != "")
        )
        fresh: dict[tuple[str, str], dict[int, str]] = {}
        for network, account_id, reply_id, kept in session.execute(query):
            fresh.setdefault((network, account_id), {})[reply_id] = kept
        for account, more in fresh.items():
            known = self._by_account.get(account, {}) | more
            self._by_account[account] = {one: known[one] for one in sorted(known)[-COMPARED_REPLIES_MAX:]}
        self._newest = newest


def find_near_duplicate(
    session: Session,
    known: FingerprintCache,
    *,
    text: str,
    sign_off: str | None,
    network: str,
    account_ids: Collection[str],
    author_id: int,
    names: Iterable[str],
    percent: int = NEAR_DUPLICATE_MIN_PERCENT,
    access: ReadAccess = PUBLIC_ONLY,
) -> NearDuplicate | None:
    """Returns the reply most like `text` among the newest of those accounts that are public or on their way.

    `text` ends with `sign_off`, if there is one; it is for the author `author_id`; `names` are the customer's
    and the teammates'. An exact copy to the same person comes first. A short text is compared only with
    replies to this person. Replies on tickets that `access` does not allow are left out: the one that is
    found is quoted. Returns None if none is at least `percent` alike.
    """
    earlier = _replies_to_author(session, account_ids, author_id, access)
    words = normalize_text(strip_sign_off(text, sign_off))
    copy = next(
        (row.id for row in earlier if normalize_text(strip_sign_off(row.text, row.sign_off)) == words),
        None,
    )
    if copy is not None:
        return _load_near_duplicate(session, copy, 100, words=words, author_id=author_id)
    bare = strip_addressing(strip_sign_off(text, sign_off), names)
    if count_effective_letters(bare) < SHORT_TEXT_MAX_LETTERS:
        candidates: Mapping[int, str] = {row.id: row.essence for row in earlier if row.essence}
    else:
        maps = [known.of(session, network, one) for one in account_ids]
        candidates = maps[0] if len(maps) == 1 else {key: one[key] for one in maps for key in one}
    found = _best_match(session, sort_words(bare), candidates, percent, access)
    return (
        _load_near_duplicate(session, *found, words=words, author_id=author_id) if found is not None else None
    )


def count_effective_letters(bare: str) -> int:
    """Returns the length of `bare` in letters of an alphabet: a Han character counts as three."""
    return len(bare) + sum(
        (weight - 1) * len(script.findall(bare)) for weight, script in _LETTERS_PER_CHARACTER
    )


def _replies_to_author(
    session: Session, account_ids: Collection[str], author_id: int, access: ReadAccess
) -> list[Row[*tuple[Any, ...]]]:
    """The replies of those accounts to this person, newest first.

    With their texts: names may have changed since a fingerprint was stored, so a copy is recognised by its
    text.
    """
    query = select(_REPLY.id, _REPLY.essence, _REPLY.text, _REPLY.sign_off)
    query = query.join(Ticket.__table__, _TICKET.id == _REPLY.ticket_id).where(
        access.condition(),
        _TICKET.author_id == author_id,
        _REPLY.account_id.in_(account_ids),
        _REPLY.state.in_(LIVE_STATES),
    )
    return sorted(session.execute(query), key=lambda row: row.id, reverse=True)


def _best_match(
    session: Session, wanted: str, candidates: Mapping[int, str], percent: int, access: ReadAccess
) -> tuple[int, int] | None:
    """Returns the id of the live reply nearest to `wanted`, and its percentage; of equals the newest."""
    if not wanted:
        return None
    near = process.extract(wanted, candidates, scorer=fuzz.ratio, score_cutoff=percent, limit=CANDIDATES_MAX)
    best = sorted(near, key=lambda found: (-found[1], -found[2]))
    listed = (
        select(_REPLY.id)
        .join(Ticket.__table__, _TICKET.id == _REPLY.ticket_id)
        .where(_REPLY.id.in_([found[2] for found in best]), _REPLY.state.in_(LIVE_STATES), access.condition())
    )
    counts = set(session.scalars(listed)) if best else set()
    return next(
        ((found[2], math.floor(found[1])) for found in best if found[2] in counts),  # 100: nothing differs
        None,
    )


def _load_near_duplicate(
    session: Session, reply_id: int, percent: int, *, words: str, author_id: int
) -> NearDuplicate:
    query = select(Reply, Author).join(Ticket, Ticket.id == Reply.ticket_id)
    found = query.join(Author, Author.id == Ticket.author_id).where(Reply.id == reply_id)
    reply, author = session.execute(found).one()
    return NearDuplicate(
        reply_id=reply.id,
        percent=percent,
        is_exact=normalize_text(reply.words) == words,
        same_person=author.id == author_id,
        actor=reply.actor,
        at=reply.settled_at or reply.sent_at or reply.created_at,
        handle=author.handle,
        name=author.name,
        text=reply.text,
    )
