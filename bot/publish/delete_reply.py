"""A public reply is taken back: deleted on the network, which may be tried as often as it takes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import Later, Refused, Unsure, WrongAccount
from bot.notices import thread_notices
from bot.publish import account_check
from bot.publish.locked_reply import as_publisher, lock_if_due, lock_reply
from bot.runtime import pace
from models import Reply, Ticket
from models.core.audit_event import HEARD_ACTOR
from models.tickets.delivery_state import PUBLIC_STATES
from models.tickets.reply import OvertakenError

log = logging.getLogger(__name__)

DELETE_LEASE = timedelta(seconds=12)  # another worker tries after that
UNSURE_RETRY_DELAY = timedelta(seconds=5)  # until it is tried again, if nobody knows whether it worked
RETRY_MIN_DELAY = timedelta(minutes=1)  # at least, if it did not


def attempt(ctx: BotContext, reply_id: int) -> None:
    """Delete it there; then the ticket waits again, and its words come back."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, *PUBLIC_STATES)
        reply.due_at = ctx.now() + DELETE_LEASE
        post_id, account_id = reply.post_id, reply.account_id
        network = ctx.network_as(reply.network_on(ticket), account_id)
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
    """The reply and its ticket, held. Raises `OvertakenError` if it is settled."""
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, reply_id)
        if reply.unsay_by is None or reply.state not in PUBLIC_STATES:
            raise OvertakenError(f"That reply is already {reply.state}.")
        yield session, ticket, reply


def _record_deleted(ctx: BotContext, network: Network, reply_id: int) -> None:
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        at = ctx.now()
        ticket.handle_withdrawn_reply(session, reply, by=reply.unsay_by or HEARD_ACTOR, at=at)
        thread_notices.post(session, thread_notices.DELETED, reply, at=at, network=network.title)


def _retry_soon(ctx: BotContext, reply_id: int) -> None:
    with _hold_if_unsettled(ctx, reply_id) as (_session, _ticket, reply):
        reply.due_at = ctx.now() + UNSURE_RETRY_DELAY


def _postpone(
    ctx: BotContext, network: Network, reply_id: int, later: Later, detail: str | None = None
) -> None:
    """It is still public. The thread is told once for each cause, as whoever asked thinks that it is gone.

    `detail` says why, as mrkdwn, if it is not simply what `later` says.
    """
    log.warning("reply %s could not be deleted yet: %s", reply_id, later.detail)
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        at = ctx.now()
        reply.due_at = max(pace.retry_at(later, at=at, otherwise=RETRY_MIN_DELAY), at + RETRY_MIN_DELAY)
        if reply.reason != later.cause:
            reply.reason = later.cause
            thread_notices.post(
                session,
                thread_notices.NOT_DELETED_YET,
                reply,
                at=at,
                network=network.title,
                later=later,
                explanation=detail,
            )
            ticket.revision += 1


def _record_refused(ctx: BotContext, network: Network, reply_id: int, refused: Refused) -> None:
    """A definite no: it stays public, and whoever asked is told."""
    with _hold_if_unsettled(ctx, reply_id) as (session, ticket, reply):
        reply.unsay_by = reply.due_at = None
        ticket.revision += 1
        thread_notices.post(
            session,
            thread_notices.NOT_DELETED,
            reply,
            at=ctx.now(),
            network=network.title,
            detail=refused.detail,
        )
