"""Counts what happened in a period, to the second, from tickets, turns and mentions. Reads only."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress, pairwise
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from models.core.account_filter import AccountFilter
from models.core.audit_event import HEARD_ACTOR
from models.core.base import is_sqlite, without_index, without_sqlite_index
from models.core.query_pipeline import QueryPipeline
from models.core.sql_time import epoch_seconds, time_slots
from models.reports.found_by import found_by_tracks
from models.sources.mention import Mention
from models.tickets.state import HANDED_OFF, TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket
from models.tickets.turn import OPENED_BY_MENTION, Turn

QUARTER_SECONDS = 900  # in every time zone, hours begin at one of UTC's quarters

# The names of durations, by the clock or in office hours.
FIRST_REPLY, FIRST_REPLY_OFFICE = "first reply", "first reply, office hours"
NEXT_REPLY, NEXT_REPLY_OFFICE = "next reply", "next reply, office hours"
TIME_TO_CLAIM = "claim"
SEEN_STAGE, SHOWN_STAGE, CLAIMED_STAGE, REPLIED_STAGE = "seen", "shown", "claimed", "replied"
STAGES = (SEEN_STAGE, SHOWN_STAGE, CLAIMED_STAGE, REPLIED_STAGE)
DURATION_NAMES = (FIRST_REPLY, FIRST_REPLY_OFFICE, NEXT_REPLY, NEXT_REPLY_OFFICE, TIME_TO_CLAIM, *STAGES)

# How a ticket ended; each has exactly one of these.
WAITING_OUTCOME = "waiting"
OUTCOMES = (
    TicketState.ANSWERED.value,
    HANDED_OFF,
    TicketState.NO_REPLY_NEEDED.value,
    TicketState.NOT_ABOUT_US.value,
    TicketState.MUTED.value,
    WAITING_OUTCOME,
)
# The same as numbers; tickets that wait and were never answered have a number of their own.
_UNANSWERED_INDEX = len(OUTCOMES)
_KIND_COUNT = _UNANSWERED_INDEX + 1
_KIND = case(
    (and_(Ticket.is_open(), Ticket.first_reply_at.is_(None)), literal_column(str(_UNANSWERED_INDEX))),
    (Ticket.is_open(), literal_column(str(OUTCOMES.index(WAITING_OUTCOME)))),
    (
        and_(Ticket.state == TicketState.ANSWERED, Ticket.reason == HANDED_OFF),
        literal_column(str(OUTCOMES.index(HANDED_OFF))),
    ),
    *((Ticket.state == one, literal_column(str(place))) for place, one in enumerate(OUTCOMES)),
)


@dataclass(frozen=True, slots=True)
class StatsFilter:
    """What to count: the tickets of a teammate, a channel, a network, an account, a track; None for all.

    A teammate's are those that they own, closed or answered first. A ticket, and every post on it, belongs to
    the account that heard it first, and to every track that found one of its posts.
    """

    person: str | None = None
    channel: str | None = None
    network: str | None = None
    account: AccountFilter | None = None
    track: int | None = None
    channels: tuple[str, ...] = ()  # any of these; empty: all

    @property
    def is_exact(self) -> bool:
        """Whether it is counted from the tickets whatever the period: of these there are few."""
        return self.person is not None or self.track is not None


@dataclass(slots=True)
class TeammateCounts:
    """What one teammate answered, and how long customers had waited: `times` and `open_times`, seconds."""

    answered: int = 0
    handed_off: int = 0
    times: Counter[int] = field(default_factory=Counter)
    open_times: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class PeriodCounts:
    """The counts of a period.

    A slot is the Unix time at which an hour or a quarter begins; times are in seconds.
    """

    heard: Counter[int] = field(default_factory=Counter)  # by slot
    # By outcome, and then by slot of the first post.
    outcomes: dict[str, Counter[int]] = field(default_factory=lambda: {one: Counter() for one in OUTCOMES})
    # By slot of the first post, how long each first reply took; or how many took so long.
    first: defaultdict[int, list[int] | Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    unanswered: int = 0
    times: dict[str, Counter[int]] = field(
        default_factory=lambda: {name: Counter() for name in DURATION_NAMES}
    )
    mates: dict[str, TeammateCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotRange:
    """A range of time in slots of `step` seconds."""

    since: datetime
    until: datetime
    step: int

    @property
    def start(self) -> int:
        """The Unix time at which the first slot begins."""
        return int(self.since.timestamp()) // self.step * self.step


AddCounts = Callable[[PeriodCounts], None]
"""Waits for the rows of a query and adds them to the counts."""


def query_counts(
    ask: QueryPipeline,
    since: datetime,
    until: datetime,
    whose: StatsFilter,
    *,
    step: int = QUARTER_SECONDS,
    brief: bool = False,
    times_only: bool = False,
) -> Callable[[], PeriodCounts]:
    """Query what customers posted from `since` to before `until`, and the outcomes.

    Returns a function that waits for the rows and counts them. A ticket belongs to the period of its author's
    first post, a turn to the period in which it was asked. `step` is the length of a slot in seconds, an hour
    or a quarter. `brief` is for comparisons: totals, outcomes and the first reply only. With `times_only`
    mentions are not counted.
    """
    span = SlotRange(since, until, step)
    parts = [_count_tickets(ask, span, whose, brief=brief)]
    if not brief:
        parts.append(_count_turns(ask, span, whose))
    if not times_only:
        parts.append(_count_heard(ask, span, whose, brief=brief))

    def collect() -> PeriodCounts:
        counts = PeriodCounts()
        for part in parts:
            part(counts)
        return counts

    return collect


def _mentions_query(whose: StatsFilter) -> Select[Any]:
    query = select(Mention.id).where(Mention.network != CANARY_NETWORK)
    if whose.network is not None:
        query = query.where(without_index(Mention.network) == whose.network)
    if any(one is not None for one in (whose.person, whose.channel, whose.account, whose.track)):
        query = query.join(Ticket, Ticket.id == Mention.ticket_id).where(*_shared_conditions(whose))
    if whose.account is not None:  # of a twin, the account that heard it where it was posted
        network = without_sqlite_index(Mention.network)
        heard_by = case((network == Ticket.network, Ticket.account_id), else_=Mention.account_id)
        query = query.where(whose.account.condition(network, heard_by))
    return query


def _asked_between(since: Any, until: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401 - moments or columns
    return Mention.posted_at >= since, Mention.posted_at < until


def _count_heard(ask: QueryPipeline, span: SlotRange, whose: StatsFilter, *, brief: bool) -> AddCounts:
    """How many mentions there were: in each slot, or in total.

    SQLite looks each slot up in its index: to compute the slot of each mention takes three times as long.
    """
    heard, step = _mentions_query(whose), span.step
    query: Select[*tuple[Any, ...]]
    if brief:
        query = heard.with_only_columns(literal(span.start // step), func.count())
        query = query.where(*_asked_between(span.since, span.until))
    elif is_sqlite(ask.session):
        edges = time_slots(span.since, span.until, step)
        here = heard.with_only_columns(func.count()).where(*_asked_between(edges.c.begin, edges.c.end))
        query = select(edges.c.slot, here.correlate(edges).scalar_subquery())
    else:
        slot = epoch_seconds(Mention.posted_at).op("/", return_type=BigInteger())(literal_column(str(step)))
        query = heard.with_only_columns(slot, func.count()).where(*_asked_between(span.since, span.until))
        query = query.group_by(slot)
    answer = ask(query)

    def count(counts: PeriodCounts) -> None:
        counts.heard.update({slot * step: number for slot, number in answer() if number})

    return count


def _query_columns(
    ask: QueryPipeline,
    columns: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    query: Select[*tuple[Any, ...]],
) -> Callable[[], list[list[Any]]]:
    """Returns each of `columns` as a list; they are numbers, or JSON already.

    The database writes each as one long text: drivers take several times as long to return each value of a
    hundred thousand rows. It reads the rows once, so all lists are in the same order.
    """
    texts = [func.coalesce(cast(column, Text), literal_column("'null'")) for column in columns]
    lists = query.with_only_columns(*(func.aggregate_strings(one, ",") for one in texts))
    answer = ask(lists)
    return lambda: [json.loads(f"[{one or ''}]") for one in answer()[0]]


def _count_tickets(ask: QueryPipeline, span: SlotRange, whose: StatsFilter, *, brief: bool) -> AddCounts:
    """Reads each ticket once; Python sums up, since each sum would cost the database another pass."""
    replied_at: ColumnElement[datetime | None] = Ticket.first_reply_at.expression
    replied_open: ColumnElement[int | None] = Ticket.first_reply_open.expression
    if whose.person is not None:
        by_them = Ticket.first_reply_by == whose.person
        replied_at, replied_open = case((by_them, replied_at)), case((by_them, replied_open))
    start, step = span.start, span.step
    moments = [Ticket.opened_at, replied_at]
    if not brief:
        moments += (Ticket.seen_at, Ticket.shown_at, Ticket.first_claimed_at)
    columns = [_KIND, replied_open, *(_seconds_after(start, moment) for moment in moments)]
    query = select(Ticket.id).where(
        Ticket.opened_at >= span.since, Ticket.opened_at < span.until, *_ticket_conditions(whose)
    )
    answer = _query_columns(ask, columns, query)

    def count(counts: PeriodCounts) -> None:
        kinds, in_office, opened, replied, *between = answer()
        places = [at // step for at in opened]
        # One number for a slot and a kind: pairs by the thousand would keep Python's garbage collector busy.
        both = Counter([place * _KIND_COUNT + kind for place, kind in zip(places, kinds, strict=True)])
        for one, number in both.items():
            place, kind = divmod(one, _KIND_COUNT)
            counts.outcomes[WAITING_OUTCOME if kind == _UNANSWERED_INDEX else OUTCOMES[kind]][
                start + place * step
            ] += number
            counts.unanswered += number if kind == _UNANSWERED_INDEX else 0
        waits = _waits(opened, replied)
        counts.times[FIRST_REPLY] = _count_waits(waits)
        counts.times[FIRST_REPLY_OFFICE] = _count_waits(in_office)
        if brief:
            return
        by_place: dict[int, list[int]] = defaultdict(list)
        for place, wait in zip(places, waits, strict=True):
            if wait is not None:
                by_place[place].append(wait)
        counts.first.update((start + place * step, took) for place, took in by_place.items())
        steps = (opened, *between, replied)
        for name, (begin, end) in zip(STAGES, pairwise(steps), strict=True):
            counts.times[name] = _count_waits(_waits(begin, end))
        counts.times[TIME_TO_CLAIM] = _count_waits(_waits(opened, between[-1]))

    return count


def _seconds_after(start: int, moment: Any) -> ColumnElement[int]:  # noqa: ANN401 - a column, or what stands for one
    """The seconds from `start` to `moment`: a third of the digits, and small numbers are fast in Python."""
    return epoch_seconds(moment) - start


def _waits(begins_at: Iterable[int | None], ends_at: Iterable[int | None]) -> list[int | None]:
    """The seconds between each pair, where both are known. Never negative: clocks may differ a little."""
    pairs = zip(begins_at, ends_at, strict=True)
    return [
        None if begin is None or end is None else end - begin if end > begin else 0 for begin, end in pairs
    ]


def _count_waits(waits: Iterable[int | None]) -> Counter[int]:
    """How often each value occurs, of those that are known."""
    occurrences = Counter(waits)
    del occurrences[None]
    return occurrences  # type: ignore[return-value] # None is gone


def _count_turns(ask: QueryPipeline, span: SlotRange, whose: StatsFilter) -> AddCounts:
    """Counts who answered what was asked in the period, and the replies to later posts."""
    query = select(Turn.id).where(
        Turn.asked_at >= span.since,
        Turn.asked_at < span.until,
        Turn.opened_by == OPENED_BY_MENTION,
        Turn.outcome == TicketState.ANSWERED,
    )
    if whose == StatsFilter():  # exclude the few test tickets, instead of joining each ticket
        query = query.where(Turn.ticket_id.not_in(select(Ticket.id).where(Ticket.network == CANARY_NETWORK)))
    else:
        query = query.join(Ticket, Ticket.id == Turn.ticket_id).where(*_ticket_conditions(whose))
    if whose.person is not None:
        query = query.where(Turn.closed_by == whose.person)
    is_next, is_handed_off = case((Turn.number > 1, 1)), case((Turn.reason == HANDED_OFF, 1))
    moments = (_seconds_after(span.start, Turn.asked_at), _seconds_after(span.start, Turn.closed_at))
    who_did = literal_column("'\"'").concat(Turn.closed_by).concat(literal_column("'\"'"))  # an id of Slack's
    columns = (who_did, is_next, is_handed_off, Turn.answered_open, *moments)
    answer = _query_columns(ask, columns, query)

    def count(counts: PeriodCounts) -> None:
        who, is_later, by_hand, in_office, asked, closed = answer()
        took = [end - begin if end > begin else 0 for begin, end in zip(asked, closed, strict=True)]
        counts.times[NEXT_REPLY] = Counter(compress(took, is_later))
        counts.times[NEXT_REPLY_OFFICE] = _count_waits(compress(in_office, is_later))
        times: dict[str, list[int]] = defaultdict(list)
        open_times: dict[str, list[int]] = defaultdict(list)
        for user, one, other in zip(who, took, in_office, strict=True):
            times[user].append(one)
            if other is not None:
                open_times[user].append(other)
        times.pop(HEARD_ACTOR, None)  # answered outside Heard: nobody knows by whom
        handed_off = Counter(compress(who, by_hand))
        for user, durations in times.items():
            answered = len(durations) - handed_off[user]
            counts.mates[user] = TeammateCounts(
                answered, handed_off[user], Counter(durations), Counter(open_times[user])
            )

    return count


def _ticket_conditions(whose: StatsFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions on tickets."""
    conditions = [Ticket.network != CANARY_NETWORK, Ticket.joined_to.is_(None)]
    if whose.network is not None:
        conditions.append(without_index(Ticket.network) == whose.network)
    if whose.account is not None:
        columns = (without_sqlite_index(Ticket.network), without_sqlite_index(Ticket.account_id))
        conditions.append(whose.account.condition(*columns))
    return [*conditions, *_shared_conditions(whose)]


def _shared_conditions(whose: StatsFilter) -> list[ColumnElement[bool]]:
    """The parts of the filter that hold for a ticket and for each of its posts alike."""
    conditions: list[ColumnElement[bool]] = []
    if whose.channel is not None:
        conditions.append(Ticket.channel == whose.channel)
    if whose.channels:
        conditions.append(Ticket.channel.in_(whose.channels))
    if whose.track is not None:
        conditions.append(found_by_tracks([whose.track]))
    if whose.person is not None:
        people = (Ticket.owner, Ticket.first_reply_by, Ticket.closed_by)
        conditions.append(or_(*(column == whose.person for column in people)))
    return conditions
