"""Ingests a page of posts: writes tickets, turns, mentions and events in a few statements.

Rows are written set by set, since a busy day brings thousands; one by one only for tickets that exist.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, literal, select, update
from sqlalchemy.orm import Session

from models.core import bulk_insert
from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import Moment, add_if_absent
from models.sources import answerability
from models.sources.also_heard import AlsoHeard
from models.sources.author import Author
from models.sources.mention import IS_FIRST_ROW, Mention
from models.tickets import not_shown, priorities, word_index
from models.tickets.incoming_post import (
    IncomingPost,
    IngestResult,
    IngestTarget,
    OtherReason,
    TicketKey,
    is_older,
)
from models.tickets.muting import find_covering, find_new_muted, wait_if_uncovered
from models.tickets.state import NO_CHANNEL, TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import OPENED_BY_MENTION, Turn

# A savepoint that failed has lost its locks, and others may have written since.
REFRESH_OPTIONS = {"populate_existing": True}

# Rows that follow from rows just inserted are written by the database itself.
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


def ingest_page(
    session: Session, page: Sequence[IncomingPost], place: IngestTarget, *, at: datetime
) -> IngestResult:
    """Write `page` into the ledger, oldest post first. A known and unchanged post changes nothing.

    The caller holds a savepoint, so that an error leaves nothing behind. Raises what the database raises.
    """
    result = IngestResult()
    known = _known_mentions(session, place, page)
    noted = AlsoHeard.tracks_of(session, [mention.id for mention in known.values()])
    new_posts: dict[str, IncomingPost] = {}
    for post in sorted(page, key=lambda post: (post.posted_at, post.order_key)):
        mention = known.get(post.post_id)
        if mention is not None:
            _record_also_heard(session, mention, post, place, result, noted=noted[mention.id], at=at)
            _ingest_known(session, mention, post, place, result, at=at)
        elif post.post_id not in new_posts or is_older(new_posts[post.post_id].version_key, post.version_key):
            new_posts[post.post_id] = post
    if new_posts:
        _ingest_new(session, list(new_posts.values()), place, result, at=at)
    return result


def _known_mentions(
    session: Session, place: IngestTarget, page: Sequence[IncomingPost]
) -> dict[str, Mention]:
    wanted = {post.post_id for post in page}
    ids = bulk_insert.ids_of(session, Mention.post_id, wanted, only=IS_FIRST_ROW, network=place.network)
    if not ids:
        return {}
    query = select(Mention).where(Mention.id.in_(ids.values()))
    return {mention.post_id: mention for mention in session.scalars(query, execution_options=REFRESH_OPTIONS)}


def _record_also_heard(
    session: Session,
    mention: Mention,
    post: IncomingPost,
    place: IngestTarget,
    result: IngestResult,
    *,
    noted: set[int],
    at: datetime,
) -> None:
    """Note by which other accounts and tracks of ours the post was found: one mention, with more reasons.

    `noted` are the tracks of which that is known.
    """
    reasons = list(post.also)
    if place.track_id is not None and (
        mention.track_id is not None or place.account_id != mention.account_id
    ):
        reasons.insert(0, OtherReason(place.track_id, post.matched))
    new = [one for one in reasons if one.track_id != mention.track_id and one.track_id not in noted]
    rows = _also_heard_rows(mention.id, new, post, place, at)
    added = [one for one, row in zip(new, rows, strict=True) if add_if_absent(session, AlsoHeard, **row)]
    if added:
        ticket = Ticket.lock_of(session, mention)
        ticket.revision += 1
        wait_if_uncovered(session, ticket, mention, post, place, at=at)
        result.changed_ids.add(mention.ticket_id)
        result.further_reasons += [(mention.ticket_id, one) for one in added]


def _also_heard_rows(
    mention_id: int, reasons: Sequence[OtherReason], post: IncomingPost, place: IngestTarget, at: datetime
) -> list[dict[str, Any]]:
    same = {"mention_id": mention_id, "account_id": place.account_id, "answerable": post.answerable, "at": at}
    return [{"track_id": one.track_id, "matched": one.matched, **same} for one in reasons]


def _ingest_known(
    session: Session,
    mention: Mention,
    post: IncomingPost,
    place: IngestTarget,
    result: IngestResult,
    *,
    at: datetime,
) -> None:
    """Update a post that is known: a newer version replaces the text, anything else is a repeat.

    A post that was missing is shown again, whatever version of it is listed.
    """
    if not mention.is_missing and post.is_repeat_of(mention, read_by=place.account_id):
        _open_or_close(session, mention, post, place, result)
        result.repeats += 1
        return
    # Lock the ticket first, as everything that changes a post does: else two workers that read one edit could
    # each wait for the other's lock. The first of them has changed the post meanwhile.
    ticket = Ticket.lock_of(session, mention)
    if mention.is_missing:
        restore_mention(session, mention, post, place, result, at=at)
    not_shown.narrow(session, ticket, mention, post, result, at=at)
    if post.is_repeat_of(mention, read_by=place.account_id):
        result.repeats += 1
        return
    mention.latest_id, mention.edited_at, mention.version_key = post.latest_id, at, post.version_key
    _copy_content(session, mention, post, place)
    priorities.rescore(session, [ticket.id])
    ticket.revision += 1
    Event.record(session, "post edited", at=at, ticket_id=mention.ticket_id, post_id=mention.post_id)
    wait_if_uncovered(session, ticket, mention, post, place, at=at)
    result.edits += 1
    result.changed_ids.add(mention.ticket_id)


def _open_or_close(
    session: Session, mention: Mention, post: IncomingPost, place: IngestTarget, result: IngestResult
) -> None:
    """Note that a post takes no reply any more, or takes replies again, which its text does not show.

    Why a person has to post a reply by hand stays as it is: a network says that only when it is tried.
    """
    if place.account_id != mention.account_id or post.answerable == mention.answerable:
        return
    reasons = (mention.answerable, post.answerable)
    if all(answerability.impossible_reason(one) is None for one in reasons):
        return
    ticket = Ticket.lock_of(session, mention)
    mention.answerable = post.answerable
    ticket.revision += 1
    result.changed_ids.add(ticket.id)


def _copy_content(session: Session, mention: Mention, post: IncomingPost, place: IngestTarget) -> None:
    """Copy the text, what is attached and the addressees of the post as it is now.

    Whether it may be answered is true of the account that read it alone.
    """
    mention.text = post.text
    if place.account_id == mention.account_id:
        mention.answerable = post.answerable
    else:
        here = (AlsoHeard.mention_id == mention.id, AlsoHeard.account_id == place.account_id)
        session.execute(update(AlsoHeard).where(*here).values(answerable=post.answerable))
    mention.media = [attachment.as_json() for attachment in post.media]
    mention.addressed, mention.answers = list(post.addressed), post.answers
    mention.content_warning, mention.reply_context = post.content_warning, post.reply_context


def restore_mention(
    session: Session,
    mention: Mention,
    post: IncomingPost,
    place: IngestTarget,
    result: IngestResult,
    *,
    at: datetime,
) -> None:
    """Record that it is shown again, and write its text if it was erased. Its ticket is locked."""
    ticket = session.get_one(Ticket, mention.ticket_id)
    if mention.deleted_at is not None:
        if post.latest_id != mention.latest_id and not is_older(post.version_key, mention.version_key):
            mention.latest_id, mention.edited_at, mention.version_key = post.latest_id, at, post.version_key
        _copy_content(session, mention, post, place)
    sla_policy = place.sla_policy_of(session, ticket.channel)
    mute = find_covering(session, mention, post)
    waits = not_shown.restore(session, ticket, mention, mute, at=at, sla_policy=sla_policy)
    priorities.rescore(session, [ticket.id])
    result.restored_tickets[ticket.id] = result.restored_tickets.get(ticket.id, False) or waits
    result.changed_ids.add(ticket.id)


def _ingest_new(
    session: Session,
    new_posts: list[IncomingPost],
    place: IngestTarget,
    result: IngestResult,
    *,
    at: datetime,
) -> None:
    authors, returning = _author_ids(session, place.network, {post.author_id for post in new_posts})
    not_shown.schedule_author_checks(session, [authors[one] for one in returning], at=at)
    known = {_ticket_key(post, authors) for post in new_posts if post.author_id in returning}
    tickets = Ticket.lock_for_posts(session, place, known)
    fresh = [post for post in new_posts if _ticket_key(post, authors) not in tickets]
    new = _open_tickets(session, fresh, place, authors, at=at)
    muted, joined = find_new_muted(session, place.network, new_posts, authors), []
    for post in new_posts:
        ticket, mute = tickets.get(_ticket_key(post, authors)), muted.get(post.post_id)
        if ticket is not None and mute is not None and not ticket.is_waiting:
            joined.append((ticket, post, mute))
            result.follow_ups += 1
        elif ticket is not None:
            sla_policy = place.sla_policy_of(session, ticket.channel)
            ticket.add_post(session, post, place.network, at=at, sla_policy=sla_policy)
            result.follow_ups += 1
            result.known_ticket_texts[ticket.id], result.newest_post_ids[ticket.id] = (
                post.display_text,
                post.post_id,
            )
    owners = {key: ticket.id for key, ticket in tickets.items()} | new
    rows = [_mention_values(post, place, authors, owners, at=at) for post in new_posts]
    _write_mentions(session, rows, at=at)
    for ticket, post, mute in joined:  # after the event of the post itself
        ticket.add_muted_post(session, post, place.network, mute, at=at)
    opened = [(new[_ticket_key(post, authors)], post) for post in fresh]
    Ticket.close_new_muted(session, opened, muted, at=at)
    met = {authors[one] for one in returning}
    touched = [ticket_id for key, ticket_id in owners.items() if key.author_id in met]
    priorities.rescore_after_posts(session, touched, met)
    also = [
        found
        for row, post in zip(rows, new_posts, strict=True)
        for found in _also_heard_rows(row["id"], post.also, post, place, at)
    ]
    if also:
        bulk_insert.insert_rows(session, AlsoHeard, also)
    result.further_reasons += [
        (owners[_ticket_key(post, authors)], one) for post in new_posts for one in post.also
    ]
    result.opened_ids += new.values()
    result.tickets += len(new)
    result.changed_ids |= set(owners.values())


def _ticket_key(post: IncomingPost, authors: dict[str, int]) -> TicketKey:
    return TicketKey(post.conversation_id, authors[post.author_id], post.is_private)


def _author_ids(session: Session, network: str, wanted: set[str]) -> tuple[dict[str, int], Collection[str]]:
    """Returns the ledger's ids of those people, and who of them is known already; new ones get a row."""
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


