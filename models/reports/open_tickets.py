"""Reads the open tickets for lists. Reads only."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.core.account_filter import AccountFilter
from models.core.base import without_index, without_sqlite_index
from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.priority.score import Priority
from models.privacy.read_access import PUBLIC_ONLY, HiddenCount, ReadAccess, count_hidden
from models.reports.found_by import found_by_tracks
from models.sources.account import Account
from models.sources.attachment import Attachment, display_text
from models.sources.author import Author
from models.sources.cursor import MENTIONS_CURSOR, Cursor
from models.sources.gap import Gap
from models.sources.mention import Mention
from models.sources.track import Track
from models.tickets import answer_as, priorities
from models.tickets.delivery_state import LIVE_STATES, STUCK_STATES, UNSETTLED_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.state import OPEN_STATES, TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket


@dataclass(frozen=True, slots=True)
class UnsettledReply:
    """A reply without a final state: where its delivery is, and why it waits there.

    `at` is when it was last sent, or written. `to_post_id` is the version of the post that it answers.
    """

    id: int
    ticket_id: int
    state: str
    reason: str | None
    detail: str | None
    actor: str
    text: str
    written_at: datetime
    at: datetime
    to_post_id: str
    needs_person: bool
    is_moving: bool
    network: str | None = None  # where it goes; None: where the ticket began
    post_url: str = ""  # where the post that it answers is, and what that post's network keeps of it
    post_context: str = ""
    account_id: str = ""  # as which account of ours


@dataclass(frozen=True, slots=True)
class TicketEntry:
    """One ticket in a list: open, or with a reply that needs a person, even if the ticket is closed.

    `words` are of the post that the next reply goes to; `channel` and `ts` are the card's.
    """

    ticket_id: int
    network: str
    account: str | None
    handle: str | None
    words: str | None
    turn: int
    post_id: str
    owner: str | None
    state: str
    since: datetime
    due_at: datetime | None
    snoozed_until: datetime | None
    is_answered: bool  # a reply holds the turn: it is on its way, or waits for a person
    channel: str | None
    ts: str | None
    media: list[Any] | None = None  # what is attached to that post, as `Mention.media` holds it
    has_no_account: bool = False  # neither its account nor another one that heard that post is connected
    reasons: list[Any] | None = None  # of its priority, as `Ticket.priority_reasons` holds them
    is_private: bool = False  # not everybody can see it
    reply: UnsettledReply | None = None  # the one that needs a person; else the current turn's, if unsettled

    @property
    def display_text(self) -> str:
        """The text; if there is none, a description of what is attached."""
        return display_text(self.words or "", map(Attachment.read, self.media or []))

    @property
    def priority(self) -> Priority:
        """What speaks for it, without the waiting time."""
        return Priority.read(self.reasons)

    @property
    def is_open(self) -> bool:
        """Whether it waits or is snoozed."""
        return self.state in OPEN_STATES

    @property
    def needs_person(self) -> bool:
        """Whether a reply of it needs a person."""
        return self.reply is not None and self.reply.needs_person

    @property
    def is_reply_moving(self) -> bool:
        """Whether a reply is on its way, so that nobody has to do anything."""
        return self.is_answered and (self.reply is None or self.reply.is_moving)


@dataclass(frozen=True, slots=True)
class StuckCounts:
    """How many tickets of a list have a reply that needs a person, by what it waits for."""

    asked: int = 0
    by_hand: int = 0
    held_back: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.asked + self.by_hand + self.held_back


@dataclass(frozen=True, slots=True)
class Listing:
    """The first entries of a list, the length of the whole list, and how many of it need a person."""

    total: int
    first: tuple[TicketEntry, ...]
    stuck: StuckCounts = StuckCounts()


@dataclass(frozen=True, slots=True)
class OpenTicketFilter:
    """Which open tickets: all conditions must hold; of several channels, networks and the like, any.

    Only those that `access` allows are among them.
    """

    owner: str | None = None
    unclaimed: bool = False
    overdue_at: datetime | None = None
    channels: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    accounts: tuple[AccountFilter, ...] = ()
    tracks: tuple[int, ...] = ()
    access: ReadAccess = PUBLIC_ONLY

    def conditions(self) -> list[ColumnElement[bool]]:
        """Returns the filter as SQL conditions on tickets."""
        return [*self._wanted(), self.access.condition()]

    def count_hidden(self, session: Session) -> HiddenCount:
        """Returns how many tickets match besides those that may be read."""
        here = (*self._wanted(), Ticket.is_open(), Ticket.network != CANARY_NETWORK)
        return count_hidden(session, self.access, *here)

    def _wanted(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.owner is not None:
            found.append(Ticket.owner == self.owner)
        if self.unclaimed:
            found.append(Ticket.owner.is_(None))
        if self.overdue_at is not None:
            found += [Ticket.is_open(), Ticket.due_at < self.overdue_at, Ticket.state != TicketState.SNOOZED]
        if self.channels:
            found.append(Ticket.channel.in_(self.channels))
        if self.networks:
            found.append(without_index(Ticket.network).in_(self.networks))
        if self.accounts:
            columns = (without_sqlite_index(Ticket.network), without_sqlite_index(Ticket.account_id))
            found.append(or_(*(one.condition(*columns) for one in self.accounts)))
        if self.tracks:
            found.append(found_by_tracks(self.tracks))
        return found


ALL_OPEN = OpenTicketFilter()
# Snoozed ones at the end, the others by when they are due, then longest wait first.
_BY_DUE_TIME = (
    Ticket.state == TicketState.SNOOZED,
    Ticket.due_at.asc().nulls_last(),
    Ticket.waiting_since,
    Ticket.id,
)


def list_by_due_time(
    session: Session, wanted: OpenTicketFilter = ALL_OPEN, *, limit: int, after: int = 0
) -> Listing:
    """Returns the open tickets that match, by due time: `limit` of them after the first `after`.

    Tickets with a reply that needs a person come first, here as in the other lists.
    """
    return _build_listing(session, wanted.conditions(), _BY_DUE_TIME, limit, after)


def list_by_priority(
    session: Session, wanted: OpenTicketFilter = ALL_OPEN, *, at: datetime, limit: int, after: int = 0
) -> Listing:
    """Returns the open tickets that match, most points at `at` first, and snoozed ones last."""
    points = priorities.priority_points(at, priorities.load_weights(session, wanted.channels or None))
    order = (Ticket.state == TicketState.SNOOZED, points.desc(), Ticket.waiting_since, Ticket.id)
    return _build_listing(session, wanted.conditions(), order, limit, after)


def list_owned(session: Session, user: str, *, limit: int, access: ReadAccess = PUBLIC_ONLY) -> Listing:
    """Returns the open tickets that `user` owns and may read, longest wait first."""
    own = OpenTicketFilter(owner=user, access=access)
    return _build_listing(session, own.conditions(), (Ticket.waiting_since, Ticket.id), limit)


def list_by_wait(session: Session, wanted: OpenTicketFilter = ALL_OPEN, *, limit: int) -> Listing:
    """Returns the open tickets that match, longest wait first and snoozed ones last."""
    return _build_listing(
        session,
        wanted.conditions(),
        (Ticket.state == TicketState.SNOOZED, Ticket.waiting_since, Ticket.id),
        limit,
    )


def list_failing_reads(
    session: Session, *, late_before: datetime, networks: Collection[str]
) -> list[Cursor | Gap]:
    """Returns the readings of mentions that fail now, have a gap, or are too old, and searches that fail.

    More tickets may be waiting than Heard knows of. A reading on one of `networks` is too old before
    `late_before`. Of the searches of one account the one that has failed longest stands for all.
    """
    last = func.coalesce(Cursor.read_at, Cursor.started_at)
    is_late = and_(Cursor.network.in_(networks), last < late_before)
    # Nothing is read, and no gap is searched, of an account that is not connected any more.
    cursors = select(Cursor).where(
        Cursor.name == MENTIONS_CURSOR,
        or_(Cursor.failing_since.is_not(None), is_late),
        ~Account.is_left(Cursor.network, Cursor.account_id),
    )
    gaps = select(Gap).where(~Account.is_left(Gap.network, Gap.account_id))
    return [
        *session.scalars(cursors.order_by(Cursor.id)),
        *_failing_searches(session),
        *session.scalars(gaps.order_by(Gap.id)),
    ]


def select_failing_searches() -> Select[Cursor]:
    """Returns the query for the cursors of searches that fail now, the one that has failed longest first."""
    query = (
        select(Cursor)
        .join(Track, Cursor.name == Track.cursor_name_sql())
        .where(
            Cursor.failing_since.is_not(None),
            Track.removed_at.is_(None),
            Track.paused_at.is_(None),
            ~Account.is_left(Cursor.network, Cursor.account_id),
        )
    )
    return query.order_by(Cursor.failing_since, Cursor.id)


def _failing_searches(session: Session) -> list[Cursor]:
    longest: dict[tuple[str, str], Cursor] = {}
    for cursor in session.scalars(select_failing_searches()):
        longest.setdefault((cursor.network, cursor.account_id), cursor)
    return list(longest.values())


def count_stuck(session: Session, wanted: OpenTicketFilter = ALL_OPEN) -> StuckCounts:
    """Returns how many matching tickets have a reply that needs a person."""
    return _count_by_reason(_stuck_tickets(session, wanted.conditions(), ()))


def _build_listing(
    session: Session, conditions: list[ColumnElement[bool]], order: Sequence[Any], limit: int, after: int = 0
) -> Listing:
    """Selects the ids first: entries that are not shown need not be built, and there may be ten thousand."""
    first = _stuck_tickets(session, conditions, order)
    here = [Ticket.is_open(), Ticket.network != CANARY_NETWORK, *conditions]
    if first:
        here.append(Ticket.id.not_in(select(Reply.ticket_id).where(Reply.needs_a_person())))
    count = session.scalar(select(func.count(Ticket.id)).where(*here)) or 0
    ids = [*first][after : after + limit]
    rest = select(Ticket.id).where(*here).order_by(*order).limit(limit - len(ids))
    ids += session.scalars(rest.offset(max(after - len(first), 0)))
    found = {
        row[0]: TicketEntry(*row)
        for row in session.execute(join_entry_tables(select(*ENTRY_COLUMNS)).where(Ticket.id.in_(ids)))
    }
    entries = _attach_replies(session, [found[one] for one in ids if one in found])
    return Listing(len(first) + count, entries, _count_by_reason(first))


def _stuck_tickets(
    session: Session, conditions: Sequence[ColumnElement[bool]], order: Sequence[Any]
) -> dict[int, DeliveryState]:
    """Tickets with a reply that needs a person, in `order`, and what that reply waits for.

    They need not be open, since the conversation may have gone on without the reply. They are few.
    """
    query = select(Ticket.id, Reply.state).join_from(Reply, Ticket, Ticket.id == Reply.ticket_id)
    here = query.where(Reply.needs_a_person(), Ticket.network != CANARY_NETWORK, *conditions)
    found: dict[int, DeliveryState] = {}
    for ticket_id, state in session.execute(here.order_by(*order)):
        waits_for = DeliveryState(state)
        found[ticket_id] = min(found.get(ticket_id, waits_for), waits_for, key=STUCK_STATES.index)
    return found


def _count_by_reason(tickets: dict[int, DeliveryState]) -> StuckCounts:
    kinds = Counter(tickets.values())
    return StuckCounts(*(kinds[state] for state in STUCK_STATES))


def _attach_replies(session: Session, entries: list[TicketEntry]) -> tuple[TicketEntry, ...]:
    """Returns `entries`, each with its unsettled reply."""
    query = (
        select(Reply, Mention, Reply.needs_a_person())
        .outerjoin(Mention, Mention.is_post_of(Reply.ticket_id, Reply.to_post_id))
        .where(Reply.ticket_id.in_([one.ticket_id for one in entries]), Reply.state.in_(UNSETTLED_STATES))
        .order_by(Reply.id.desc())
    )
    turns = {one.ticket_id: one.turn for one in entries}
    found: dict[int, UnsettledReply] = {}
    for reply, post, needs_person in session.execute(query):
        if needs_person or (reply.turn == turns[reply.ticket_id] and reply.ticket_id not in found):
            one = _unsettled_reply(reply, post, needs_person=bool(needs_person))
            found[reply.ticket_id] = min(found.get(reply.ticket_id, one), one, key=_reply_urgency)
    return tuple(replace(one, reply=found.get(one.ticket_id)) for one in entries)


def _reply_urgency(one: UnsettledReply) -> int:
    return STUCK_STATES.index(DeliveryState(one.state)) if one.needs_person else len(STUCK_STATES)


def _unsettled_reply(reply: Reply, post: Mention | None, *, needs_person: bool) -> UnsettledReply:
    return UnsettledReply(
        id=reply.id,
        ticket_id=reply.ticket_id,
        state=reply.state,
        reason=reply.reason,
        detail=reply.detail,
        actor=reply.actor,
        text=reply.text,
        written_at=reply.created_at,
        at=reply.sent_at or reply.created_at,
        to_post_id=reply.to_post_id if post is None else post.latest_id,
        needs_person=needs_person,
        is_moving=reply.is_moving,
        network=reply.network,
        post_url="" if post is None else post.url,
        post_context="" if post is None else post.reply_context,
        account_id=reply.account_id,
    )


_live_reply = aliased(Reply)
_has_live_reply = (
    select(_live_reply.id)
    .where(
        _live_reply.ticket_id == Ticket.id,
        _live_reply.turn == Ticket.turn,
        _live_reply.state.in_(LIVE_STATES),
    )
    .exists()
)

# The columns of a `TicketEntry`, in its order.
ENTRY_COLUMNS = (
    Ticket.id,
    func.coalesce(Mention.network, Ticket.network),
    Account.handle,
    Author.handle,
    Mention.text,
    Ticket.turn,
    Ticket.target_post_id,
    Ticket.owner,
    Ticket.state,
    Ticket.waiting_since,
    Ticket.due_at,
    Ticket.snoozed_until,
    _has_live_reply,
    PLACE_CHANNEL,
    PLACE_TS,
    Mention.media,
    answer_as.has_no_account(),
    Ticket.priority_reasons,
    Ticket.is_private,
)


def join_entry_tables(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Returns `query` over tickets, joined with what the columns of a `TicketEntry` come from."""
    target = Mention.is_post_of(Ticket.id, Ticket.target_post_id)
    ours = and_(Account.network == Ticket.network, Account.network_id == Ticket.account_id)
    return join_place(
        query.select_from(Ticket)
        .join(Author, Author.id == Ticket.author_id)
        .outerjoin(Account, ours)
        .outerjoin(Mention, target)
    )
