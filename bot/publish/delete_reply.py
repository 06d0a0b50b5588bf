"""A public reply is taken back: deleted on the network, which may be tried as often as it takes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.jobs import account_check
from bot.networks.base import Later, Network, Refused, Unsure, WrongAccount
from bot.publish.publish_job import held, still_due
from bot.runtime import pace
from bot.slack import thread_notices
from models import Reply, Ticket
from models.core.audit_event import HEARD
from models.tickets.reply import SPOKEN, OvertakenError

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=12)  # another worker tries after that
SOON = timedelta(seconds=5)  # until it is tried again, if nobody knows whether it worked
MINUTE = timedelta(minutes=1)  # at least, if it did not


def work(desk: Desk, reply_id: int) -> None:
    """Delete it there; then the ticket waits again, and its words come back."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, *SPOKEN)
        reply.due_at = desk.now() + LEASE
        network, post_id, account_id = desk.network(ticket.network), reply.post_id, ticket.account_id
    if post_id is None:
        return
    try:
        network.delete(post_id, account_id=account_id)
    except Refused as refused:
        _refused(desk, network, reply_id, refused)
    except Unsure:  # deleting twice harms nobody
        _unsure(desk, reply_id)
    except WrongAccount as wrong:
        _put_off(desk, network, reply_id, wrong, account_check.why(desk, network, wrong))
    except Later as later:
        _put_off(desk, network, reply_id, later)
    else:
        _deleted(desk, network, reply_id)


@contextmanager
def _wanted(desk: Desk, reply_id: int) -> Iterator[tuple[Session, Ticket, Reply]]:
    """The reply and its ticket, held. `OvertakenError` if it is settled: a slow call outlives its lease."""
    with desk.db.write() as session:
        ticket, reply = held(session, reply_id)
        if reply.unsay_by is None or reply.state not in SPOKEN:
            raise OvertakenError(f"That reply is {reply.state} already.")
        yield session, ticket, reply


def _deleted(desk: Desk, network: Network, reply_id: int) -> None:
    with _wanted(desk, reply_id) as (session, ticket, reply):
        at = desk.now()
        ticket.withdrawn(session, reply, by=reply.unsay_by or HEARD, at=at)
        thread_notices.withdrawn(session, network, reply, at=at)


def _unsure(desk: Desk, reply_id: int) -> None:
    with _wanted(desk, reply_id) as (_session, _ticket, reply):
        reply.due_at = desk.now() + SOON


def _put_off(desk: Desk, network: Network, reply_id: int, later: Later, detail: str | None = None) -> None:
    """It is still public, and that is told once for each cause: whoever asked thinks it is gone.

    `detail` says why, as mrkdwn, if it is not simply what `later` says.
    """
    log.warning("reply %s is not deleted yet: %s", reply_id, later.detail)
    with _wanted(desk, reply_id) as (session, ticket, reply):
        at = desk.now()
        reply.due_at = max(pace.again_at(later, at=at, otherwise=MINUTE), at + MINUTE)
        if reply.reason != later.cause:
            reply.reason = later.cause
            thread_notices.not_withdrawn_yet(session, network, reply, later, detail, at=at)
            ticket.revision += 1


def _refused(desk: Desk, network: Network, reply_id: int, refused: Refused) -> None:
    """A definite no: it stays public, and whoever asked is told."""
    with _wanted(desk, reply_id) as (session, ticket, reply):
        reply.unsay_by = reply.due_at = None
        ticket.revision += 1
        thread_notices.not_withdrawn(session, network, reply, refused.detail, at=desk.now())
