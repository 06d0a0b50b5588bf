"""`/metrics`, read from the ledger at each scrape, and so right after any restart and in any process."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.desk import Desk
from models import Card, Cursor, Mention, Quarantined, Reply, Ticket


class Ledger(Collector):
    """What the ledger holds, as figures."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def collect(self) -> Iterable[Metric]:
        """One reading."""
        with self.desk.db.read(2.0) as session:
            yield from self._counts(session)
            yield self._poll_ages(session)

    def _counts(self, session: Session) -> Iterable[Metric]:
        yield _one(session, "heard_mentions", "Mentions in the ledger", select(func.count(Mention.id)))
        yield _one(
            session, "heard_quarantined", "Rows that could not be read", select(func.count(Quarantined.id))
        )
        stale = select(func.count(Ticket.id)).where(Ticket.drawn_revision < Ticket.revision)
        yield _one(session, "heard_cards_to_draw", "Cards that are missing or old", stale)
        failing = select(func.count(Card.id)).where(Card.failure.is_not(None))
        yield _one(session, "heard_cards_failing", "Cards that Slack refused last time", failing)
        tickets = select(Ticket.state, func.count()).group_by(Ticket.state)
        yield _by(session, "heard_tickets", "Tickets by state", tickets)
        replies = select(Reply.state, func.count()).group_by(Reply.state)
        yield _by(session, "heard_replies", "Replies by state of delivery", replies)

    def _poll_ages(self, session: Session) -> Metric:
        ages = GaugeMetricFamily(
            "heard_poll_age_seconds", "Since a reading last came to its end", labels=["network", "reading"]
        )
        at = self.desk.now()
        for cursor in session.scalars(select(Cursor)):
            age = cursor.age(at)
            if age is not None:
                ages.add_metric([cursor.network, cursor.name], age.total_seconds())
        return ages


def _one(session: Session, name: str, about: str, query: object) -> Metric:
    return GaugeMetricFamily(name, about, value=session.scalar(query) or 0)  # type: ignore[call-overload]


def _by(session: Session, name: str, about: str, query: object) -> Metric:
    family = GaugeMetricFamily(name, about, labels=["state"])
    for state, count in session.execute(query):  # type: ignore[call-overload]
        family.add_metric([state], count)
    return family


def exposition(desk: Desk) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(Ledger(desk))
    return generate_latest(registry)
