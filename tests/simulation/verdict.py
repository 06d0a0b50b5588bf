"""What must hold after every run, whatever the weather was."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Event, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import PENDING_STATES, PUBLIC_STATES, UNSETTLED_STATES, DeliveryState
from models.tickets.unconnected_accounts import OTHER_ACCOUNT_CAUSE
from tests.simulation.net import Net
from tests.simulation.weather import Climate

GRACE = timedelta(seconds=60)  # past its time, whatever is due counts as stranded
STILL = timedelta(minutes=20)  # longer than any wait for the next try; what is in a person's hands may wait
SLACK = timedelta(
    minutes=4
)  # two minutes past the plan if nothing can be read, and the time of those who die


def violations(db: Database, net: Net, climate: Climate, at: datetime) -> list[str]:
    """Each rule that was broken, as a sentence."""
    with db.read() as session:
        replies = list(session.scalars(select(Reply).order_by(Reply.id)))
        found = [
            f"reply {reply.id} ({reply.state}): {line}"
            for reply in replies
            for line in _of(session, reply, net, climate, at)
        ]
        return [*found, *net.broken, *_turns(replies, net)]


def of_missing(db: Database, net: Net) -> list[str]:
    """What must hold once somebody has looked who is connected: nothing waits to be sent as somebody else."""
    connected = net.account().id
    with db.read() as session:
        query = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id)
        left = session.scalars(
            query.where(Reply.state.in_(PENDING_STATES), Ticket.account_id != connected)
        ).all()
    return [f"reply {one} still waits to be sent, though its account is not connected" for one in left]


def story(db: Database) -> str:
    """All that happened, as the ledger's log tells it."""
    with db.read() as session:
        return "\n".join(
            f"  {event.at:%H:%M:%S.%f} {event.actor:6} reply {event.reply_id}: {event.act}"
            for event in session.scalars(select(Event).order_by(Event.id))
            if event.reply_id
        )


def _of(session: Session, reply: Reply, net: Net, climate: Climate, at: datetime) -> Iterator[str]:
    said, state = net.book(reply.text), DeliveryState(reply.state)
    if net.speakers(reply.text) - {session.get_one(Ticket, reply.ticket_id).account_id}:
        yield "it was said as another account than the one that it was shown with"
    if said > 1:
        yield f"it was said {said} times"
    if state in PUBLIC_STATES and not said:
        yield "it counts as said, and is not there"
    if said and state not in {*PUBLIC_STATES, *UNSETTLED_STATES, DeliveryState.CANCELLED}:
        yield "it is public, and the ledger does not know it"
    if said and state == DeliveryState.CANCELLED and reply.tries == 0:
        yield "it was stopped before it left, and is public"
    if state in UNSETTLED_STATES and reply.due_at is None and state != DeliveryState.HANDED_OFF:
        yield "it is stranded: nothing is ever due"
    if state in UNSETTLED_STATES and reply.due_at is not None and reply.due_at < at - GRACE:
        yield f"it is stranded since {reply.due_at:%H:%M:%S}"
    # Those who stand still cannot look.
    # While their account is not connected, nobody may.
    away = timedelta(seconds=net.away) + SLACK if net.away else timedelta()
    longest = timedelta(seconds=climate.plan[-1] + net.frozen) + SLACK + away
    yield from _moves(session, reply, longest, at)


def _moves(session: Session, reply: Reply, longest: timedelta, at: datetime) -> Iterator[str]:
    """What the log says of its way: a machine never sends again, and nobody is left in doubt for long."""
    query = select(Event).where(Event.reply_id == reply.id).order_by(Event.id)
    events = [event for event in session.scalars(query) if (event.data or {}).get("to")]
    stopped = next(
        (n for n, one in enumerate(events) if (one.data or {}).get("reason") == OTHER_ACCOUNT_CAUSE),
        len(events),
    )
    if any(
        (one.data or {})["to"] in {DeliveryState.QUEUED, DeliveryState.SENDING}
        for one in events[stopped + 1 :]
    ):
        yield "it was tried again by itself after its account was not connected"
    for event, then in pairwise(events):
        was, to = (event.data or {})["to"], (then.data or {})["to"]
        if (
            to == DeliveryState.QUEUED
            and was in {DeliveryState.UNSURE, DeliveryState.ASKED}
            and then.actor == "heard"
        ):
            yield "it was sent again by the machine"
        if was == DeliveryState.UNSURE and then.at - event.at > longest:
            yield f"it was unsure for {then.at - event.at}"
    if (
        reply.state in {*PENDING_STATES, DeliveryState.SENDING, DeliveryState.UNSURE}
        and at - events[-1].at > STILL
    ):
        yield f"it is stranded: nothing has moved it since {events[-1].at:%H:%M:%S}"


def _turns(replies: list[Reply], net: Net) -> Iterator[str]:
    """One answer a turn, in public."""
    said: dict[tuple[int, int], list[int]] = {}
    for reply in replies:
        if net.book(reply.text) and reply.state != DeliveryState.CANCELLED:
            said.setdefault((reply.ticket_id, reply.turn), []).append(reply.id)
    for (ticket, turn), answers in said.items():
        if len(answers) > 1:
            yield f"turn {turn} of ticket {ticket} was answered {len(answers)} times, by replies {answers}"
