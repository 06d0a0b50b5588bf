"""Exports tickets, replies and events as plain rows for other tools. Reads only.

Never exported: credentials, keys, what Slack sent us, cards, and drafts, which are private to their author. A
post that is no longer shown is a row without text.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute as Column
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from models.core.account_filter import AccountFilter
from models.core.audit_event import Event
from models.core.base import Moment
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.reports.found_by import found_by_tracks
from models.sources.account import Account
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import Reply
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket, reply_network

FETCH_BATCH_ROWS = 2_000
# Never submitted, so private to their author.
PRIVATE_STATES = (
    DeliveryState.DRAFT,
    DeliveryState.DISCARDED,
    DeliveryState.SUPERSEDED,
    DeliveryState.REJECTED,
)
_NON_TEXT_TYPES = (Integer, Boolean, Moment, JSON)
_PRIVATE_DATA_KEYS = ("detail", "worker")  # of an event's data: a machine's name, a network's own words


class iso_timestamp(GenericFunction[str]):  # noqa: N801 - SQL's word
    """The SQL function that formats a time as ISO 8601 in UTC.

    A row has a dozen times, and Python is slow at formatting them.
    """

    type = Text()
    inherit_cache = True


@compiles(iso_timestamp, "sqlite")
def _iso_in_sqlite(element: iso_timestamp, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - options
    return f"(replace({compiler.process(element.clauses, **more)}, ' ', 'T') || 'Z')"


@compiles(iso_timestamp, "postgresql")
def _iso_in_postgresql(element: iso_timestamp, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401 - options
    moment = compiler.process(element.clauses, **more)
    return f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def _export_column(column: Any) -> Any:  # noqa: ANN401 - a column
    """A column whose values need no more work in Python: times formatted, JSON as it is stored."""
    if isinstance(column.type, Moment):
        return iso_timestamp(column)
    return cast(column, Text) if isinstance(column.type, JSON) else column


@dataclass(frozen=True, slots=True)
class ExportFilter:
    """Which rows: from `since` to before `until` (UTC), and conditions; None for all.

    Only those about tickets that `access` allows.
    """

    since: datetime | None = None
    until: datetime | None = None
    state: str | None = None
    network: str | None = None
    channel: str | None = None
    person: str | None = None
    account: AccountFilter | None = None
    track: int | None = None
    access: ReadAccess = PUBLIC_ONLY


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One kind of row: its columns with their sources, and what the filters mean for it.

    `at` is the time that a period filters by; `states` are the values that `state` may have, None for any.
    `account_id` is the account of ours that a row belongs to.
    """

    name: str
    singular: str
    columns: tuple[tuple[str, Any], ...]
    key: Column[int]
    at: Column[datetime]
    state: Column[str]
    states: tuple[str, ...] | None
    people: tuple[Column[str] | Column[str | None], ...]
    joins: Any
    condition: ColumnElement[bool]
    account_id: Any = Ticket.account_id
    network: Any = Ticket.network

    @property
    def header(self) -> list[str]:
        """The names of the columns, in order."""
        return [name for name, _ in self.columns]

    @property
    def text_positions(self) -> tuple[int, ...]:
        """The indexes of columns that may contain what a person wrote: all but numbers, times and JSON."""
        types = enumerate(column.type for _, column in self.columns)
        return tuple(place for place, type_ in types if not isinstance(type_, _NON_TEXT_TYPES))

    def count(self, session: Session, wanted: ExportFilter) -> int:
        """Returns how many rows match."""
        return session.scalar(self._chosen(select(func.count(self.key)), wanted)) or 0

    def rows(self, session: Session, wanted: ExportFilter) -> Iterator[Row[Any]]:
        """Yields the matching rows, oldest first, with `FETCH_BATCH_ROWS` of them in memory at a time.

        PostgreSQL keeps a server-side cursor for that; SQLite reads as rows are asked for.
        https://docs.sqlalchemy.org/en/21/orm/queryguide/api.html#fetching-large-result-sets-with-yield-per
        """
        columns = [_export_column(column).label(name) for name, column in self.columns]
        query = self._chosen(select(*columns), wanted).order_by(self.key)
        # By the connection: the session would prepare for ORM objects, which these rows do not have.
        yield from session.connection().execute(query.execution_options(yield_per=FETCH_BATCH_ROWS))

    def _chosen(self, query: Select[Any], wanted: ExportFilter) -> Select[Any]:
        conditions: list[ColumnElement[bool]] = [self.condition]
        if not wanted.access.everything:
            conditions.append(or_(Ticket.id.is_(None), wanted.access.condition()))
        if wanted.since is not None:
            conditions.append(self.at >= wanted.since)
        if wanted.until is not None:
            conditions.append(self.at < wanted.until)
        if wanted.state is not None:
            conditions.append(self.state == wanted.state)
        if wanted.network is not None:
            conditions.append(self.network == wanted.network)
        if wanted.channel is not None:
            conditions.append(Ticket.channel == wanted.channel)
        if wanted.person is not None:
            conditions.append(or_(*(who == wanted.person for who in self.people)))
        if wanted.account is not None:
            conditions.append(wanted.account.condition(self.network, self.account_id))
        if wanted.track is not None:
            conditions.append(found_by_tracks([wanted.track]))
        return query.select_from(self.joins).where(*conditions)


# --- what each kind is made of ------------------------------------------------------------------------------

