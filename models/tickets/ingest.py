"""Taking in what was said: a page of posts becomes tickets, turns, mentions and events in a few statements.

Set by set, since a busy day brings thousands; row by row only for tickets that exist already.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, select
from sqlalchemy.orm import Session

from models.core import bulk_insert
from models.core.audit_event import HEARD, Event
from models.core.base import Moment
from models.reports import word_index
from models.sources.attachment import Attachment, shown
from models.sources.author import Author
from models.sources.mention import Mention, rank
from models.tickets import not_shown
from models.tickets.sla import Promise
from models.tickets.state import State
from models.tickets.ticket import CANARY, Ticket
from models.tickets.turn import MENTION, Turn

# After a savepoint that failed its locks are gone, and others may have written since.
AS_IT_IS = {"populate_existing": True}


# What follows from rows that were just written is written by the database.
_FIRST_TURNS = insert(Turn).from_select(
    ["ticket_id", "number", "opened_by", "asked_at"],
    select(Ticket.id, literal(1), literal(MENTION), Ticket.opened_at).where(
        Ticket.id.in_(bulk_insert.LISTED)
    ),
)
_THAT_THEY_SPOKE = insert(Event).from_select(
    ["at", "actor", "act", "ticket_id", "post_id"],
    select(
        bindparam("at", type_=Moment), literal(HEARD), literal("mention"), Mention.ticket_id, Mention.post_id
    )
    .where(Mention.id.in_(bulk_insert.LISTED))
    .order_by(Mention.id),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One post that concerns us, ready for the ledger."""

    post_id: str
    latest_id: str
    conversation_id: str
    author_id: str  # the network's id of its author
    text: str
    posted_at: datetime
    url: str
    matched: str
    in_reply_to: str | None = None
    quoted: str | None = None
    lang: str | None = None
    media: tuple[Attachment, ...] = ()
    answerable: str | None = None
    addressed: tuple[str, ...] = ()
    answers: str | None = None
    edit_keeps_id: bool = False  # else an edit has another `latest_id`, whatever the words are

    @property
    def shown(self) -> str:
        """Its words; where there are none, what is attached."""
        return shown(self.text, self.media)


@dataclass(frozen=True, slots=True)
class Place:
    """Where what was said belongs: whose account it concerns, the Slack channel for it, what we promise."""

    network: str
    account_id: str
    channel: str
    promise: Promise


@dataclass(slots=True)
class Taken:
    """What became of a page."""

    tickets: int = 0
    follow_ups: int = 0
    edits: int = 0
    repeats: int = 0
    touched: set[int] = field(default_factory=set)
    again: dict[int, str] = field(default_factory=dict)  # tickets that were known: the newest words there
    newest: dict[int, str] = field(default_factory=dict)  # and the id of that post
    shown_again: dict[int, bool] = field(default_factory=dict)  # tickets with a post that had been missing
    # (and whether the ticket waits anew because of it)


def take_in(session: Session, page: Sequence[Said], place: Place, *, at: datetime) -> Taken:
    """Write `page` into the ledger, oldest post first; what is known already changes nothing.

    The caller holds a savepoint: whatever goes wrong here leaves nothing behind.
    """
    taken = Taken()
    known = _known(session, place, page)
    fresh: dict[str, Said] = {}
    for said in sorted(page, key=lambda one: rank(one.posted_at, one.post_id)):
        mention = known.get(said.post_id)
        if mention is not None:
            _take_known(session, mention, said, taken, promise=place.promise, at=at)
        elif said.post_id not in fresh or _older(fresh[said.post_id].latest_id, said.latest_id):
            fresh[said.post_id] = said
    if fresh:
        _take_fresh(session, list(fresh.values()), place, taken, at=at)
    return taken


def _known(session: Session, place: Place, page: Sequence[Said]) -> dict[str, Mention]:
    here = {"network": place.network, "account_id": place.account_id}
    ids = bulk_insert.ids_of(session, Mention.post_id, {said.post_id for said in page}, **here)
    if not ids:
        return {}
    query = select(Mention).where(Mention.id.in_(ids.values()))
    return {mention.post_id: mention for mention in session.scalars(query, execution_options=AS_IT_IS)}


