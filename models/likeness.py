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

import regex  # the Unicode properties that `re` lacks
from rapidfuzz import fuzz, process
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from models.author import Author
from models.reply import LIVE, Reply
from models.teammate import unsigned
from models.ticket import Ticket

RECENT = 5000  # replies of the account that a new one is compared with
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
    recent = _recent(network, account_id)
    theirs = recent.where(Ticket.author_id == author_id)
    copy = _copy(session, theirs, text, sign_off)
    if copy is not None:
        return _told(session, copy, 100, text, sign_off, author_id)
    bare = _bare(unsigned(text, sign_off), names)
    candidates = theirs if len(bare) < SHORT else recent
    found = _likest(session, candidates, _sorted(bare), percent)
    return _told(session, *found, text, sign_off, author_id) if found is not None else None


def _recent(network: str, account_id: str) -> Select[int]:
    """The ids of the account's replies that count, newest first."""
    query = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id)
    ours = query.where(Ticket.network == network, Ticket.account_id == account_id)
    return ours.where(Reply.state.in_(LIVE)).order_by(Reply.id.desc()).limit(RECENT)


def _copy(session: Session, theirs: Select[int], text: str, sign_off: str | None) -> int | None:
    """The newest reply to this person in these very words.

    By the texts themselves: their names may have changed since an essence was kept, and some have none.
    """
    words = _words(text, sign_off)
    told = session.execute(theirs.add_columns(Reply.text, Reply.sign_off))
    return next((id_ for id_, said, sign in told if _words(said, sign) == words), None)


def _likest(session: Session, candidates: Select[int], wanted: str, percent: int) -> tuple[int, int] | None:
    """The reply whose essence is nearest to `wanted`, and how near it is; the newest of several."""
    if not wanted:
        return None
    rows: Sequence[tuple[int, str]] = session.execute(candidates.add_columns(Reply.essence)).all()  # type: ignore[assignment]
    essences = [kept for _, kept in rows]
    found = process.extractOne(wanted, essences, scorer=fuzz.ratio, score_cutoff=percent)
    if found is None or not found[0]:
        return None
    return rows[found[2]][0], math.floor(found[1])  # 100 is to mean that nothing differs


def _told(
    session: Session, reply_id: int, percent: int, text: str, sign_off: str | None, author_id: int
) -> Twin:
    query = select(Reply, Author).join(Ticket, Ticket.id == Reply.ticket_id)
    reply, author = session.execute(
        query.join(Author, Author.id == Ticket.author_id).where(Reply.id == reply_id)
    ).one()
    return Twin(
        reply_id=reply.id,
        percent=percent,
        is_exact=_words(reply.text, reply.sign_off) == _words(text, sign_off),
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
