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
from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import Moment
from models.reports import word_index
from models.sources.attachment import Attachment, display_text
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets import not_shown
from models.tickets.sla import SlaPolicy
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import OPENED_BY_MENTION, Turn

# After a savepoint that failed its locks are gone, and others may have written since.
REFRESH_OPTIONS = {"populate_existing": True}


# What follows from rows that were just written is written by the database.
_INSERT_FIRST_TURNS = insert(Turn).from_select(
    ["ticket_id", "number", "opened_by", "asked_at"],
    select(Ticket.id, literal(1), literal(OPENED_BY_MENTION), Ticket.opened_at).where(
        Ticket.id.in_(bulk_insert.LISTED_NUMBERS)
    ),
)
_INSERT_MENTION_EVENTS = insert(Event).from_select(
    ["at", "actor", "act", "ticket_id", "post_id"],
    select(
        bindparam("at", type_=Moment),
        literal(HEARD_ACTOR),
        literal("mention"),
        Mention.ticket_id,
        Mention.post_id,
    )
    .where(Mention.id.in_(bulk_insert.LISTED_NUMBERS))
    .order_by(Mention.id),
)


@dataclass(frozen=True, slots=True)
class IncomingPost:
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
    order_key: str = ""  # see `Mention.order_key`
    version_key: str = ""

    @property
    def display_text(self) -> str:
        """Its words; where there are none, what is attached."""
        return display_text(self.text, self.media)


@dataclass(frozen=True, slots=True)
class IngestTarget:
    """Where what was said belongs: whose account it concerns, the Slack channel for it, what we promise."""

    network: str
    account_id: str
    channel: str
    promise: SlaPolicy


@dataclass(slots=True)
class IngestResult:
    """What became of a page."""

    tickets: int = 0
    follow_ups: int = 0
    edits: int = 0
    repeats: int = 0
    changed_ids: set[int] = field(default_factory=set)
    known_ticket_texts: dict[int, str] = field(
        default_factory=dict
    )  # tickets that were known: the newest words there
    newest_post_ids: dict[int, str] = field(default_factory=dict)  # and the id of that post
    restored_tickets: dict[int, bool] = field(
        default_factory=dict
    )  # tickets with a post that had been missing
    # (and whether the ticket waits anew because of it)


def ingest_page(
    session: Session, page: Sequence[IncomingPost], place: IngestTarget, *, at: datetime
) -> IngestResult:
    """Write `page` into the ledger, oldest post first; what is known already changes nothing.

    The caller holds a savepoint: whatever goes wrong here leaves nothing behind.
    """
    taken = IngestResult()
    known = _known_mentions(session, place, page)
    fresh: dict[str, IncomingPost] = {}
    for said in sorted(page, key=lambda one: (one.posted_at, one.order_key)):
        mention = known.get(said.post_id)
        if mention is not None:
            _ingest_known(session, mention, said, taken, promise=place.promise, at=at)
        elif said.post_id not in fresh or _is_older(fresh[said.post_id].version_key, said.version_key):
            fresh[said.post_id] = said
    if fresh:
        _ingest_new(session, list(fresh.values()), place, taken, at=at)
    return taken


def _known_mentions(
    session: Session, place: IngestTarget, page: Sequence[IncomingPost]
) -> dict[str, Mention]:
    here = {"network": place.network, "account_id": place.account_id}
    ids = bulk_insert.ids_of(session, Mention.post_id, {said.post_id for said in page}, **here)
    if not ids:
        return {}
    query = select(Mention).where(Mention.id.in_(ids.values()))
    return {mention.post_id: mention for mention in session.scalars(query, execution_options=REFRESH_OPTIONS)}