def _take_known(
    session: Session, mention: Mention, said: Said, taken: Taken, *, promise: Promise, at: datetime
) -> None:
    """A post that we know: a newer version replaces the words, anything else is a repeat.

    One that was missing is shown again, whatever version of it is listed.
    """
    if not mention.is_missing and _is_repeat(mention, said):
        taken.repeats += 1
        return
    # The ticket first, as everybody holds it who changes a post: else two who read one edit could each wait
    # for what the other has. Whoever was first has changed the post meanwhile.
    ticket = Ticket.hold(session, mention.ticket_id)
    session.refresh(mention)
    if mention.is_missing:
        _take_back(session, mention, said, taken, promise=promise, at=at)
    if _is_repeat(mention, said):
        taken.repeats += 1
        return
    mention.latest_id, mention.edited_at = said.latest_id, at
    _take_words(mention, said)
    ticket.revision += 1
    Event.record(session, "post edited", at=at, ticket_id=mention.ticket_id, post_id=mention.post_id)
    taken.edits += 1
    taken.touched.add(mention.ticket_id)


def _take_words(mention: Mention, said: Said) -> None:
    """The post as it is now: its words, what is attached, and to whom it is."""
    mention.text, mention.answerable = said.text, said.answerable
    mention.media = [one.as_json() for one in said.media]
    mention.addressed, mention.answers = list(said.addressed), said.answers


def _take_back(
    session: Session, mention: Mention, said: Said, taken: Taken, *, promise: Promise, at: datetime
) -> None:
    """It is shown again: where its words were taken away, they are read anew. Its ticket is held."""
    ticket = session.get_one(Ticket, mention.ticket_id)
    if mention.deleted_at is not None:
        if said.latest_id != mention.latest_id and not _older(said.latest_id, mention.latest_id):
            mention.latest_id, mention.edited_at = said.latest_id, at
        _take_words(mention, said)
    waits = not_shown.shown_again(session, ticket, mention, at=at, promise=promise)
    taken.shown_again[ticket.id] = taken.shown_again.get(ticket.id, False) or waits
    taken.touched.add(ticket.id)


def _is_repeat(mention: Mention, said: Said) -> bool:
    """Whether `said` tells nothing newer; pages come in any order.

    The words of one version may be told in two ways: with its links as t.co or as where they lead.
    """
    same = mention.latest_id == said.latest_id and not (said.edit_keeps_id and mention.text != said.text)
    return same or _older(said.latest_id, mention.latest_id)


def _older(one: str, other: str) -> bool:
    """Whether id `one` came before `other`: X's ids are numbers that grow."""
    return one.isdigit() and other.isdigit() and int(one) < int(other)


def _take_fresh(session: Session, fresh: list[Said], place: Place, taken: Taken, *, at: datetime) -> None:
    authors, returning = _authors(session, place.network, {said.author_id for said in fresh})
    not_shown.look_for_others(session, [authors[one] for one in returning], at=at)
    tickets = _tickets(session, place, [said for said in fresh if said.author_id in returning], authors)
    new = _open(
        session, [said for said in fresh if _key(said, authors) not in tickets], place, authors, at=at
    )
    for said in fresh:
        ticket = tickets.get(_key(said, authors))
        if ticket is not None:
            ticket.hear(
                session,
                post_id=said.post_id,
                posted_at=said.posted_at,
                promise=place.promise,
            )
            taken.follow_ups += 1
            taken.again[ticket.id], taken.newest[ticket.id] = said.shown, said.post_id
    owners = {key: ticket.id for key, ticket in tickets.items()} | new
    _write_mentions(session, [_mention(said, place, authors, owners, at=at) for said in fresh], at=at)
    taken.tickets += len(new)
    taken.touched |= set(owners.values())


_TicketKey = tuple[str, int]


def _key(said: Said, authors: dict[str, int]) -> _TicketKey:
    return said.conversation_id, authors[said.author_id]


