"""What comes before the call: the request is frozen, then the intent to send it is committed with it.

While a request is frozen its reply stays queued, so *Undo* still works, and a process that dies there has
sent nothing. From the intent on nobody can say that any more.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later, NetworkError
from bot.notices import network_alarms, thread_notices
from bot.publish import send_checks
from bot.publish.locked_reply import (
    PublishJob,
    as_publisher,
    build_publish_job,
    lock_if_due,
    lock_reply,
    pictures_to_send,
    publish_limit_key,
)
from bot.runtime import crash_points
from models import RateLimit, Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import OvertakenError

log = logging.getLogger(__name__)

# Both are longer than a whole call (8 s).
FREEZE_LEASE = timedelta(seconds=12)  # nobody else freezes it meanwhile
FROZEN_MAX_AGE = timedelta(minutes=1)  # so long after a try the network's look at the post still counts
MEDIA_MIN_LIFE = timedelta(minutes=1)  # an upload that the network drops sooner is uploaded again
SEND_LEASE = timedelta(seconds=12)  # counts from the intent: if it ended, its worker is dead


def begin_freeze(ctx: BotContext, reply_id: int, sender: send_checks.SenderCheck) -> PublishJob | None:
    """Take a due reply, to have its request frozen; None if it is not to leave just now.

    The job's `frozen` is the request of an earlier try if it still answers the same version of the post: the
    network then gets the same again, which harms nobody where it knows repeats by a key. After a while the
    post is looked at again, since it may be gone or its author may have shut us out.
    """
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.QUEUED)
        if not may_leave(ctx, session, ticket, reply, sender):
            return None
        at = ctx.now()
        if not _has_pictures(session, reply, at=at):
            reply.due_at = at
            return None
        is_stale = reply.sent_at is None or abs(at - reply.sent_at) > FROZEN_MAX_AGE
        is_other_version = reply.sent_to != build_publish_job(session, ticket, reply).target.post_id
        if is_other_version or (is_stale and not reply.was_unsure(session)):
            reply.frozen = None
        if reply.frozen is None or is_stale:
            reply.due_at = at + FREEZE_LEASE
        job = build_publish_job(session, ticket, reply)
        return replace(job, looks_again=job.frozen is not None and is_stale)


def freeze(ctx: BotContext, network: Network, job: PublishJob) -> str:
    """Have the network put the whole request together, with no transaction open.

    Raises `Refused` and `Later`: nothing was sent now.
    """
    if job.frozen is not None and not job.looks_again:
        return job.frozen
    try:
        frozen = as_publisher(network).freeze(
            job.text,
            job.target,
            job.key,
            at=ctx.now(),
            account_id=job.account_id,
            pictures=job.pictures,
        )
    except NetworkError:
        raise
    except Exception as error:
        log.exception("reply %s: its request could not be put together", job.reply_id)
        detail = f"The reply could not be prepared ({type(error).__name__})."
        raise Later(None, "server error", detail) from error
    crash_points.reach("request frozen")
    return job.frozen or frozen


def begin_send(
    ctx: BotContext, job: PublishJob, sender: send_checks.SenderCheck, frozen: str
) -> PublishJob | None:
    """Declare the intent; None if the account, or the reply's sender, is not to speak just now.

    Raises `OvertakenError` if something has happened to the reply since its request was frozen.
    """
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        at = ctx.now()
        if (reply.state, reply.fence, reply.due_at) != (DeliveryState.QUEUED, job.fence, job.until):
            raise OvertakenError(f"That reply is already {reply.state}.")
        if ctx.stop.is_set():  # there was time for one call only
            reply.due_at = at
            return None
        if not may_leave(ctx, session, ticket, reply, sender):
            return None
        now = build_publish_job(session, ticket, reply)
        target = now.target
        is_whole = now.pictures == job.pictures and _has_pictures(session, reply, at=at)
        if (
            target != job.target or not is_whole
        ):  # it was edited meanwhile: the request is for another version
            reply.due_at = at
            return None
        reply.frozen = frozen
        reply.take(session, worker=ctx.worker, at=at, lease_until=at + SEND_LEASE, to=target.post_id)
        ticket.revision += 1
        crash_points.reach("reply intended")
        return build_publish_job(session, ticket, reply)


def lock_attempt(ctx: BotContext, session: Session, job: PublishJob) -> tuple[Ticket, Reply] | None:
    """Return the ticket and its reply, locked, to record what came of `job`; None if it was overtaken.

    An attempt that failed before its intent was declared is declared here: the transaction that records that
    nothing was sent is the same. `frozen` and `sent_to` stay those of the last request that was sent.
    """
    ticket, reply = lock_reply(session, job.reply_id)
    if reply.fence != job.fence:
        return None
    if reply.state == DeliveryState.QUEUED:
        if reply.due_at != job.until:  # somebody else has begun it since
            return None
        at = ctx.now()
        reply.take(session, worker=ctx.worker, at=at, lease_until=at, to=reply.sent_to)
    return ticket, reply


def _has_pictures(session: Session, reply: Reply, *, at: datetime) -> bool:
    """Whether the network has all pictures of the reply: it never leaves without them."""
    return all(one.is_uploaded(at=at) for one in pictures_to_send(session, reply.id))


def may_leave(
    ctx: BotContext, session: Session, ticket: Ticket, reply: Reply, sender: send_checks.SenderCheck
) -> bool:
    """Return whether the reply may leave now; if not, it is stopped, or waits."""
    at = ctx.now()
    network = ctx.networks.for_account(reply.network_on(ticket), reply.account_id)
    if send_checks.block_if_not_allowed(session, ticket, reply, sender, network, at=at):
        return False
    key = publish_limit_key(reply.network_on(ticket), reply.account_id)
    silence = RateLimit.take(session, key, at=at, interval=timedelta())
    if silence > timedelta():
        _postpone_for_account(ctx, session, ticket, reply, at + silence)
        return False
    return True


def _postpone_for_account(
    ctx: BotContext, session: Session, ticket: Ticket, reply: Reply, until: datetime
) -> None:
    """Another reply of this account met a closed door: do not knock again before `until`."""
    reply.due_at = until
    network = ctx.networks[reply.network_on(ticket)]
    trouble = network_alarms.current_failure(session, network, "publishing", account_id=reply.account_id)
    if trouble is not None and reply.reason != trouble.cause:
        thread_notices.post(
            session,
            thread_notices.POSTPONED,
            reply,
            at=ctx.now(),
            network=network.title,
            later=trouble,
            until=until,
        )
        reply.reason, reply.detail = trouble.cause, trouble.detail
    reply.reason = reply.reason or f"{network.title} accepts nothing right now"
    ticket.revision += 1