def _ingest_known(
    session: Session,
    mention: Mention,
    said: IncomingPost,
    taken: IngestResult,
    *,
    promise: SlaPolicy,
    at: datetime,
) -> None:
    """A post that we know: a newer version replaces the words, anything else is a repeat.

    One that was missing is shown again, whatever version of it is listed.
    """
    if not mention.is_missing and _is_repeat(mention, said):
        taken.repeats += 1
        return
    # The ticket first, as everybody holds it who changes a post: else two who read one edit could each wait
    # for what the other has. Whoever was first has changed the post meanwhile.
    ticket = Ticket.lock(session, mention.ticket_id)
    session.refresh(mention)
    if mention.is_missing:
        _restore_mention(session, mention, said, taken, promise=promise, at=at)
    if _is_repeat(mention, said):
        taken.repeats += 1
        return
    mention.latest_id, mention.edited_at, mention.version_key = said.latest_id, at, said.version_key
    _copy_content(mention, said)
    ticket.revision += 1
    Event.record(session, "post edited", at=at, ticket_id=mention.ticket_id, post_id=mention.post_id)
    taken.edits += 1
    taken.changed_ids.add(mention.ticket_id)


def _copy_content(mention: Mention, said: IncomingPost) -> None:
    """The post as it is now: its words, what is attached, and to whom it is."""
    mention.text, mention.answerable = said.text, said.answerable
    mention.media = [one.as_json() for one in said.media]
    mention.addressed, mention.answers = list(said.addressed), said.answers


def _restore_mention(
    session: Session,
    mention: Mention,
    said: IncomingPost,
    taken: IngestResult,
    *,
    promise: SlaPolicy,
    at: datetime,
) -> None:
    """It is shown again: where its words were taken away, they are read anew. Its ticket is held."""
    ticket = session.get_one(Ticket, mention.ticket_id)
    if mention.deleted_at is not None:
        if said.latest_id != mention.latest_id and not _is_older(said.version_key, mention.version_key):
            mention.latest_id, mention.edited_at, mention.version_key = said.latest_id, at, said.version_key
        _copy_content(mention, said)
    waits = not_shown.restore(session, ticket, mention, at=at, promise=promise)
    taken.restored_tickets[ticket.id] = taken.restored_tickets.get(ticket.id, False) or waits
    taken.changed_ids.add(ticket.id)


def _is_repeat(mention: Mention, said: IncomingPost) -> bool:
    """Whether `said` tells nothing newer; pages come in any order.

    The words of one version may be told in two ways: with its links as t.co or as where they lead.
    """
    same = mention.latest_id == said.latest_id and not (said.edit_keeps_id and mention.text != said.text)
    return same or _is_older(said.version_key, mention.version_key)


def _is_older(one: str, other: str) -> bool:
    """Whether the version with key `one` came before the one with key `other`, if the network says."""
    return bool(one) and one < other


def _ingest_new(
    session: Session, fresh: list[IncomingPost], place: IngestTarget, taken: IngestResult, *, at: datetime
) -> None:
    authors, returning = _author_ids(session, place.network, {said.author_id for said in fresh})
    not_shown.schedule_author_checks(session, [authors[one] for one in returning], at=at)
    tickets = _lock_tickets(session, place, [said for said in fresh if said.author_id in returning], authors)
    new = _open_tickets(
        session, [said for said in fresh if _ticket_key(said, authors) not in tickets], place, authors, at=at
    )
    for said in fresh:
        ticket = tickets.get(_ticket_key(said, authors))
        if ticket is not None:
            ticket.add_post(
                session,
                post_id=said.post_id,
                posted_at=said.posted_at,
                order_key=said.order_key,
                promise=place.promise,
            )
            taken.follow_ups += 1
            taken.known_ticket_texts[ticket.id], taken.newest_post_ids[ticket.id] = (
                said.display_text,
                said.post_id,
            )
    owners = {key: ticket.id for key, ticket in tickets.items()} | new
    _write_mentions(session, [_mention_values(said, place, authors, owners, at=at) for said in fresh], at=at)
    taken.tickets += len(new)
    taken.changed_ids |= set(owners.values())


_TicketKey = tuple[str, int]