def _authors(session: Session, network: str, wanted: set[str]) -> tuple[dict[str, int], Collection[str]]:
    """The ledger's ids of those people, and who of them spoke before.

    Whoever is new gets a row, to be filled when the profile is read.
    """
    returning = bulk_insert.ids_of(session, Author.network_id, wanted, network=network)
    missing = sorted(wanted - returning.keys())
    if not missing:
        return returning, returning
    new = dict(zip(missing, bulk_insert.next_ids(session, Author, len(missing)), strict=True))
    blank = {"network": network, "verified": False, "protected": False}
    bulk_insert.write(session, Author, [{"id": new[one], "network_id": one, **blank} for one in missing])
    return returning | new, returning


def _tickets(
    session: Session, place: Place, fresh: list[Said], authors: dict[str, int]
) -> dict[_TicketKey, Ticket]:
    """The tickets that exist for what was said, held until the transaction ends."""
    if not fresh:
        return {}
    query = (
        select(Ticket)
        .where(
            Ticket.network == place.network,
            Ticket.account_id == place.account_id,
            Ticket.conversation_id.in_({said.conversation_id for said in fresh}),
            Ticket.author_id.in_(authors.values()),
        )
        .order_by(Ticket.id)
        .with_for_update()
    )
    held = session.scalars(query, execution_options=AS_IT_IS)
    return {(ticket.conversation_id, ticket.author_id): ticket for ticket in held}


def _open(
    session: Session, said: list[Said], place: Place, authors: dict[str, int], *, at: datetime
) -> dict[_TicketKey, int]:
    """Open one ticket, with its first turn, for each author in each conversation."""
    rows: dict[_TicketKey, dict[str, Any]] = {}
    for one in said:
        key = _key(one, authors)
        if key in rows:
            rows[key]["target_post_id"] = one.post_id  # oldest first, so the last one is the newest
        else:
            rows[key] = _ticket(one, place, authors[one.author_id], at=at)
    if not rows:
        return {}
    new = dict(zip(rows, bulk_insert.next_ids(session, Ticket, len(rows)), strict=True))
    for key, row in rows.items():
        row["id"] = new[key]
    bulk_insert.write(session, Ticket, list(rows.values()))
    session.connection().execute(_FIRST_TURNS, {"listed": list(new.values())})
    return new


def _ticket(said: Said, place: Place, author_id: int, *, at: datetime) -> dict[str, Any]:
    return {
        "network": place.network,
        "account_id": place.account_id,
        "conversation_id": said.conversation_id,
        "author_id": author_id,
        "channel": place.channel,
        "state": State.WAITING,
        "turn": 1,
        "revision": 1,
        "drawn_revision": 0,
        "target_post_id": said.post_id,
        "opened_at": said.posted_at,
        "seen_at": at,
        "waiting_since": said.posted_at,
        "due_at": place.promise.due(said.posted_at),
        "nudge_at": None if place.network == CANARY else place.promise.half(said.posted_at),
    }


def _write_mentions(session: Session, rows: list[dict[str, Any]], *, at: datetime) -> None:
    """Insert them, and for each the event that it was heard."""
    ids = bulk_insert.next_ids(session, Mention, len(rows))
    for row_id, row in zip(ids, rows, strict=True):
        row["id"] = row_id
    bulk_insert.write(session, Mention, rows)
    word_index.put(
        session.connection(),
        word_index.MENTIONS,
        ((row["id"], row["text"]) for row in rows if row["network"] != CANARY),
    )
    session.connection().execute(_THAT_THEY_SPOKE, {"listed": list(ids), "at": at})


def _mention(
    said: Said, place: Place, authors: dict[str, int], owners: dict[_TicketKey, int], *, at: datetime
) -> dict[str, Any]:
    return {
        "ticket_id": owners[_key(said, authors)],
        "author_id": authors[said.author_id],
        "network": place.network,
        "account_id": place.account_id,
        "post_id": said.post_id,
        "latest_id": said.latest_id,
        "in_reply_to": said.in_reply_to,
        "quoted": said.quoted,
        "text": said.text,
        "lang": said.lang,
        "url": said.url,
        "media": [one.as_json() for one in said.media],
        "addressed": list(said.addressed),
        "answers": said.answers,
        "matched": said.matched,
        "answerable": said.answerable,
        "posted_at": said.posted_at,
        "seen_at": at,
    }
