"""Replies that a person has to post by hand: given out, looked for, confirmed."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.sightings import is_other_reply, record_posted
from bot.networks.base import Network, Publisher
from bot.networks.values import PublishedReply
from bot.notices import thread_notices
from bot.publish.locked_reply import build_publish_job, lock_if_due, lock_reply
from bot.runtime import pace
from bot.scheduled_job import NetworkJob
from models import Mention, Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.ticket import reply_network

MAX_CHECKS_PER_ROUND = 20  # hand-offs that are looked for every minute
CHECK_INTERVAL = timedelta(minutes=1)


def hand_off(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    """The network lets a person say it, but not us: the words wait for somebody to post them by hand."""
    reply.hand_off(session, at=at, why=why)
    mention = Mention.load(session, ticket.id, reply.to_post_id)
    mention.answerable = why
    ticket.revision += 1


def remind(ctx: BotContext, reply_id: int) -> None:
    """It was handed to a person half an hour ago and has not been seen: remind them, once."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.HANDED_OFF)
        reply.record_lookup(session, next_at=None, counts=False)
        title = ctx.networks[reply.network_on(ticket)].title
        thread_notices.post(session, thread_notices.STILL_HANDED_OFF, reply, at=ctx.now(), network=title)


def confirm_seen(ctx: BotContext, network: Network) -> None:
    """See whether the replies that people were to post by hand are public by now.

    Only the newest few of the last day: a hand-off that nobody took up must not cost a read a minute for
    ever. Older ones are still seen when our own posts are read (`bot.ingest.own_posts`). Those of an account
    that is not connected wait until it is. Half of what the network allows is left to the lookups of unsure
    replies, which read the same list.
    """
    if not isinstance(network, Publisher):
        return
    few = pace.affordable_calls(
        network.rate_limit_status("own posts"), at=ctx.now(), every=CHECK_INTERVAL, most=MAX_CHECKS_PER_ROUND
    )
    account = network.account()
    with ctx.db.read() as session:
        waiting = session.scalars(
            select(Reply)
            .join(Ticket, Ticket.id == Reply.ticket_id)
            .where(
                Reply.state == DeliveryState.HANDED_OFF,
                reply_network() == network.name,
                Reply.account_id == account.id,
                Reply.created_at > ctx.now() - timedelta(days=1),
            )
            .order_by(Reply.id.desc())
            .limit(few),
        )
        jobs = [
            build_publish_job(session, session.get_one(Ticket, reply.ticket_id), reply) for reply in waiting
        ]
    for job in jobs:
        if ctx.stop.is_set():
            return
        seen = network.find_reply(
            job.target, None, job.started_at, account_id=job.account_id, frozen=job.frozen or ""
        )
        if seen is not None:
            _confirm_reply(ctx, job.reply_id, seen)


def _confirm_reply(ctx: BotContext, reply_id: int, seen: PublishedReply) -> None:
    """A reply that was handed off is public, unless somebody settled it meanwhile."""
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, reply_id)
        if reply.state == DeliveryState.HANDED_OFF and not is_other_reply(session, ticket, reply, seen):
            record_posted(session, ticket, reply, seen, by=None, at=ctx.now())
    ctx.wake_loops()


JOBS = (NetworkJob("hand-offs", confirm_seen, CHECK_INTERVAL.total_seconds()),)
