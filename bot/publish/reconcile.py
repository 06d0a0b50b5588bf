"""Replies that nobody can vouch for: looked for, then asked about, and never sent again by the machine."""

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.jobs import account_check
from bot.networks.base import Later, Network, NetworkError, Published, Target, WrongAccount
from bot.publish.publish_job import Errand, errand_of, held, still_due
from bot.runtime import crash_points, pace
from bot.slack import thread_notices
from models import Reply, Ticket
from models.tickets.reply import SPOKEN
from models.tickets.reply import State as Delivery

log = logging.getLogger(__name__)

ALONE = timedelta(seconds=12)  # nobody else looks meanwhile; longer than a whole call
NUDGE = timedelta(minutes=15)
DAY = timedelta(days=1)
PATIENCE = timedelta(minutes=2)  # past the last planned look, for a network that cannot be read
CATCH_UP = timedelta(seconds=15)  # between two looks that come late
LATEST = datetime.max.replace(tzinfo=UTC)
SIGHT = "seen on the network"


def give_up_on_worker(desk: Desk, reply_id: int) -> None:
    """Its lease ended without a word: the worker died, before the call or after it."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, Delivery.SENDING)
        _enter_doubt(desk, session, ticket, reply, "the bot stopped while it was sending")


def doubt(desk: Desk, errand: Errand, detail: str) -> None:
    """Nobody can say whether the call got through; `detail` is what is known of it."""
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if reply.fence == errand.fence:
            _enter_doubt(desk, session, ticket, reply, detail)


def _enter_doubt(desk: Desk, session: Session, ticket: Ticket, reply: Reply, detail: str) -> None:
    at = desk.now()
    first = timedelta(seconds=desk.settings.reconcile_seconds[0])
    reply.doubt(session, at=at, look_at=at + first, detail=detail)
    ticket.revision += 1
    thread_notices.unsure(session, desk.networks[ticket.network], reply, at=at)


def look(desk: Desk, reply_id: int) -> None:
    """Read our own posts. Only looks that could be made count; after the last one a person is asked."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, Delivery.UNSURE)
        errand = errand_of(session, ticket, reply)
        reply.looked(session, next_at=desk.now() + ALONE, counts=False)  # nobody else looks meanwhile
    network = desk.networks[errand.network]
    try:
        seen = network.find_reply(errand.target, errand.text, errand.started_at, account_id=errand.account_id)
    except WrongAccount:  # it stays in doubt, and no person is asked what nobody could look for
        _look_again(desk, errand, desk.now() + account_check.LOOK_AGAIN, asks=False)
    except NetworkError as error:
        log.warning("reply %s: a look failed: %s", reply_id, error)
        _look_again(desk, errand, error.at if isinstance(error, Later) else None)
    else:
        crash_points.point("look made")
        _looked(desk, network, errand, seen)


def _looked(desk: Desk, network: Network, errand: Errand, seen: Published | None) -> None:
    if seen is not None and sighted(desk, errand, seen):
        return
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if (reply.state, reply.fence) != (Delivery.UNSURE, errand.fence):
            return
        at, plan = desk.now(), desk.settings.reconcile_seconds
        if reply.looks + 1 < len(plan):
            reply.looked(session, next_at=_next_look(errand.started_at, plan, reply.looks, at))
            return
        reply.looked(session, next_at=at)
        _ask(session, network, ticket, reply, errand.target, at=at)


def _next_look(started_at: datetime, plan: tuple[float, ...], looks: int, at: datetime) -> datetime:
    """When to look again after `looks` + 1 looks: as planned from the send on.

    Looks that could not be made put the later ones off; they catch up, so that the question comes in time.
    """
    gap = timedelta(seconds=plan[looks + 1] - plan[looks])
    planned = started_at + timedelta(seconds=plan[looks + 1])
    return min(at + gap, max(at + min(gap, CATCH_UP), planned))


def sighted(desk: Desk, errand: Errand, seen: Published) -> bool:
    """Take `seen` for this reply, unless it is known to be another one in the same words."""
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if is_anothers(session, ticket, reply, seen):
            return False
        settle(session, desk.networks[ticket.network], ticket, reply, seen, at=desk.now())
    return True


