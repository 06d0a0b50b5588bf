"""What calls to networks were billed → ledger: each unit once a UTC day, for its account and track.

A network notes what its calls were billed, in a log that each thread has for itself. Whoever writes the
answer down writes that too, in the same transaction (`write`). `write_rest` comes after each job, each round
of a loop and each task, and writes what no such transaction took along.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from bot.networks.base import Network
from bot.networks.charges import REPLY_CHARGE, Charge
from models.core.database import BusyError, Database
from models.sources import cost
from models.sources.cost import MICROS_PER_USD, NO_TRACK, BilledUnit

log = logging.getLogger(__name__)

TrackOf = Callable[[Charge], int]
"""Says for which track something was billed, by the track's id or `NO_TRACK`."""

_TAKEN_KEY = "charges taken"


def write(session: Session, network: Network, *, at: datetime, track_of: TrackOf | None = None) -> None:
    """Write what this thread's calls to `network` were billed; after a rollback it is still to be written.

    Call it once in a transaction, near its end. If nothing was billed, the database is not asked.
    """
    charges = network.charges.take()
    if not charges:
        return
    session.info.setdefault(_TAKEN_KEY, []).append((network, charges))
    cost.record(session, network.name, [_unit_of(one, track_of) for one in charges], day=at.date())


def write_reply(session: Session, network: Network, account_id: str, post_id: str, *, at: datetime) -> None:
    """Write that a reply sent at `at` is public as `post_id`, if that has a price."""
    price = network.prices.get(REPLY_CHARGE)
    if price is not None:
        charge = Charge(account_id, REPLY_CHARGE, price.usd, price.resource, post_id)
        cost.record(session, network.name, [_unit_of(charge, None)], day=at.date())


def write_rest(database: Database, networks: Iterable[Network], *, now: Callable[[], datetime]) -> None:
    """Write what this thread's calls were billed and no transaction has taken along; if that fails, later."""
    for network in networks:
        charges = network.charges.take()
        if not charges:
            continue
        network.charges.put_back(charges)
        try:
            with database.write() as session:
                write(session, network, at=now())
        except (SQLAlchemyError, BusyError) as error:
            log.warning("could not write down what %s bills: %s", network.title, type(error).__name__)


def _unit_of(charge: Charge, track_of: TrackOf | None) -> BilledUnit:
    return BilledUnit(
        account_id=charge.account_id,
        kind=charge.kind,
        micros=int(charge.usd * MICROS_PER_USD),
        track_id=NO_TRACK if track_of is None else track_of(charge),
        resource=charge.resource,
        resource_id=charge.resource_id,
    )


@event.listens_for(Session, "after_commit")
def _forget_taken(session: Session) -> None:
    if not session.in_nested_transaction():  # a savepoint may still be rolled back
        session.info.pop(_TAKEN_KEY, None)


@event.listens_for(Session, "after_transaction_end")
def _put_back(session: Session, ended: SessionTransaction) -> None:
    """What was not committed is still to be written; a session that is only closed knows no rollback."""
    if ended.parent is None:
        for network, charges in session.info.pop(_TAKEN_KEY, []):
            network.charges.put_back(charges)
