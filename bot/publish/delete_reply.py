"""A public reply is taken back: deleted on the network, which may be tried as often as it takes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs import account_check
from bot.networks.base import Later, Network, Refused, Unsure, WrongAccount
from bot.publish.publish_job import as_publisher, hold_if_due, hold_reply
from bot.runtime import pace
from bot.slack import thread_notices
from models import Reply, Ticket
from models.core.audit_event import HEARD_ACTOR
from models.tickets.reply import PUBLIC_STATES, OvertakenError

log = logging.getLogger(__name__)

DELETE_LEASE = timedelta(seconds=12)  # another worker tries after that
UNSURE_RETRY_DELAY = timedelta(seconds=5)  # until it is tried again, if nobody knows whether it worked
RETRY_MIN_DELAY = timedelta(minutes=1)  # at least, if it did not


def attempt(ctx: BotContext, reply_id: int) -> None:
    """Delete it there; then the ticket waits again, and its words come back."""
    with ctx.db.write() as session:
        ticket, reply = hold_if_due(ctx, session, reply_id, *PUBLIC_STATES)
        reply.due_at = ctx.now() + DELETE_LEASE
        network, post_id, account_id = ctx.network(ticket.network), reply.post_id, ticket.account_id
    if post_id is None:
        return
    try:
        as_publisher(network).delete(post_id, account_id=account_id)
    except Refused as refused:
        _record_refused(ctx, network, reply_id, refused)
    except Unsure:  # deleting twice harms nobody
        _retry_soon(ctx, reply_id)
    except WrongAccount as wrong:
        _postpone(ctx, network, reply_id, wrong, account_check.explain_wrong_account(ctx, network, wrong))
    except Later as later:
        _postpone(ctx, network, reply_id, later)
    else:
        _record_deleted(ctx, network, reply_id)


@contextmanager
def _hold_if_unsettled(ctx: BotContext, reply_id: int) -> Iterator[tuple[Session, Ticket, Reply]]:
    """The reply and its ticket, held. `OvertakenError` if it is settled: a slow call outlives its lease."""
    with ctx.db.write() as session:
        ticket, reply = hold_reply(session, reply_id)
        if reply.unsay_by is None or reply.state not in PUBLIC_STATES:
            raise OvertakenError(f"That reply is {reply.state} already.")
        yield session, ticket, reply


def _record_deleted(ctx: BotContext, network: Network, reply_id: int) -> None:
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        at = ctx.now()
        ticket.handle_withdrawn_reply(session, reply, by=reply.unsay_by or HEARD_ACTOR, at=at)
        thread_notices.post_deleted(session, network, reply, at=at)


def _retry_soon(ctx: BotContext, reply_id: int) -> None:
    with _hold_if_unsettled(ctx, reply_id) as (_session, _ticket, reply):
        reply.due_at = ctx.now() + UNSURE_RETRY_DELAY


def _postpone(
    ctx: BotContext, network: Network, reply_id: int, later: Later, detail: str | None = None
) -> None:
    """It is still public, and that is told once for each cause: whoever asked thinks it is gone.

    `detail` says why, as mrkdwn, if it is not simply what `later` says.
    """
    log.warning("reply %s is not deleted yet: %s", reply_id, later.detail)
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        at = ctx.now()
        reply.due_at = max(pace.retry_at(later, at=at, otherwise=RETRY_MIN_DELAY), at + RETRY_MIN_DELAY)
        if reply.reason != later.cause:
            reply.reason = later.cause
            thread_notices.post_not_deleted_yet(session, network, reply, later, detail, at=at)
            ticket.revision += 1


def _record_refused(ctx: BotContext, network: Network, reply_id: int, refused: Refused) -> None:
    """A definite no: it stays public, and whoever asked is told."""
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        reply.unsay_by = reply.due_at = None
        ticket.revision += 1
        thread_notices.post_not_deleted(session, network, reply, refused.detail, at=ctx.now())
