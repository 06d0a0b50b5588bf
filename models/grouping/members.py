"""The tickets of a group: which may join, how they join, and what the log says of it."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert, literal, select, update
from sqlalchemy.orm import Session

from models.core import bulk_insert
from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import add_if_absent
from models.slack.ticket_group import GroupKind, TicketGroup
from models.sources.mention import Mention
from models.tickets.reply import Reply
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket

GROUPED_ACT = "grouped"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that may join a group; `text` is that of the post that a reply would go to."""

    id: int
    network: str
    channel: str
    conversation_id: str
    opened_at: datetime
    post_id: str
    text: str


def can_join() -> ColumnElement[bool]:
    """Returns the SQL condition on tickets that nobody has acted on yet, and that are in no group.

    A private one never joins: a shared card quotes all of them.
    """
    replies = select(Reply.id).where(Reply.ticket_id == Ticket.id).correlate(Ticket).exists()
    return and_(
        Ticket.is_open(),
        Ticket.state == TicketState.WAITING,
        Ticket.group_id.is_(None),
        Ticket.is_private.is_(False),
        Ticket.keeps_card.is_(False),
        Ticket.owner.is_(None),
        Ticket.turn == 1,
        Ticket.first_claimed_at.is_(None),
        Ticket.composing_until.is_(None),
        Ticket.network != CANARY_NETWORK,
        ~replies,
    )


def load_candidates(
    session: Session, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[Candidate]:
    """Returns the tickets that may join a group and meet `conditions`, the newest `limit` of them, by age."""
    query = (
        select(
            *(Ticket.id, Ticket.network, Ticket.channel, Ticket.conversation_id, Ticket.opened_at),
            *(Mention.post_id, Mention.text),
        )
        .join(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
        .where(can_join(), Mention.deleted_at.is_(None), *conditions)
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(limit)
    )
    return [Candidate(*row) for row in session.execute(query)][::-1]


def open_group(
    session: Session,
    kind: GroupKind,
    channel: str,
    *,
    at: datetime,
    taking_until: datetime,
    network: str = "",
    subject: str = "",
    post_id: str | None = None,
) -> TicketGroup:
    """Returns the group of that kind and subject that tickets can join until `taking_until`, locked.

    `post_id` is the post that is repeated, for copies. It is made if there is none; two workers that need one
    at the same time get the same.
    """
    add_if_absent(
        session,
        TicketGroup,
        kind=kind,
        channel=channel,
        network=network,
        subject=subject,
        post_id=post_id,
        opened_at=at,
        taking_until=taking_until,
        key=uuid.uuid4().hex,
    )
    group = TicketGroup.find_taking(session, kind, channel, network=network, subject=subject)
    assert group is not None  # inserted, or somebody else's and now locked
    group.taking_until = max(group.taking_until, taking_until)
    return group


def join_group(
    session: Session, group: TicketGroup, ticket_ids: Collection[int], *, why: str, at: datetime
) -> int:
    """Put those tickets into `group`, and log for each why. Returns how many joined.

    One that has changed meanwhile so that it may not join is left alone. `why` is a few words, in plain text.
    """
    locked = select(Ticket.id).where(Ticket.id.in_(ticket_ids), can_join()).order_by(Ticket.id)
    ids = list(session.scalars(locked.with_for_update()))
    if not ids:
        return 0
    listed = {"listed": ids}
    moved = update(Ticket).where(Ticket.id.in_(bulk_insert.LISTED_NUMBERS))
    session.execute(
        moved.values(group_id=group.id, revision=Ticket.revision + 1),
        listed,
        execution_options={"synchronize_session": False},
    )
    session.expire_all()
    data = {"group": str(group.id), "kind": group.kind, "why": why}
    logged = insert(Event).from_select(
        ["at", "actor", "act", "ticket_id", "data"],
        select(
            literal(at, Event.at.type),
            literal(HEARD_ACTOR),
            literal(GROUPED_ACT),
            Ticket.id,
            literal(data, Event.data.type),
        )
        .where(Ticket.id.in_(bulk_insert.LISTED_NUMBERS))
        .order_by(Ticket.id),
    )
    session.connection().execute(logged, listed)
    group.joined += len(ids)
    group.change(at)
    session.flush()
    return len(ids)


def ids_of(candidates: Sequence[Candidate]) -> set[int]:
    """Returns the ids of those tickets."""
    return {one.id for one in candidates}


def move_group(session: Session, group: TicketGroup, channel: str, *, at: datetime) -> None:
    """Have `group`, whose channel is gone, go on in `channel` with its tickets.

    The caller has locked its tickets, then the group. Where a group of its kind is there already, its tickets
    join that one, and nothing is left of it.
    """
    there = TicketGroup.find_taking(
        session, GroupKind(group.kind), channel, network=group.network, subject=group.subject
    )
    if there is not None and group.closed_at is not None:
        there = None  # it takes nobody any more, so it only shows what it has
    to = group if there is None else there
    moved = update(Ticket).where(Ticket.group_id == group.id)
    session.execute(
        moved.values(channel=channel, group_id=to.id, revision=Ticket.revision + 1),
        execution_options={"synchronize_session": False},
    )
    if there is None:
        group.channel = channel
        group.mark_deleted(at)
        return
    there.joined += group.joined
    there.change(at)
    group.joined, group.closed_at, group.drawn_revision, group.stale_since = 0, at, group.revision, None
