"""The priorities of tickets: computed when something is heard, and ordered by with the waiting time.

`models.priority` says what the points are for. They follow from the ledger alone, so they can be computed
again at any time: from the posts that wait for an answer, the author's profile, their other contacts of the
week and the list of customers. What is for the waiting time is added when it is read, since it changes by
itself. Heard's own test mentions have no priority.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, case, cast, event, func, select, update
from sqlalchemy.orm import Session

from models.core import shared_lock
from models.core.sql_time import epoch_seconds
from models.priority.score import HOUR_SECONDS, Facts, Priority, compute_priority
from models.priority.weights import DEFAULT_WEIGHTS, Weights
from models.slack.channel_settings import ChannelSettings
from models.sources.author import Author
from models.sources.customer import Customer, fold_handle
from models.sources.mention import Mention
from models.tickets.answering import waiting_again
from models.tickets.incoming_post import IngestTarget, TicketKey
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import OPENED_BY_MENTION, Turn

WEEK = timedelta(days=7)  # up to a contact: the others that count with it
LOCKED_AT_ONCE = 500  # tickets, in one statement
_RULES = "weights and customers"
POSTS_READ_MAX = 20  # of one ticket, the newest of those that wait
_UPDATE = (
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(Ticket.__table__.c.id == bindparam("ticket"))
    .values(priority=bindparam("points"), priority_reasons=bindparam("why"))
)
# The card of an open one says why it comes first.
_FORGET = (
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(Ticket.__table__.c.id == bindparam("ticket"))
    .values(
        priority=None,
        priority_reasons=bindparam("why"),
        revision=case(
            (Ticket.is_open() & (Ticket.drawn_revision > 0), Ticket.revision + 1), else_=Ticket.revision
        ),
    )
)


@dataclass(frozen=True, slots=True)
class ChannelWeights:
    """The weights that hold in each Slack channel: its own, else `default`."""

    default: Weights = DEFAULT_WEIGHTS
    by_channel: Mapping[str, Weights] | None = None

    def of(self, channel: str) -> Weights:
        """Those that hold in `channel`."""
        return (self.by_channel or {}).get(channel, self.default)


def load_weights(session: Session, channels: Collection[str] | None = None) -> ChannelWeights:
    """Returns the weights of `channels`, or of all: their own where they have some, else the defaults."""
    query = select(ChannelSettings.channel, cast(ChannelSettings.priority_weights, String))
    query = query.where(ChannelSettings.priority_weights.is_not(None))
    if channels is not None:
        query = query.where(ChannelSettings.channel.in_(channels))
    own = session.execute(query).all() if channels is None or channels else ()
    return ChannelWeights(by_channel={channel: Weights.of_json(stored) for channel, stored in own})


# --- computing ----------------------------------------------------------------------------------------------


def keep_rules(session: Session) -> None:
    """Keep weights and customers as they are while this transaction inserts tickets.

    A change cannot see those tickets, so it waits for them. Call this, like `lock_rules`, before any ticket
    is locked.
    """
    shared_lock.lock_to_read(session, _RULES)


def lock_rules(session: Session) -> None:
    """Change weights or customers from here on; `forget_all` follows. Transactions with new tickets wait."""
    shared_lock.lock_to_change(session, _RULES)


def add_to_new(
    session: Session,
    rows: Mapping[TicketKey, dict[str, Any]],
    said: Iterable[tuple[TicketKey, str]],
    place: IngestTarget,
) -> None:
    """Add their priorities to the rows of tickets that are about to be inserted.

    `said` has the posts with the key of their ticket, oldest first. It
    takes each author for new to the ledger, and reads nothing of them; for others `rescore` follows.
    """
    keep_rules(session)
    texts: dict[TicketKey, list[str]] = defaultdict(list)
    for key, text in said:
        texts[key].append(text)
    asked: dict[int, list[datetime]] = defaultdict(list)
    for key, row in rows.items():
        asked[key.author_id].append(row["opened_at"])
    weights = load_weights(session, [place.channel]).of(place.channel)
    for key, row in rows.items():
        row["priority"] = row["priority_reasons"] = None
        if place.network != CANARY_NETWORK:
            contact = _count_contacts(asked[key.author_id], row["opened_at"])
            found = compute_priority(Facts(texts[key][-POSTS_READ_MAX:], contact=contact), weights)
            row["priority"], row["priority_reasons"] = found.points, found.as_json()


def rescore(session: Session, ticket_ids: Collection[int]) -> None:
    """Compute and store the priorities of those tickets, which the caller holds, if they have changed."""
    waiting_again(session).difference_update(ticket_ids)
    _store(session, _compute(session, ticket_ids))


@event.listens_for(Session, "before_commit")
def _rescore_waiting_again(session: Session) -> None:
    """Compute the priorities of tickets that wait again, in the transaction that makes them wait."""
    if waiting_again(session):
        rescore(session, list(waiting_again(session)))


def rescore_after_posts(session: Session, ticket_ids: Collection[int], author_ids: Collection[int]) -> None:
    """Compute the priorities of tickets with new posts of authors who were known before.

    Posts come in any order: where an earlier contact is heard late, later ones are one more than it seemed.
    """
    if not author_ids:
        return
    session.flush()
    first = select(func.min(Ticket.waiting_since)).where(Ticket.id.in_(ticket_ids)).scalar_subquery()
    later = select(Ticket.id).where(
        Ticket.author_id.in_(author_ids), Ticket.is_open(), Ticket.waiting_since >= first
    )
    rescore(session, {*ticket_ids, *session.scalars(later)})


def rescore_authors(session: Session, author_ids: Collection[int]) -> None:
    """Take over what is known by now of those authors into the priorities of their open tickets."""
    if not author_ids:
        return
    query = select(Ticket.id, Ticket.channel, Ticket.author_id, Ticket.priority_reasons, Ticket.priority)
    rows = session.execute(
        query.where(Ticket.author_id.in_(author_ids), Ticket.is_open(), Ticket.priority.is_not(None))
        .order_by(Ticket.id)
        .with_for_update()
    ).all()
    authors = _load_authors(session, {row.author_id for row in rows})
    weights = load_weights(session, {row.channel for row in rows})
    found = []
    for row in rows:
        known = authors[row.author_id]
        facts = Facts(followers=known.followers, customer=known.customer)
        before = Priority.read(row.priority_reasons)
        after = before.with_author(facts, weights.of(row.channel))
        found.append(_Change(row.id, (row.priority, row.priority_reasons), after))
    _store(session, found)


def rescore_missing(session: Session, limit: int) -> int:
    """Compute up to `limit` priorities that open tickets lack; returns how many.

    Those are from before schema 0019, wait again after they were closed, or had theirs made invalid by
    `forget_all`.
    """
    lacking = select(Ticket.id).where(
        Ticket.is_open(), Ticket.priority.is_(None), Ticket.network != CANARY_NETWORK
    )
    ids = session.scalars(lacking.order_by(Ticket.id).limit(limit).with_for_update(skip_locked=True)).all()
    found = _compute(session, ids)
    _store(session, found)
    # Cards that said why show it anew if it is another reason now.
    stale = [one.ticket_id for one in found if one.before[1] is not None and one.is_seen]
    if stale:
        redrawn = update(Ticket).where(Ticket.id.in_(stale), Ticket.drawn_revision > 0)
        session.execute(redrawn.values(revision=Ticket.revision + 1))
    return len(found)


def forget_all(session: Session, *, channel: str | None = None) -> None:
    """Have the bot compute the priorities of all open tickets again, or of those in `channel`.

    For when weights or customers changed. Until then their reasons stay as they were.
    """
    theirs = select(Ticket.id).where(Ticket.is_open()).order_by(Ticket.id).limit(LOCKED_AT_ONCE)
    if channel is not None:
        theirs = theirs.where(Ticket.channel == channel)
    after = 0
    # By id, as all lock them: an update by itself locks rows as they lie, and two would wait for one another.
    while ids := session.scalars(theirs.where(Ticket.id > after).with_for_update()).all():
        forgotten = update(Ticket).where(Ticket.id.in_(ids)).values(priority=None)
        session.execute(forgotten, execution_options={"synchronize_session": False})
        after = ids[-1]


def forget_customers(session: Session, *, after: int, limit: int) -> int | None:
    """Take what a former list of customers said out of the reasons of some tickets that keep theirs.

    Those are the closed ones, and open ones that nobody could compute again yet. It looks at `limit` tickets
    with ids above `after`; returns the id to go on after, or None at the end.
    """
    beyond = select(Ticket.id).where(Ticket.id > after).order_by(Ticket.id)
    last = session.scalar(beyond.offset(limit - 1).limit(1))
    # Some of these only quote the word.
    named = cast(Ticket.priority_reasons, String).contains('"customer"')
    query = select(Ticket.id, Ticket.priority_reasons).where(Ticket.id > after, named)
    query = query.where(~Ticket.is_open() | Ticket.priority.is_(None))
    if last is not None:
        query = query.where(Ticket.id <= last)
    held = session.execute(query.order_by(Ticket.id).with_for_update()).all()
    rows = [
        {"ticket": ticket_id, "why": kept}
        for ticket_id, reasons in held
        if (kept := [one for one in reasons if one.get("kind") != "customer"]) != reasons
    ]
    if rows:
        session.connection().execute(_FORGET, rows)
    return last


def read_priority(session: Session, ticket: Ticket) -> Priority:
    """Returns the priority of `ticket` without waiting time, computed now if it is not stored."""
    if ticket.priority is None and ticket.network != CANARY_NETWORK:
        return next((one.after for one in _compute(session, [ticket.id])), Priority())
    return Priority.read(ticket.priority_reasons)


# --- ordering -----------------------------------------------------------------------------------------------


def priority_points(at: datetime, weights: ChannelWeights) -> ColumnElement[int]:
    """Returns the SQL expression for a ticket's points at `at`, those for the waiting time included."""
    own = {
        name: one
        for name, one in (weights.by_channel or {}).items()
        if _waits(one) != _waits(weights.default)
    }
    waiting = _waiting_points(at, weights.default)
    if own:
        branches = [(Ticket.channel == name, _waiting_points(at, one)) for name, one in sorted(own.items())]
        waiting = case(*branches, else_=waiting)
    return func.coalesce(Ticket.priority, 0) + waiting


