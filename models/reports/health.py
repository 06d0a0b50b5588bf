"""Reads what is past its time and in no final state. In a healthy ledger nothing is. Reads only."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.grouping.card_place import join_place_of
from models.slack.notice import Notice
from models.slack.ticket_group import TicketGroup
from models.sources.account import Account
from models.sources.cursor import MENTIONS_CURSOR, Cursor
from models.sources.mention import Mention
from models.tickets import not_shown
from models.tickets.delivery_state import PUBLIC_STATES, UNSETTLED_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.state import TicketState
from models.tickets.ticket import Ticket, reply_network

DUE_GRACE = timedelta(minutes=1)  # loops look every two seconds; a crashed worker costs 15 seconds
ERASURE_GRACE = timedelta(minutes=15)  # after the time by which the text of a hidden post had to be erased
SLACK_POSTING_GRACE = timedelta(minutes=10)  # Slack's rate limit: 500 cards in one channel take that long

# Replies in these states always have a due time.
_TIMED_STATES = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNSURE)


_DUE_DELAYS = {"words": not_shown.ERASE_AFTER}  # that query returns when posts were first missed


@dataclass(frozen=True, slots=True)
class OverdueCount:
    """How many things of a kind are overdue, and since when the oldest is."""

    kind: str
    count: int
    since: datetime


def find_overdue(
    session: Session, *, networks: Collection[str], at: datetime, read_within: timedelta
) -> list[OverdueCount]:
    """Returns what should have happened before `at`, by kind.

    `networks` are those that this process can access; their mentions should have been read in the last
    `read_within`.
    """
    return [
        OverdueCount(kind, count, since + _DUE_DELAYS.get(kind, timedelta()))
        for kind, query in _queries(networks, at, read_within)
        for count, since in session.execute(query)
        if count
    ]


def list_stranded_replies(session: Session) -> list[Reply]:
    """Returns replies that no job would ever move again. There should be none."""
    return list(session.scalars(select(Reply).where(*_untimed_conditions())))


def snooze_is_over(at: datetime) -> ColumnElement[bool]:
    """Returns the SQL condition that a snooze has ended by `at`."""
    return (Ticket.state == TicketState.SNOOZED) & (Ticket.snoozed_until <= at)


def has_stale_card() -> ColumnElement[bool]:
    """Returns the SQL condition that a ticket's card is missing or out of date."""
    return (Ticket.drawn_revision < Ticket.revision) & Ticket.has_or_gets_card()


def _untimed_conditions() -> tuple[ColumnElement[bool], ...]:
    return Reply.state.in_(_TIMED_STATES), Reply.due_at.is_(None)


def _queries(
    networks: Collection[str], at: datetime, read_within: timedelta
) -> Iterator[tuple[str, Select[Any, Any]]]:
    late, due = at - DUE_GRACE, select(func.count(), func.min(Reply.due_at)).join_from(Reply, Ticket)
    on_its_way = due.where(Reply.state.in_(UNSETTLED_STATES), Reply.due_at <= late)
    yield "replies", on_its_way.where(reply_network().in_(networks))
    yield "replies without a network", on_its_way.where(reply_network().not_in(networks))
    to_delete = due.where(Reply.unsay_by.is_not(None), Reply.state.in_(PUBLIC_STATES), Reply.due_at <= late)
    yield "deletions", to_delete
    yield "stranded replies", select(func.count(), func.min(Reply.created_at)).where(*_untimed_conditions())

    changed = select(func.max(Event.at)).where(Event.ticket_id == Ticket.id).scalar_subquery()
    cards = select(func.count(), func.min(changed)).select_from(Ticket)
    yield "cards", cards.where(has_stale_card(), changed <= at - SLACK_POSTING_GRACE)

    shared = select(func.count(), func.min(TicketGroup.stale_since)).select_from(TicketGroup)
    yield "shared cards", shared.where(TicketGroup.stale_since <= at - SLACK_POSTING_GRACE)

    notices: Any = select(func.count(), func.min(Notice.created_at)).select_from(Notice)
    notices, _, thread = join_place_of(notices, Notice.ticket_id)
    placed = or_(Notice.ticket_id.is_(None), thread.is_not(None))
    unposted: Select[Any, Any] = notices.where(Notice.ts.is_(None), placed)
    yield "notices", unposted.where(Notice.created_at <= at - SLACK_POSTING_GRACE)

    snoozes = select(func.count(), func.min(Ticket.snoozed_until))
    yield "snoozes", snoozes.where(snooze_is_over(late))

    words = select(func.count(), func.min(Mention.missing_since))
    yield "words", words.where(not_shown.erasure_due(at - ERASURE_GRACE))

    # A reading that works is not late before the network's rate limit allows the next. An account that is not
    # connected any more is not read.
    may_be_read = case((Cursor.failing_since.is_(None), Cursor.not_before))
    last = func.coalesce(may_be_read, Cursor.read_at, Cursor.started_at)
    readings = select(func.count(), func.min(last)).where(
        Cursor.name == MENTIONS_CURSOR,
        Cursor.network.in_(networks),
        ~Account.is_left(Cursor.network, Cursor.account_id),
    )
    yield "readings", readings.where(last <= at - read_within)
