"""What of a restored ledger cannot be true any more: the world went on after its backup was taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.networks import registry
from bot.notices import thread_notices
from bot.publish.locked_reply import lock_reply
from models import Account, Credential, Event, Reply
from models.core.database import Database
from models.tickets.delivery_state import PENDING_STATES, DeliveryState

_FIRST_LOOK_DELAY = timedelta(seconds=5)  # after the start
_DETAIL = "it was waiting to be sent when the backup was taken, and may have been sent since"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was changed: how many replies are looked for now, and which accounts were disconnected."""

    unsure: int
    disconnected: tuple[str, ...]


def settle(database: Database, *, at: datetime) -> Restored:
    """Make a restored ledger safe to run: nothing that may have been sent since the backup is sent again.

    Replies that were held, queued or being sent become unsure: Heard looks for them, and asks a person about
    those that it does not find. Tokens that work only once are deleted, as their successors are lost. Raises
    what the database raises.
    """
    unsure = 0
    for reply_id in _unsent_replies(database):
        _doubt(database, reply_id, at)
        unsure += 1
    with database.write() as session:
        disconnected = [_disconnect(session, row) for row in Credential.all(session) if _rotates(row.network)]
        data = {"unsure": unsure, "disconnected": disconnected}
        Event.record(session, "ledger restored", at=at, data=data)
    return Restored(unsure, tuple(disconnected))


def _unsent_replies(database: Database) -> list[int]:
    states = [*PENDING_STATES, DeliveryState.SENDING]
    with database.read() as session:
        return list(session.scalars(select(Reply.id).where(Reply.state.in_(states)).order_by(Reply.id)))


def _doubt(database: Database, reply_id: int, at: datetime) -> None:
    """Take a reply for one that was sent, and nobody knows whether it arrived."""
    with database.write() as session:
        ticket, reply = lock_reply(session, reply_id)
        if reply.state == DeliveryState.HELD:
            reply.release(session, at=at)
        if reply.state == DeliveryState.QUEUED:
            reply.take(session, worker="restore", at=at, lease_until=at)
            reply.sent_at = reply.created_at  # it is looked for among our posts since then
        reply.mark_unsure(session, at=at, look_at=at + _FIRST_LOOK_DELAY, detail=_DETAIL)
        ticket.revision += 1
        name = reply.network_on(ticket)
        network = registry.registered().get(name)
        title = name if network is None else network.title
        thread_notices.post(session, thread_notices.UNSURE, reply, at=at, network=title, detail=_DETAIL)


def _rotates(network: str) -> bool:
    known = registry.registered().get(network)
    return known is None or known.tokens_rotate


def _disconnect(session: Session, row: Credential) -> str:
    """Delete the tokens of an account; returns how people know it."""
    account = None if row.account_id is None else Account.find(session, row.network, row.account_id)
    handle = row.handle or row.account_id or "an account"
    if account is not None:
        account.source, handle = None, account.handle
    session.delete(row)
    return f"{row.network} @{handle}"