_asked = aliased(Mention, name="asked")
_ours = and_(Account.network == Ticket.network, Account.network_id == Ticket.account_id)
# As which a reply goes out; older workers left it empty, and it was the ticket's.
_sender_id = func.coalesce(func.nullif(Reply.account_id, ""), Ticket.account_id)
_sender = and_(Account.network == reply_network(), Account.network_id == _sender_id)
# By the ticket first: its posts are adjacent, and integers compare faster than post ids.
_target = _asked.is_post_of(Ticket.id, Ticket.target_post_id)
_not_a_test = Ticket.network != CANARY_NETWORK


def _named(*columns: Any, **more: Any) -> tuple[tuple[str, Any], ...]:  # noqa: ANN401
    return (*((column.key, column) for column in columns), *more.items())


TICKET_TABLE = ExportTable(
    name="tickets",
    singular="ticket",
    columns=(
        *_named(Ticket.id, Ticket.network, account=Account.handle, handle=Author.handle),
        *_named(author_name=Author.name, author_id=Author.network_id, followers=Author.followers),
        *_named(
            Ticket.conversation_id, Ticket.channel, Ticket.state, Ticket.reason, Ticket.turn, Ticket.owner
        ),
        *_named(Ticket.opened_at, Ticket.seen_at, Ticket.shown_at, Ticket.first_claimed_at),
        *_named(Ticket.waiting_since, Ticket.due_at, Ticket.snoozed_until),
        *_named(
            Ticket.first_reply_at, Ticket.first_reply_by, first_reply_open_seconds=Ticket.first_reply_open
        ),
        *_named(Ticket.closed_at, Ticket.closed_by, text=func.coalesce(_asked.text, "")),
        *_named(lang=_asked.lang, url=_asked.url, deleted_at=_asked.deleted_at),
        *_named(Ticket.account_id, Ticket.track_id),
    ),
    key=Ticket.id,
    at=Ticket.opened_at,
    state=Ticket.state,
    states=tuple(TicketState),
    people=(Ticket.owner, Ticket.first_reply_by, Ticket.closed_by),
    joins=Ticket.__table__.join(Author.__table__, Author.id == Ticket.author_id)
    .outerjoin(Account.__table__, _ours)
    .outerjoin(_asked, _target),
    condition=and_(_not_a_test, Ticket.joined_to.is_(None)),
)
REPLY_TABLE = ExportTable(
    name="replies",
    singular="reply",
    columns=(
        *_named(Reply.id, Reply.ticket_id, network=reply_network(), account=Account.handle, to=Author.handle),
        *_named(Ticket.channel, Reply.turn, Reply.state, Reply.text, Reply.actor, Reply.author, Reply.source),
        *_named(Reply.to_post_id, Reply.created_at, Reply.sent_at, Reply.settled_at),
        *_named(Reply.was_handed_off, Reply.tries, Reply.post_id, Reply.post_url, Reply.reason),
        *_named(account_id=_sender_id),
    ),
    key=Reply.id,
    at=Reply.created_at,
    state=Reply.state,
    states=tuple(state for state in DeliveryState if state not in PRIVATE_STATES),
    people=(Reply.actor, Reply.author),
    joins=Reply.__table__.join(Ticket.__table__, Ticket.id == Reply.ticket_id)
    .join(Author.__table__, Author.id == Ticket.author_id)
    .outerjoin(Account.__table__, _sender),
    condition=and_(_not_a_test, Reply.state.not_in(PRIVATE_STATES)),
    account_id=_sender_id,
    network=reply_network(),
)
_gone = (
    select(Mention.id)
    .where(
        Mention.ticket_id == Event.ticket_id,
        Mention.post_id == Event.post_id,
        Mention.deleted_at.is_not(None),
    )
    .exists()
)
EVENT_TABLE = ExportTable(
    name="events",
    singular="event",
    columns=(
        *_named(Event.id, Event.at, Event.actor, Event.act, Event.ticket_id, Event.reply_id),
        *_named(network=Ticket.network, channel=Ticket.channel, post_id=Event.post_id),
        # The text of our replies; of those that were never submitted it stays private.
        *_named(
            text=case(
                (or_(Event.text.is_(None), Reply.state.in_(PRIVATE_STATES), _gone), ""), else_=Event.text
            ),
            data=Event.data,
        ),
        *_named(account=Account.handle, account_id=Ticket.account_id),
    ),
    key=Event.id,
    at=Event.at,
    state=Event.act,
    states=None,
    people=(Event.actor,),
    joins=Event.__table__.outerjoin(Ticket.__table__, Ticket.id == Event.ticket_id)
    .outerjoin(Reply.__table__, Reply.id == Event.reply_id)
    .outerjoin(Account.__table__, _ours),
    condition=or_(Ticket.network.is_(None), _not_a_test),
)
EXPORT_TABLES: Mapping[str, ExportTable] = MappingProxyType(
    {kind.name: kind for kind in (TICKET_TABLE, REPLY_TABLE, EVENT_TABLE)}
)


def strip_private_data(data: str) -> str:
    """Returns an event's `data` (JSON) without what is not for export."""
    if not any(f'"{name}"' in data for name in _PRIVATE_DATA_KEYS):
        return data
    kept = {name: value for name, value in json.loads(data).items() if name not in _PRIVATE_DATA_KEYS}
    return json.dumps(kept)