def _ticket_key(said: IncomingPost, authors: dict[str, int]) -> _TicketKey:
    return said.conversation_id, authors[said.author_id]


def _author_ids(session: Session, network: str, wanted: set[str]) -> tuple[dict[str, int], Collection[str]]:
    """The ledger's ids of those people, and who of them spoke before.

    Whoever is new gets a row, to be filled when the profile is read.
    """
    returning = bulk_insert.ids_of(session, Author.network_id, wanted, network=network)
    missing = sorted(wanted - returning.keys())
    if not missing:
        return returning, returning
    new = dict(zip(missing, bulk_insert.reserve_ids(session, Author, len(missing)), strict=True))
    blank = {"network": network, "verified": False, "protected": False}
    bulk_insert.insert_rows(
        session, Author, [{"id": new[one], "network_id": one, **blank} for one in missing]
    )
    return returning | new, returning


def _lock_tickets(
    session: Session, place: IngestTarget, fresh: list[IncomingPost], authors: dict[str, int]
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
    held = session.scalars(query, execution_options=REFRESH_OPTIONS)
    return {(ticket.conversation_id, ticket.author_id): ticket for ticket in held}


def _open_tickets(
    session: Session, said: list[IncomingPost], place: IngestTarget, authors: dict[str, int], *, at: datetime
) -> dict[_TicketKey, int]:
    """Open one ticket, with its first turn, for each author in each conversation."""
    rows: dict[_TicketKey, dict[str, Any]] = {}
    for one in said:
        key = _ticket_key(one, authors)
        if key in rows:
            rows[key]["target_post_id"] = one.post_id  # oldest first, so the last one is the newest
        else:
            rows[key] = _ticket_values(one, place, authors[one.author_id], at=at)
    if not rows:
        return {}
    new = dict(zip(rows, bulk_insert.reserve_ids(session, Ticket, len(rows)), strict=True))
    for key, row in rows.items():
        row["id"] = new[key]
    bulk_insert.insert_rows(session, Ticket, list(rows.values()))
    session.connection().execute(_INSERT_FIRST_TURNS, {"listed": list(new.values())})
    return new


def _ticket_values(
    said: IncomingPost, place: IngestTarget, author_id: int, *, at: datetime
) -> dict[str, Any]:
    return {
        "network": place.network,
        "account_id": place.account_id,
        "conversation_id": said.conversation_id,
        "author_id": author_id,
        "channel": place.channel,
        "state": TicketState.WAITING,
        "turn": 1,
        "revision": 1,
        "drawn_revision": 0,
        "target_post_id": said.post_id,
        "opened_at": said.posted_at,
        "seen_at": at,
        "waiting_since": said.posted_at,
        "due_at": place.promise.due(said.posted_at),
        "nudge_at": None if place.network == CANARY_NETWORK else place.promise.half_time(said.posted_at),
    }


def _write_mentions(session: Session, rows: list[dict[str, Any]], *, at: datetime) -> None:
    """Insert them, and for each the event that it was heard."""
    ids = bulk_insert.reserve_ids(session, Mention, len(rows))
    for row_id, row in zip(ids, rows, strict=True):
        row["id"] = row_id
    bulk_insert.insert_rows(session, Mention, rows)
    word_index.index_rows(
        session.connection(),
        word_index.MENTION_INDEX,
        ((row["id"], row["text"]) for row in rows if row["network"] != CANARY_NETWORK),
    )
    session.connection().execute(_INSERT_MENTION_EVENTS, {"listed": list(ids), "at": at})


def _mention_values(
    said: IncomingPost,
    place: IngestTarget,
    authors: dict[str, int],
    owners: dict[_TicketKey, int],
    *,
    at: datetime,
) -> dict[str, Any]:
    return {
        "ticket_id": owners[_ticket_key(said, authors)],
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
        "order_key": said.order_key,
        "version_key": said.version_key,
        "posted_at": said.posted_at,
        "seen_at": at,
    }
