"""A public reply is taken back: deleted on the network, which may be tried as often as it takes."""

import logging
from datetime import datetime, timedelta

from bot import telling
from bot.desk import Desk
from bot.errand import held, still_due
from bot.networks import Later, Network, Refused, Unsure
from models.reply import SPOKEN

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=12)  # another worker tries after that
SOON = timedelta(seconds=5)  # until it is tried again, if nobody knows whether it worked
MINUTE = timedelta(minutes=1)  # and if it did not


def work(desk: Desk, reply_id: int) -> None:
    """Delete it there; then the ticket waits again, and its words come back."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, *SPOKEN)
        reply.due_at = desk.now() + LEASE
        network, post_id = desk.network(ticket.network), reply.post_id
    if post_id is None:
        return
    try:
        network.delete(post_id)
    except Refused as refused:
        _refused(desk, network, reply_id, refused)
    except Unsure:  # deleting twice harms nobody
        _again(desk, reply_id, desk.now() + SOON)
    except Later as later:
        log.warning("reply %s is not deleted yet: %s", reply_id, later.detail)
        _again(desk, reply_id, later.at or desk.now() + MINUTE)
    else:
        _deleted(desk, network, reply_id)


def _deleted(desk: Desk, network: Network, reply_id: int) -> None:
    with desk.db.write() as session:
        ticket, reply = held(session, reply_id)
        if reply.unsay_by is not None and reply.state in SPOKEN:
            at = desk.now()
            ticket.withdrawn(session, reply, by=reply.unsay_by, at=at)
            telling.withdrawn(session, network, reply, at=at)


def _again(desk: Desk, reply_id: int, at: datetime) -> None:
    with desk.db.write() as session:
        _ticket, reply = held(session, reply_id)
        if reply.unsay_by is not None:
            reply.due_at = at


def _refused(desk: Desk, network: Network, reply_id: int, refused: Refused) -> None:
    """A definite no: it stays public, and whoever asked is told."""
    with desk.db.write() as session:
        ticket, reply = held(session, reply_id)
        reply.unsay_by = reply.due_at = None
        ticket.revision += 1
        telling.not_withdrawn(session, network, reply, refused.detail, at=desk.now())
