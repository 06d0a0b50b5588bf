"""Whether we say to one person what we have said to others: a reply beside the account's recent ones.

What is compared is the essence of a text (models/core/fingerprint.py).
"""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import regex  # the Unicode properties that `re` lacks
from rapidfuzz import fuzz, process
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models.core.fingerprint import normalize_text, sort_words, strip_addressing
from models.sources.author import Author
from models.tickets.delivery_state import LIVE_STATES
from models.tickets.reply import Reply
from models.tickets.teammate import strip_sign_off
from models.tickets.ticket import Ticket

COMPARED_REPLIES_MAX = 5000  # replies of an account that a new one is compared with;
SCANNED_REPLIES_MAX = (
    20_000  # they are looked for among so many of the ledger, which several accounts may share
)
LATE_COMMIT_MAX_IDS = (
    500  # of PostgreSQL's ids a lower one may be committed after a higher one: so many are read again
)
CANDIDATES_MAX = 200  # near ones that are looked at, to find one that went out
NEAR_DUPLICATE_MIN_PERCENT = 85  # percent; two honest answers about two bugs of two versions come to 83
SHORT_TEXT_MAX_LETTERS = 25  # letters; whoever says less than that ("Thank you!") may say it to everybody
# How many letters of an alphabet a character of these scripts stands for, in translations of one text; a Thai
# text is about as long as an English one. docs/benchmarks.md shows what follows from it.
_LETTERS_PER_CHARACTER = (
    (3, regex.compile(r"\p{Han}")),
    (2, regex.compile(r"[\p{Hiragana}\p{Katakana}ー\p{Hangul}]")),
)

_REPLY, _TICKET = Reply.__table__.c, Ticket.__table__.c


@dataclass(frozen=True)
class NearDuplicate:
    """A reply that says nearly or exactly the same: `percent` alike, by `actor`, at `at`, to whom.

    `is_exact` means the same words but for case and blanks, sign-offs aside. `handle` and `name` are the
    customer's, as far as the ledger knows them.
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
    """The essences of recent replies, as far as this process has read them; any thread may ask.

    An essence is written once, with its reply, so nothing in here grows wrong. Whether the reply went out is
    asked of the ledger each time.
    """

    def __init__(self) -> None:
        self._by_account: dict[tuple[str, str], dict[int, str]] = {}
        self._newest = 0
        self._lock = threading.Lock()

    def of(self, session: Session, network: str, account_id: str) -> Mapping[int, str]:
        """Those of one account, by their replies' ids."""
        with self._lock:
            self._read_new(session)
            return self._by_account.get((network, account_id), {})

    def _read_new(self, session: Session) -> None:
        """Read what was written since the last time; the maps that were handed out stay as they are."""
        newest = session.scalar(select(func.max(_REPLY.id))) or 0
        since = max(newest - SCANNED_REPLIES_MAX, self._newest - LATE_COMMIT_MAX_IDS, 0)
        query = (
            select(_TICKET.network, _TICKET.account_id, _REPLY.id, _REPLY.essence)
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
    account_id: str,
    author_id: int,
    names: Iterable[str],
    percent: int = NEAR_DUPLICATE_MIN_PERCENT,
) -> NearDuplicate | None:
    """The reply most like `text` among the account's newest that are public or on their way.

    `text` ends with `sign_off`, if there is one; it is for the author `author_id`, and `names` are the
    customer's and the teammates'. An exact copy to the same person comes before a likelier one to others; a
    short text is compared with what this person was told alone. None if nothing is `percent` alike.
    """
    theirs = _replies_to_author(session, account_id, author_id)
    words = normalize_text(strip_sign_off(text, sign_off))
    copy = next(
        (told.id for told in theirs if normalize_text(strip_sign_off(told.text, told.sign_off)) == words),
        None,
    )
    if copy is not None:
        return _load_near_duplicate(session, copy, 100, words=words, author_id=author_id)
    bare = strip_addressing(strip_sign_off(text, sign_off), names)
    if count_effective_letters(bare) < SHORT_TEXT_MAX_LETTERS:
        candidates: Mapping[int, str] = {told.id: told.essence for told in theirs if told.essence}
    else:
        candidates = known.of(session, network, account_id)
    found = _best_match(session, sort_words(bare), candidates, percent)
    return (
        _load_near_duplicate(session, *found, words=words, author_id=author_id) if found is not None else None
    )


def count_effective_letters(bare: str) -> int:
    """How much a bare text says, as the number of letters that it would take in an alphabet."""
    return len(bare) + sum(
        (weight - 1) * len(script.findall(bare)) for weight, script in _LETTERS_PER_CHARACTER
    )


def _replies_to_author(session: Session, account_id: str, author_id: int) -> list[Row[*tuple[Any, ...]]]:
    """What the account told this person, newest first.

    With the texts: names may have changed since an essence was kept, so a copy is known by its words alone.
    """
    query = select(_REPLY.id, _REPLY.essence, _REPLY.text, _REPLY.sign_off)
    told = query.join(Ticket.__table__, _TICKET.id == _REPLY.ticket_id).where(
        _TICKET.author_id == author_id, _TICKET.account_id == account_id, _REPLY.state.in_(LIVE_STATES)
    )
    return sorted(session.execute(told), key=lambda row: row.id, reverse=True)


def _best_match(
    session: Session, wanted: str, candidates: Mapping[int, str], percent: int
) -> tuple[int, int] | None:
    """The id of the one that counts whose essence is nearest to `wanted`, and how near it is; the newest."""
    if not wanted:
        return None
    near = process.extract(wanted, candidates, scorer=fuzz.ratio, score_cutoff=percent, limit=CANDIDATES_MAX)
    best = sorted(near, key=lambda found: (-found[1], -found[2]))
    listed = select(_REPLY.id).where(
        _REPLY.id.in_([found[2] for found in best]), _REPLY.state.in_(LIVE_STATES)
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