def is_anothers(session: Session, ticket: Ticket, reply: Reply, seen: Published) -> bool:
    """Whether the post that was seen is another reply of ours already."""
    others = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id)
    others = others.where(Reply.post_id == seen.post_id, Reply.id != reply.id)
    return session.scalar(others.where(Ticket.network == ticket.network)) is not None


def _ask(
    session: Session, network: Network, ticket: Ticket, reply: Reply, to: Target, *, at: datetime
) -> None:
    """Have a person decide: the question stands on the card, for the whole channel to see."""
    reply.ask(session, at=at, nudge_at=at + NUDGE)
    ticket.revision += 1
    thread_notices.asked(session, network, reply, to, at=at)


def _look_again(desk: Desk, errand: Errand, not_before: datetime | None, *, asks: bool = True) -> None:
    """A look that could not be made says nothing: count it not, and make it when the network allows.

    `asks`: a person is asked once the last planned look is two minutes past.
    """
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if (reply.state, reply.fence) != (Delivery.UNSURE, errand.fence):
            return
        at = desk.now()
        end = errand.started_at + timedelta(seconds=desk.settings.reconcile_seconds[-1]) + PATIENCE
        soon = max(
            at + timedelta(seconds=15), min(not_before or at, end if asks else LATEST, at + pace.WINDOW)
        )
        reply.looked(session, next_at=soon, counts=False)
        if at >= end and asks:
            _ask(session, desk.networks[ticket.network], ticket, reply, errand.target, at=at)


def check(desk: Desk, reply_id: int) -> bool | None:
    """Look once more for a reply that a person was asked about.

    True: it is there, and is published now. False: the network answered and does not show it. None: the look
    could not be made, also because there are no keys for its network any more.
    """
    with desk.db.read() as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        errand = errand_of(session, ticket, reply)
    network = desk.networks.get(errand.network)
    if network is None:
        return None
    try:
        seen = network.find_reply(errand.target, errand.text, errand.started_at, account_id=errand.account_id)
    except NetworkError:
        return None
    return seen is not None and sighted(desk, errand, seen)


def _patience(asked: Reply, at: datetime) -> timedelta:
    """How long until it is asked about again: ever longer, for who did not answer twice is not there."""
    return min(max(at - (asked.sent_at or at), NUDGE), DAY)


def nudge(desk: Desk, reply_id: int) -> None:
    """Nobody answered the question yet: look once more, then ask again."""
    with desk.db.write() as session:
        _ticket, asked = still_due(desk, session, reply_id, Delivery.ASKED)
        at = desk.now()
        asked.looked(session, next_at=at + _patience(asked, at), counts=False)  # nobody else asks meanwhile
    if check(desk, reply_id):
        return
    with desk.db.write() as session:
        ticket, reply = held(session, reply_id)
        if reply.state == Delivery.ASKED:
            thread_notices.still_asked(session, desk.networks[ticket.network], reply, at=desk.now())


def settle(
    session: Session,
    network: Network,
    ticket: Ticket,
    reply: Reply,
    seen: Published,
    *,
    at: datetime,
    act: str | None = SIGHT,
) -> None:
    """What was on its way is public as `seen`, inside a transaction that holds the ticket.

    If it had been given up, its author is told; and if its turn was answered otherwise since, only told.
    """
    if reply.state in SPOKEN:
        if reply.post_id not in {None, seen.post_id}:
            thread_notices.there_twice(session, network, reply, seen.url, at=at)
        return
    given_up = reply.state == Delivery.CANCELLED
    found = {"post_id": seen.post_id, "post_url": seen.url}
    if given_up and Reply.live(session, ticket.id, reply.turn) is not None:
        reply.post_id, reply.post_url = seen.post_id, seen.url
    else:
        # Found late, it was public all the while: the customer did not wait for our sight of it.
        since = at if act is None else reply.sent_at or at
        reply.move(session, Delivery.PUBLISHED, at=at, act=act, settled_at=since, **found)
        ticket.spoken(session, reply, at=since)
    if given_up:
        thread_notices.seen_after_all(session, network, reply, at=at)