def _waits(weights: Weights) -> tuple[int, int]:
    return weights.waiting, weights.waiting_hours


def _waiting_points(at: datetime, weights: Weights) -> ColumnElement[int]:
    """As `models.priority.score.waiting_hours` counts."""
    hours = (int(at.timestamp() // 1) - epoch_seconds(Ticket.waiting_since)) // HOUR_SECONDS
    counted = case((hours < 0, 0), (hours > weights.waiting_hours, weights.waiting_hours), else_=hours)
    return counted * weights.waiting


# --- what it follows from -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """A ticket, the priority and reasons that are stored, and those that are true now."""

    ticket_id: int
    before: tuple[int | None, list[Any] | None]
    after: Priority

    @property
    def is_seen(self) -> bool:
        """Whether people see another reason, more than another number of followers."""

        def shown(priority: Priority) -> list[Any]:
            return [(one.kind, one.name, one.words, one.note, one.points) for one in priority.reasons]

        return shown(Priority.read(self.before[1])) != shown(self.after)


@dataclass(frozen=True, slots=True)
class _AuthorFacts:
    followers: int | None
    customer: str | None


def _store(session: Session, changes: Iterable[_Change]) -> None:
    rows = [
        {"ticket": one.ticket_id, "points": one.after.points, "why": why}
        for one in changes
        if one.before != (one.after.points, why := one.after.as_json())
    ]
    if rows:
        session.connection().execute(_UPDATE, rows)


def _compute(session: Session, ticket_ids: Collection[int]) -> list[_Change]:
    if not ticket_ids:
        return []
    session.flush()
    query = select(
        Ticket.id,
        Ticket.author_id,
        Ticket.channel,
        Ticket.target_post_id,
        Ticket.priority,
        Ticket.priority_reasons,
        Turn.asked_at,
    ).join(Turn, (Turn.ticket_id == Ticket.id) & (Turn.number == Ticket.turn))
    here = query.where(Ticket.id.in_(ticket_ids), Ticket.network != CANARY_NETWORK).order_by(Ticket.id)
    rows = session.execute(here).all()
    texts = _load_texts(session, {row.id: (row.asked_at, row.target_post_id) for row in rows})
    authors = _load_authors(session, {row.author_id for row in rows})
    contacts = _load_contacts(session, {row.id: (row.author_id, row.asked_at) for row in rows})
    weights = load_weights(session, {row.channel for row in rows})
    found = []
    for row in rows:
        known = authors[row.author_id]
        facts = Facts(texts[row.id], known.followers, contacts[row.id], known.customer)
        after = compute_priority(facts, weights.of(row.channel))
        found.append(_Change(row.id, (row.priority, row.priority_reasons), after))
    return found


def _load_texts(session: Session, tickets: Mapping[int, tuple[datetime, str]]) -> dict[int, list[str]]:
    """The posts of each ticket since its turn was opened; if there are none, the one to be answered."""
    waiting: dict[int, list[str]] = {one: [] for one in tickets}
    target: dict[int, list[str]] = {one: [] for one in tickets}
    query = select(Mention.ticket_id, Mention.post_id, Mention.posted_at, Mention.text).where(
        Mention.ticket_id.in_(tickets), Mention.deleted_at.is_(None)
    )
    for ticket_id, post_id, posted_at, text in session.execute(
        query.order_by(Mention.posted_at.desc(), Mention.order_key.desc(), Mention.id.desc())
    ):
        asked_at, target_post_id = tickets[ticket_id]
        if posted_at >= asked_at and len(waiting[ticket_id]) < POSTS_READ_MAX:
            waiting[ticket_id].append(text)
        if post_id == target_post_id:
            target[ticket_id] = [text]
    return {one: list(reversed(waiting[one])) or target[one] for one in tickets}


def _load_authors(session: Session, author_ids: Collection[int]) -> dict[int, _AuthorFacts]:
    query = select(Author.id, Author.network, Author.handle, Author.followers)
    rows = session.execute(query.where(Author.id.in_(author_ids))).all() if author_ids else []
    handles: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.handle:
            handles[row.network].add(row.handle)
    notes = {network: Customer.notes_of(session, network, theirs) for network, theirs in handles.items()}
    return {
        row.id: _AuthorFacts(
            row.followers,
            notes.get(row.network, {}).get(fold_handle(row.handle) or "") if row.handle else None,
        )
        for row in rows
    }


def _load_contacts(session: Session, tickets: Mapping[int, tuple[int, datetime]]) -> dict[int, int]:
    """Which contact of its author's week each ticket's turn is, from 1.

    A contact is a turn that a post of theirs opened, in whichever conversation; more posts in it are the same
    contact.
    """
    if not tickets:
        return {}
    moments = [asked_at for _, asked_at in tickets.values()]
    query = (
        select(Ticket.author_id, Turn.asked_at)
        .join(Turn, Turn.ticket_id == Ticket.id)
        .where(
            Ticket.author_id.in_({author_id for author_id, _ in tickets.values()}),
            Turn.opened_by == OPENED_BY_MENTION,
            Turn.asked_at > min(moments) - WEEK,
            Turn.asked_at <= max(moments),
        )
    )
    asked: dict[int, list[datetime]] = defaultdict(list)
    for author_id, asked_at in session.execute(query):
        asked[author_id].append(asked_at)
    return {
        one: max(_count_contacts(asked[author_id], asked_at), 1)
        for one, (author_id, asked_at) in tickets.items()
    }


def _count_contacts(moments: Iterable[datetime], asked_at: datetime) -> int:
    """Returns how many of `moments` are in the week that ends at `asked_at`."""
    return sum(asked_at - WEEK < one <= asked_at for one in moments)
