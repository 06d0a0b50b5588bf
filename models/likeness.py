"""Whether we say to one person what we have said to others: a reply beside the account's recent ones.

What is compared is the essence of a text: what is left of it without whom it is to, who signs it and what it
links to. Numbers stay. A version or an order number is often all that is said to this one person, and without
it honest answers to two different bugs would look the same; in a canned phrase it moves the score by little.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import regex  # the Unicode properties that `re` lacks
from rapidfuzz import fuzz, process
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from models.author import Author
from models.reply import LIVE, Reply
from models.teammate import unsigned
from models.ticket import Ticket

RECENT = 5000  # replies of the account that a new one is compared with,
SLICES = 4  # and how often so many of the ledger are read to find them, where several accounts share it
NEAR = 85  # percent; two honest answers about two bugs of two versions come to 83
SHORT = 25  # characters; whoever says less than that ("Thank you!") may say it to everybody

_INVISIBLE = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cf}]+")
# A keycap is a digit in disguise, and NFKC makes letters of others (™, ㊗): they go before it comes.
_EMOJI = regex.compile(r"[0-9#*]\u20e3|[\p{Extended_Pictographic}\p{Emoji_Presentation}\p{Emoji_Modifier}]")
# ASCII alone: in Chinese and Japanese the next word follows an address without a blank.
_LINK = regex.compile(r"(?:https?://|\bwww\.)[!-~]+|\b(?:[a-z0-9-]+\.)+[a-z]{2,24}/[!-~]*")
# X's @a, Bluesky's @a.b.c, Mastodon's @a@b.c
_HANDLE = regex.compile(r"(?<![a-z0-9_])@[a-z0-9_]+(?:[.-][a-z0-9_]+)*(?:@[a-z0-9]+(?:[.-][a-z0-9]+)*)?")
_POSSESSIVE = regex.compile(r"(?<=\p{L})['\u2019]s\b")
_WITHIN = regex.compile(r"(?<=\p{L})['\u2019](?=\p{L})|(?<=\p{N})[.,:/-](?=\p{N})")  # don't, 4.2.1
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


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


def essence(text: str, names: Iterable[str] = ()) -> str:
    """What `text` says to anybody: no links, handles or `names`, no emoji or punctuation, its words sorted.

    Take the sign-off away first (`unsigned`). Each word of each name goes wherever it stands. Languages that
    write no blanks have no words to sort: their characters stay in order. Empty when nothing is left.
    """
    return _sorted(_bare(text, names))


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
    words = _words(text, sign_off)
    copy = next((told.id for told in theirs if _words(told.text, told.sign_off) == words), None)
    if copy is not None:
        return _twin(session, copy, 100, words=words, author_id=author_id)
    bare = _bare(unsigned(text, sign_off), names)
    candidates = theirs if len(bare) < SHORT else _recent(session, network, account_id)
    found = _likest(_sorted(bare), candidates, percent)
    return _twin(session, *found, words=words, author_id=author_id) if found is not None else None


def _theirs(session: Session, account_id: str, author_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """What the account told this person, newest first.

    With the texts: names may have changed since an essence was kept, so a copy is known by its words alone.
    """
    query = select(Reply.id, Reply.essence, Reply.text, Reply.sign_off, Reply.state, Ticket.account_id)
    told = query.join(Ticket, Ticket.id == Reply.ticket_id).where(Ticket.author_id == author_id)
    rows = session.execute(told.order_by(Reply.id.desc()).limit(RECENT)).all()
    return [row for row in rows if row.state in LIVE and row.account_id == account_id]


def _recent(session: Session, network: str, account_id: str) -> Sequence[Row[*tuple[Any, ...]]]:
    """The ids and essences of the account's newest replies that count, newest first.

    The ledger's replies are read backwards, slice by slice, and sifted here: given any condition to choose
    by, either database goes through all tickets of the account, or all replies of a state, and sorts them.
    """
    ours = select(Ticket.account_id).where(Ticket.id == Reply.ticket_id, Ticket.network == network)
    query = select(Reply.id, Reply.essence, Reply.state, ours.scalar_subquery().label("account_id"))
    found: list[Row[*tuple[Any, ...]]] = []
    before = None
    for _ in range(SLICES):
        older = query if before is None else query.where(Reply.id < before)
        rows = session.execute(older.order_by(Reply.id.desc()).limit(RECENT)).all()
        found += [row for row in rows if row.account_id == account_id and row.state in LIVE]
        if len(rows) < RECENT or len(found) >= RECENT:
            break
        before = rows[-1].id
    return found[:RECENT]


def _likest(wanted: str, candidates: Sequence[Row[*tuple[Any, ...]]], percent: int) -> tuple[int, int] | None:
    """The id of the one whose essence is nearest to `wanted`, and how near it is; the newest of several."""
    if not wanted:
        return None
    kept = [row.essence or None for row in candidates]  # None is passed over
    found = process.extractOne(wanted, kept, scorer=fuzz.ratio, score_cutoff=percent)
    if found is None:
        return None
    return candidates[found[2]].id, math.floor(found[1])  # 100 is to mean that nothing differs


def _twin(session: Session, reply_id: int, percent: int, *, words: str, author_id: int) -> Twin:
    query = select(Reply, Author).join(Ticket, Ticket.id == Reply.ticket_id)
    found = query.join(Author, Author.id == Ticket.author_id).where(Reply.id == reply_id)
    reply, author = session.execute(found).one()
    return Twin(
        reply_id=reply.id,
        percent=percent,
        is_exact=_words(reply.text, reply.sign_off) == words,
        same_person=author.id == author_id,
        actor=reply.actor,
        at=reply.settled_at or reply.sent_at or reply.created_at,
        handle=author.handle,
        name=author.name,
        text=reply.text,
    )


def _words(text: str, sign_off: str | None) -> str:
    """What is said, whatever its case and blanks, and with nothing hidden between the letters."""
    return " ".join(_plain(unsigned(text, sign_off)).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold())


def _bare(text: str, names: Iterable[str]) -> str:
    """`text` as anybody could be told it, punctuation and order as they were."""
    plain = _plain(_EMOJI.sub(" ", _INVISIBLE.sub("", text)))
    plain = _HANDLE.sub(" ", _LINK.sub(" ", plain))
    plain = _WITHIN.sub("", _POSSESSIVE.sub("", plain))
    called = {word for name in names for word in _WORD.findall(_WITHIN.sub("", _plain(name)))}
    for unspaced in sorted(filter(_UNSPACED.search, called), key=len, reverse=True):
        if len(unspaced) > 1:  # one character is part of too many words
            plain = plain.replace(unspaced, " ")
    plain = _WORD.sub(lambda word: " " if word[0] in called else word[0], plain)
    return " ".join(plain.split())


def _sorted(bare: str) -> str:
    words = _WORD.findall(bare)
    together = "".join(words)
    if len(_UNSPACED.findall(together)) * 2 > len(together):
        return together
    return " ".join(sorted(words))
