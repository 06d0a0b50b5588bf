"""What listening and replying cost this month by our own count, also for each mention and reply."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.sources.cost import NO_TRACK, DailyCost, month_of
from models.sources.mention import IS_FIRST_ROW, Mention
from models.sources.track import Track
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket, reply_network

FORECAST_DAYS = 7  # the forecast goes by so many days, today included


@dataclass(frozen=True, slots=True)
class CostLine:
    """What one account and track cost this month, in millionths of a dollar.

    `track` is None for what is for no track: replies, and the looks that they need.
    """

    network: str
    account_id: str
    track: Track | None
    micros: int


@dataclass(frozen=True, slots=True)
class CostReport:
    """Amounts in millionths of a dollar. Days and months are UTC's.

    `mentions` were heard and `replies` published this month, on networks that bill. `dearest` are all lines,
    the dearest first.
    """

    today: int
    month: int
    forecast: int
    mentions: int
    replies: int
    dearest: tuple[CostLine, ...]


def build_cost_report(session: Session, *, at: datetime) -> CostReport:
    """Returns what was billed until `at`."""
    (first, following), today = month_of(at), at.astimezone(UTC).date()
    month = DailyCost.total(session, first, following)
    lines = DailyCost.by_track(session, first, following)
    tracks = {
        one.id: one
        for one in session.scalars(select(Track).where(Track.id.in_({track_id for *_, track_id, _ in lines})))
    }
    networks = {network for network, *_ in lines}
    began = _midnight(first)
    heard = select(func.count()).where(IS_FIRST_ROW, Mention.seen_at >= began, Mention.network.in_(networks))
    public = (*PUBLIC_STATES, DeliveryState.WITHDRAWN)
    replied = select(func.count(Reply.id)).join(Ticket, Ticket.id == Reply.ticket_id)
    replied = replied.where(Reply.state.in_(public), Reply.settled_at >= began, reply_network().in_(networks))
    return CostReport(
        today=DailyCost.total(session, today, today + timedelta(days=1)),
        month=month,
        forecast=month + _expected(session, at=at, until=_midnight(following)),
        mentions=session.scalar(heard) or 0,
        replies=session.scalar(replied) or 0,
        dearest=tuple(
            CostLine(network, account_id, None if track_id == NO_TRACK else tracks.get(track_id), micros)
            for network, account_id, track_id, micros in lines
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _expected(session: Session, *, at: datetime, until: datetime) -> int:
    """What the rest of the month will cost if it goes on as in the last week, or since the first charge."""
    today = at.astimezone(UTC).date()
    first_charge = session.scalar(select(func.min(DailyCost.day)))
    if first_charge is None:
        return 0
    since = max(today - timedelta(days=FORECAST_DAYS - 1), first_charge)
    # A first day that has just begun says little: it counts as a whole one.
    elapsed = max(at - _midnight(since), timedelta(days=1))
    return round(DailyCost.total(session, since, today + timedelta(days=1)) * ((until - at) / elapsed))
