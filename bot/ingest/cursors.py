"""Whether a network may be read now, as which account, and what is noted when a reading fails."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, fit_text
from bot.networks.base import AccountIdentity, Later, Network, WrongAccount
from bot.notices import network_alarms
from bot.runtime import pace
from models import Account as Ours
from models import Cursor, Ticket
from models.sources.cursor import MENTIONS_CURSOR

log = logging.getLogger(__name__)

UNKNOWN_ACCOUNT_ID = ""  # of a reading that failed before the network said who we are
POLL_RETRY_MAX_DELAY = timedelta(seconds=30)


def account_of(ctx: BotContext, network: Network) -> AccountIdentity | None:
    """Return who we are there; None if that cannot be asked now, which counts as a failed reading."""
    nobody = select(Cursor).where(Cursor.network == network.name, Cursor.account_id == UNKNOWN_ACCOUNT_ID)
    with ctx.db.read() as session:
        failed = session.scalar(nobody)
    if failed is not None and failed.not_before is not None and failed.not_before > ctx.now():
        return None
    try:
        return network.account()
    except Later as later:
        record_failure(ctx, network, UNKNOWN_ACCOUNT_ID, later)
        return None


def ready_cursor(
    ctx: BotContext, network: Network, account: AccountIdentity, *, is_sweep: bool = False
) -> Cursor | None:
    """Return the cursor of the mentions; None if the network must not be asked yet.

    A sweep is rare, and has calls kept back for it: it does not wait where polls are only spread.
    """
    at = ctx.now()
    with ctx.db.write() as session:
        session.execute(
            delete(Cursor).where(Cursor.network == network.name, Cursor.account_id == UNKNOWN_ACCOUNT_ID)
        )
        names = {
            "handle": fit_text(account.handle, NAME_MAX_CHARS),
            "name": fit_text(account.name, NAME_MAX_CHARS),
        }
        before = Ours.find(session, network.name, account.id)
        if before is not None and before.handle != names["handle"]:
            _redraw_open(session, network, account)  # their cards name the account
        Ours.record_profile(session, network=network.name, network_id=account.id, at=at, **names)
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
    if is_sweep and cursor.failing_since is None:
        return None if pace.is_spent(network.rate_limit_status("mentions"), at=at) else cursor
    return None if cursor.not_before is not None and cursor.not_before > at else cursor


def _redraw_open(session: Session, network: Network, account: AccountIdentity) -> None:
    """Have the cards of `account`'s open tickets redrawn."""
    here = (Ticket.network == network.name, Ticket.account_id == account.id, Ticket.drawn_revision > 0)
    session.execute(update(Ticket).where(*here, Ticket.is_open()).values(revision=Ticket.revision + 1))


def record_failure(ctx: BotContext, network: Network, account_id: str, later: Later) -> None:
    """Record that the network does not answer, since when and why, and when to try again.

    Another account that was connected meanwhile is no failure: the next reading is of its mentions.
    """
    if isinstance(later, WrongAccount):
        log.info("%s: another account was connected during a poll", network.title)
        return
    at = ctx.now()
    log.warning("%s could not be read (%s): %s", network.title, later.cause, later.detail)
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, MENTIONS_CURSOR, at=at)
        cursor.fail(later.detail, at=at, again_at=next_poll_at(cursor, later, at=at))
        network_alarms.record_failure(ctx, session, network, "reading", later, at=at)


def next_poll_at(cursor: Cursor, later: Later, *, at: datetime) -> datetime:
    """When to read again: when the network says so, else later the longer it fails, within half a minute."""
    if later.cause in {"rate limit", "unauthorized", "out of credit", "forbidden"}:
        wait = POLL_RETRY_MAX_DELAY
    else:
        wait = min((at - (cursor.failing_since or at)) / 2, POLL_RETRY_MAX_DELAY)
    return pace.retry_at(later, at=at, otherwise=wait)
