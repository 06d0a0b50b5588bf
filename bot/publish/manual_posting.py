"""Replies that a person has to post by hand: given out, looked for, confirmed."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.networks.base import Network, Published
from bot.publish.publish_job import errand_of, held, mention_of, still_due
from bot.publish.reconcile import SIGHT, is_anothers
from bot.runtime import pace
from bot.slack import thread_notices
from models import Reply, Ticket
from models.tickets.reply import State as Delivery

FEW = 20  # hand-offs that are looked for every minute
MINUTE = timedelta(minutes=1)


def hand_off(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    """The network lets a person say it, but not us: the words wait for somebody to post them by hand."""
    reply.hand_off(session, at=at, why=why)
    mention = mention_of(session, ticket, reply)
    mention.answerable = why
    ticket.revision += 1


def nudge(desk: Desk, reply_id: int) -> None:
    """It was handed to a person half an hour ago and has not been seen: remind them, once."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, Delivery.HANDED_OFF)
        reply.looked(session, next_at=None, counts=False)
        thread_notices.still_handed_off(session, desk.networks[ticket.network], reply, at=desk.now())


def confirm_seen(desk: Desk, network: Network) -> None:
    """See whether the replies that people were to post by hand are public by now.

    Only the newest few of the last day: a hand-off that nobody took up must not cost a read a minute for
    ever. Later ones are still seen when our own posts are read (`watch`). Those of an account that is not
    connected wait until it is. Half of what the network allows is left to the looks for replies in doubt,
    which read the same list.
    """
    few = pace.affordable(network.allowance("own posts"), at=desk.now(), every=MINUTE, most=FEW)
    account = network.account()
    with desk.db.read() as session:
        waiting = session.scalars(
            select(Reply)
            .join(Ticket, Ticket.id == Reply.ticket_id)
            .where(
                Reply.state == Delivery.HANDED_OFF,
                Ticket.network == network.name,
                Ticket.account_id == account.id,
                Reply.created_at > desk.now() - timedelta(days=1),
            )
            .order_by(Reply.id.desc())
            .limit(few),
        )
        errands = [errand_of(session, session.get_one(Ticket, reply.ticket_id), reply) for reply in waiting]
    for errand in errands:
        if desk.stop.is_set():
            return
        seen = network.find_reply(errand.target, None, errand.started_at, account_id=errand.account_id)
        if seen is not None:
            _confirm(desk, errand.reply_id, seen)


def _confirm(desk: Desk, reply_id: int, seen: Published) -> None:
    """A reply that was handed off is public, unless somebody settled it meanwhile."""
    with desk.db.write() as session:
        ticket, reply = held(session, reply_id)
        if reply.state == Delivery.HANDED_OFF and not is_anothers(session, ticket, reply, seen):
            confirm_within(session, ticket, reply, seen, by=None, at=desk.now())
    desk.nudge()


def confirm_within(
    session: Session, ticket: Ticket, reply: Reply, seen: Published | None, *, by: str | None, at: datetime
) -> None:
    """A reply that was handed off is public: we saw it, or `by` says so. The caller holds the ticket."""
    found = {"post_id": seen.post_id, "post_url": seen.url} if seen is not None else {}
    act = SIGHT if by is None else "I posted it"
    who = {} if by is None else {"by": by}
    reply.move(session, Delivery.CONFIRMED, at=at, act=act, settled_at=at, **who, **found)
    ticket.spoken(session, reply, at=at)
