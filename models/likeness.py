"""Whether we say to one person what we have said to others: a reply beside the account's recent ones.

What is compared is the essence of a text (models/essence.py).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import Row, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from models.author import Author
from models.essence import bare as bare_words
from models.essence import own_words, sorted_words
from models.reply import LIVE, Reply
from models.teammate import unsigned
from models.ticket import Ticket

RECENT = 5000  # replies of the account that a new one is compared with;
WITHIN = 20_000  # they are looked for among so many of the ledger, which several accounts may share,
SLICE = 1250  # so many at a time
NEAR = 85  # percent; two honest answers about two bugs of two versions come to 83
SHORT = 25  # characters; whoever says less than that ("Thank you!") may say it to everybody

_REPLY, _TICKET = Reply.__table__.c, Ticket.__table__.c


@dataclass(frozen=True)
class Twin:
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


def twin(
    session: Session,
    *,
    text: str,
    sign_off: str | None,
    network: str,
    account_id: str,
    author_id: int,
    names: Iterable[str],
    percent: int = NEAR,
) -> Twin | None:
    """The reply most like `text` among the account's newest that are public or on their way.

    `text` ends with `sign_off`, if there is one; it is for the author `author_id`, and `names` are the
    customer's and the teammates'. An exact copy to the same person comes before a likelier one to others; a
    short text is compared with what this person was told alone. None if nothing is `percent` alike.
    """
    theirs = _theirs(session, account_id, author_id)
    words = own_words(text, sign_off)
    copy = next((told.id for told in theirs if own_words(told.text, told.sign_off) == words), None)
    if copy is not None:
        return _twin(session, copy, 100, words=words, author_id=author_id)
    bare = bare_words(unsigned(text, sign_off), names)
    if len(bare) < SHORT:
        candidates = {told.id: told.essence for told in theirs if told.essence}
    else:
        candidates = _recent(session, network, account_id)
    found = _likest(sorted_words(bare), candidates, percent)
    return _twin(session, *found, words=words, author_id=author_id) if found is not None else None


def _theirs(session: Session, account_id: str, author_id: int) -> list[Row[*tuple[Any, ...]]]:
    """What the account told this person, newest first.

    With the texts: names may have changed since an essence was kept, so a copy is known by its words alone.
    """
    query = select(_REPLY.id, _REPLY.essence, _REPLY.text, _REPLY.sign_off)
    told = query.join(Ticket.__table__, _TICKET.id == _REPLY.ticket_id).where(
        _TICKET.author_id == author_id, _TICKET.account_id == account_id, _REPLY.state.in_(LIVE)
    )
    return sorted(session.execute(told), key=lambda row: row.id, reverse=True)


def _recent(session: Session, network: str, account_id: str) -> dict[int, str]:
    """The essences of the account's newest replies that count, by their ids, newest first.

    The ledger's replies are read backwards, slice by slice, and sifted on the way: told to choose by account
    or state first, either database goes through all that the account ever said, and sorts it.
    """
    found: dict[int, str] = {}
    newest = session.scalar(select(func.max(_REPLY.id))) or 0
    for until in range(newest, max(newest - WITHIN, 0), -SLICE):
        part: dict[int, str] = {}
        for line in (session.scalar(_slice(until, network, account_id)) or "").splitlines():
            number, _, kept = line.partition(" ")
            part[int(number)] = kept
        for reply_id in sorted(part, reverse=True)[: RECENT - len(found)]:
            found[reply_id] = part[reply_id]
        if len(found) == RECENT:
            break
    return found


def _slice(until: int, network: str, account_id: str) -> Select[str]:
    """What counts for this account among the replies up to that id: a line each, of id and essence.

    One text, since a row each makes Python look for garbage, which takes longer than all the rest.
    """
    part = select(_REPLY.id, _REPLY.essence, _REPLY.state, _REPLY.ticket_id)
    part = part.where(_REPLY.id > until - SLICE, _REPLY.id <= until)
    # Order and limit change nothing but the plan: the conditions below are not to be tried first.
    these = part.order_by(_REPLY.id.desc()).limit(SLICE).subquery()
    account = select(_TICKET.account_id).where(_TICKET.id == these.c.ticket_id, _TICKET.network == network)
    line = cast(these.c.id, Text) + " " + these.c.essence
    return select(func.aggregate_strings(line, "\n")).where(
        these.c.state.in_(LIVE), these.c.essence != "", account.scalar_subquery() == account_id
    )


def _likest(wanted: str, candidates: Mapping[int, str], percent: int) -> tuple[int, int] | None:
    """The id of the one whose essence is nearest to `wanted`, and how near it is; the first of several."""
    if not wanted:
        return None
    found = process.extractOne(wanted, candidates, scorer=fuzz.ratio, score_cutoff=percent)
    return (found[2], math.floor(found[1])) if found is not None else None  # 100: nothing differs


def _twin(session: Session, reply_id: int, percent: int, *, words: str, author_id: int) -> Twin:
    query = select(Reply, Author).join(Ticket, Ticket.id == Reply.ticket_id)
    found = query.join(Author, Author.id == Ticket.author_id).where(Reply.id == reply_id)
    reply, author = session.execute(found).one()
    return Twin(
        reply_id=reply.id,
        percent=percent,
        is_exact=own_words(reply.text, reply.sign_off) == words,
        same_person=author.id == author_id,
        actor=reply.actor,
        at=reply.settled_at or reply.sent_at or reply.created_at,
        handle=author.handle,
        name=author.name,
        text=reply.text,
    )