def _open_tickets(
    session: Session, posts: list[IncomingPost], place: IngestTarget, authors: dict[str, int], *, at: datetime
) -> dict[TicketKey, int]:
    """Create one ticket, with its first turn, for each author in each conversation."""
    rows: dict[TicketKey, dict[str, Any]] = {}
    for post in posts:
        key = _ticket_key(post, authors)
        if key in rows:
            rows[key]["target_post_id"] = post.post_id  # oldest first, so the last one is the newest
        else:
            rows[key] = _ticket_values(post, place, authors[post.author_id], at=at)
    if not rows:
        return {}
    new = dict(zip(rows, bulk_insert.reserve_ids(session, Ticket, len(rows)), strict=True))
    for key, row in rows.items():
        row["id"] = new[key]
    said = [(_ticket_key(post, authors), post.text) for post in posts]
    priorities.add_to_new(session, rows, said, place)
    bulk_insert.insert_rows(session, Ticket, list(rows.values()))
    session.connection().execute(_INSERT_FIRST_TURNS, {"listed": list(new.values())})
    return new


def _ticket_values(
    post: IncomingPost, place: IngestTarget, author_id: int, *, at: datetime
) -> dict[str, Any]:
    return {
        "network": place.network,
        "account_id": place.account_id,
        "track_id": place.track_id,
        "conversation_id": post.conversation_id,
        "author_id": author_id,
        "channel": NO_CHANNEL if post.is_private else place.channel,
        "is_private": post.is_private,
        "state": TicketState.WAITING,
        "turn": 1,
        "revision": 1,
        "drawn_revision": 0,
        "target_post_id": post.post_id,
        "opened_at": post.posted_at,
        "seen_at": at,
        "waiting_since": post.posted_at,
        "due_at": place.sla_policy.due(post.posted_at),
        "nudge_at": None if place.network == CANARY_NETWORK else place.sla_policy.half_time(post.posted_at),
    }


def _write_mentions(session: Session, rows: list[dict[str, Any]], *, at: datetime) -> None:
    """Insert mentions, index their words, and write an event for each."""
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
    post: IncomingPost,
    place: IngestTarget,
    authors: dict[str, int],
    owners: dict[TicketKey, int],
    *,
    at: datetime,
) -> dict[str, Any]:
    return {
        "ticket_id": owners[_ticket_key(post, authors)],
        "author_id": authors[post.author_id],
        "network": place.network,
        "account_id": place.account_id,
        "track_id": place.track_id,
        "post_id": post.post_id,
        "latest_id": post.latest_id,
        "in_reply_to": post.in_reply_to,
        "quoted": post.quoted,
        "text": post.text,
        "lang": post.lang,
        "url": post.url,
        "media": [attachment.as_json() for attachment in post.media],
        "addressed": list(post.addressed),
        "answers": post.answers,
        "matched": post.matched,
        "answerable": post.answerable,
        "visibility": post.visibility,
        "content_warning": post.content_warning,
        "reply_context": post.reply_context,
        "order_key": post.order_key,
        "version_key": post.version_key,
        "posted_at": post.posted_at,
        "dated_at": post.dated_at,
        "seen_at": at,
    }
