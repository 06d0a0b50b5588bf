"""What is past its time and in no final state: reads only. In a healthy ledger nothing is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.slack.card import Card
from models.slack.notice import Notice
from models.sources.cursor import MENTIONS, Cursor
from models.sources.mention import Mention
from models.tickets import not_shown
from models.tickets.reply import ON_ITS_WAY, SPOKEN, Reply
from models.tickets.reply import State as Delivery
from models.tickets.state import State
from models.tickets.ticket import Ticket

GRACE = timedelta(minutes=1)  # loops look every two seconds, and a worker's death costs a quarter of a minute
KEPT_TOO_LONG = timedelta(minutes=15)  # after the moment at which the words of a hidden post had to go
SHOWN = timedelta(minutes=10)  # Slack's pace: a burst of 500 cards in one channel takes that long

# These always have a time at which something is due.
_WITH_A_TIME = (Delivery.HELD, Delivery.QUEUED, Delivery.SENDING, Delivery.UNSURE)


_DUE_AFTER = {"words": not_shown.BLANKED_AFTER}  # of these the query tells when they were first missed


@dataclass(frozen=True, slots=True)
class Overdue:
    """So many of a kind, the oldest due since then."""

    kind: str
    count: int
    since: datetime


def find(
    session: Session, *, networks: Collection[str], at: datetime, read_within: timedelta
) -> list[Overdue]:
    """Everything that should have happened before `at`.

    `networks` are those that this Heard can speak to; mentions on them should have been read `read_within`.
    """
    return [
        Overdue(kind, count, since + _DUE_AFTER.get(kind, timedelta()))
        for kind, query in _queries(networks, at, read_within)
        for count, since in session.execute(query)
        if count
    ]


def stranded(session: Session) -> list[Reply]:
    """Replies that nothing would ever move again. There should be no way to become one."""
    return list(session.scalars(select(Reply).where(*_without_a_time())))


def snoozed_too_long(at: datetime) -> ColumnElement[bool]:
    """Snoozes that are over."""
    return (Ticket.state == State.SNOOZED) & (Ticket.snoozed_until <= at)


def _without_a_time() -> tuple[ColumnElement[bool], ...]:
    return Reply.state.in_(_WITH_A_TIME), Reply.due_at.is_(None)


def _queries(
    networks: Collection[str], at: datetime, read_within: timedelta
) -> Iterator[tuple[str, Select[Any, Any]]]:
    late, due = at - GRACE, select(func.count(), func.min(Reply.due_at)).join_from(Reply, Ticket)
    on_its_way = due.where(Reply.state.in_(ON_ITS_WAY), Reply.due_at <= late)
    yield "replies", on_its_way.where(Ticket.network.in_(networks))
    yield "replies without a network", on_its_way.where(Ticket.network.not_in(networks))
    to_delete = due.where(Reply.unsay_by.is_not(None), Reply.state.in_(SPOKEN), Reply.due_at <= late)
    yield "deletions", to_delete
    yield "stranded replies", select(func.count(), func.min(Reply.created_at)).where(*_without_a_time())

    changed = select(func.max(Event.at)).where(Event.ticket_id == Ticket.id).scalar_subquery()
    cards = select(func.count(), func.min(changed)).select_from(Ticket)
    yield "cards", cards.where(Ticket.drawn_revision < Ticket.revision, changed <= at - SHOWN)

    notices = select(func.count(), func.min(Notice.created_at)).select_from(Notice)
    placed = or_(Notice.ticket_id.is_(None), Card.ts.is_not(None))
    untold = notices.outerjoin(Card, Card.ticket_id == Notice.ticket_id).where(Notice.ts.is_(None), placed)
    yield "notices", untold.where(Notice.created_at <= at - SHOWN)

    snoozes = select(func.count(), func.min(Ticket.snoozed_until))
    yield "snoozes", snoozes.where(snoozed_too_long(late))

    words = select(func.count(), func.min(Mention.missing_since))
    yield "words", words.where(not_shown.too_long_kept(at - KEPT_TOO_LONG))

    # An account that is ours no more is not read any more: the newest of a network counts.
    # One that works is not late before the network's rate limit allows the next.
    may_be_read = case((Cursor.failing_since.is_(None), Cursor.not_before))
    last = func.max(func.coalesce(may_be_read, Cursor.read_at, Cursor.started_at))
    readings = select(last.label("at")).where(Cursor.name == MENTIONS, Cursor.network.in_(networks))
    old = readings.group_by(Cursor.network).having(last <= at - read_within).subquery()
    yield "readings", select(func.count(), func.min(old.c.at))
