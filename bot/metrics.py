"""`/metrics`, read from the ledger at each scrape, and so right after any restart and in any process."""

from collections.abc import Iterable
from datetime import timedelta
from statistics import median

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs import watchdog
from models import (
    Account,
    AccountStream,
    Alarm,
    Card,
    Cursor,
    Mention,
    Pause,
    QuarantinedPost,
    RateLimit,
    Reply,
    Ticket,
    TicketGroup,
)
from models.reports.health import has_stale_card
from models.sources.cursor import PAGE_LOCK

LAG_SAMPLE_SIZE = 100


class LedgerCollector(Collector):
    """What the ledger holds, as figures."""

    def __init__(self, ctx: BotContext) -> None:
        self.ctx = ctx

    def collect(self) -> Iterable[Metric]:
        """One reading."""
        with self.ctx.db.read(2.0) as session:
            yield from self._counts(session)
            yield from self._readings(session)
            yield from self._streams(session)
            yield self._lag(session)
            yield from self._troubles(session)

    def _counts(self, session: Session) -> Iterable[Metric]:
        yield _single_value(
            session, "heard_mentions", "Mentions in the database", select(func.count(Mention.id))
        )
        yield _single_value(
            session,
            "heard_quarantined",
            "Rows that could not be read",
            select(func.count(QuarantinedPost.id)),
        )
        drawn = _count_cards(Card.ts.is_not(None), TicketGroup.ts.is_not(None))
        yield _single_value(session, "heard_cards_drawn", "Cards that are in Slack", drawn)
        stale = select(func.count(Ticket.id)).where(has_stale_card())
        yield _single_value(session, "heard_cards_to_draw", "Cards that are missing or out of date", stale)
        failing = _count_cards(Card.failure.is_not(None), TicketGroup.failure.is_not(None))
        yield _single_value(session, "heard_cards_failing", "Cards that Slack refused last time", failing)
        about = "Tickets that are shown on a card with others"
        grouped = select(func.count(Ticket.id)).where(Ticket.group_id.is_not(None))
        yield _single_value(session, "heard_tickets_grouped", about, grouped)
        tickets = select(Ticket.state, func.count()).group_by(Ticket.state)
        yield _values_by_label(session, "heard_tickets", "Tickets by state", tickets)
        pause = Pause.current(session)
        paused = (self.ctx.now() - pause.at).total_seconds() if pause is not None else 0
        about = "Seconds since all public replies were paused; 0 if they are not"
        yield GaugeMetricFamily("heard_paused_seconds", about, value=paused)
        replies = select(Reply.state, func.count()).group_by(Reply.state)
        yield _values_by_label(session, "heard_replies", "Replies by state of delivery", replies)

    def _readings(self, session: Session) -> Iterable[Metric]:
        labels = ["network", "account", "reading"]
        ages = GaugeMetricFamily(
            "heard_poll_age_seconds", "Seconds since the last complete poll", labels=labels
        )
        reads = GaugeMetricFamily("heard_reads", "Polls that were attempted", labels=labels)
        at = self.ctx.now()
        here = (~Account.is_left(Cursor.network, Cursor.account_id), Cursor.name != PAGE_LOCK)
        for cursor in session.scalars(select(Cursor).where(*here).order_by(Cursor.id)):
            names = [cursor.network, cursor.account_id, cursor.name]
            age = cursor.age(at)
            if age is not None:
                ages.add_metric(names, age.total_seconds())
            reads.add_metric(names, cursor.reads)
        yield ages
        yield reads
        looks = select(func.sum(Reply.looks))
        yield _single_value(session, "heard_looks", "Checks for unconfirmed replies", looks)

    def _streams(self, session: Session) -> Iterable[Metric]:
        labels = ["network", "account"]
        up = GaugeMetricFamily("heard_stream_up", "1 while an account's live stream is open", labels=labels)
        read = CounterMetricFamily("heard_stream_bytes", "Bytes that streams brought", labels=labels)
        about = "Times that streams were opened again after they were lost"
        reconnects = CounterMetricFamily("heard_stream_reconnects", about, labels=labels)
        about = "Posts that streams brought too fast, left to searches"
        dropped = CounterMetricFamily("heard_stream_dropped", about, labels=labels)
        for stream in AccountStream.of_ours(session):
            names = [stream.network, stream.account_id]
            up.add_metric(names, stream.is_open(self.ctx.now()))
            read.add_metric(names, stream.bytes_total)
            reconnects.add_metric(names, stream.reconnects_total)
            dropped.add_metric(names, stream.dropped_total)
        yield from (up, read, reconnects, dropped)

    def _lag(self, session: Session) -> Metric:
        """The median over the newest mentions: whether slow readings or a slow team let people wait."""
        newest = (
            select(Mention.posted_at, Mention.seen_at).order_by(Mention.seen_at.desc()).limit(LAG_SAMPLE_SIZE)
        )
        lags = [(seen - posted).total_seconds() for posted, seen in session.execute(newest)]
        about = f"Seconds from a post to its arrival here, the median of the newest {LAG_SAMPLE_SIZE}"
        return GaugeMetricFamily("heard_lag_seconds", about, value=median(lags) if lags else 0)

    def _troubles(self, session: Session) -> Iterable[Metric]:
        at = self.ctx.now()
        overdue = GaugeMetricFamily("heard_overdue", "Overdue by a minute or more", labels=["kind"])
        for one in watchdog.find_overdue(self.ctx, session):
            overdue.add_metric([one.kind], one.count)
        alarms = GaugeMetricFamily(
            "heard_alarm_seconds",
            "Seconds since an alarm began: networks, overdue work",
            labels=["alarm"],
        )
        for alarm in Alarm.active(session):
            alarms.add_metric([alarm.key], (at - alarm.since).total_seconds())
        waits = GaugeMetricFamily(
            "heard_budget_wait_seconds", "Seconds until a rate limit lets us send again", labels=["budget"]
        )
        for budget in session.scalars(select(RateLimit)):
            wait = max(budget.due_at, budget.paused_until or budget.due_at) - at
            if wait > timedelta():
                waits.add_metric([budget.key], wait.total_seconds())
        yield overdue
        yield alarms
        yield waits


def _count_cards(single: ColumnElement[bool], shared: ColumnElement[bool]) -> Select[int]:
    """Counts cards: those of one ticket that meet `single`, and those of several that meet `shared`."""
    of_one = select(func.count(Card.id)).where(single).scalar_subquery()
    of_several = select(func.count(TicketGroup.id)).where(shared).scalar_subquery()
    return select(of_one + of_several)


def _single_value(session: Session, name: str, about: str, query: object) -> Metric:
    return GaugeMetricFamily(name, about, value=session.scalar(query) or 0)  # type: ignore[call-overload]


def _values_by_label(session: Session, name: str, about: str, query: object) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["state"])
    for state, count in session.execute(query):  # type: ignore[call-overload]
        family.add_metric([state], count)
    return family


def exposition(ctx: BotContext) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ctx))
    return generate_latest(registry)
