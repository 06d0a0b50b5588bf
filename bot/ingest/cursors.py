"""Whether a network may be read now, as which account, and what is noted when a reading fails."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bot.context import BotContext
from bot.ingest.fit_to_ledger import NAME_MAX_CHARS, fit_text
from bot.networks.base import Network
from bot.networks.errors import Later, WrongAccount
from bot.networks.values import AccountIdentity
from bot.notices import network_alarms
from bot.runtime import pace
from models import Account, Cursor, Track
from models.sources.account import FROM_CONNECT, FROM_ENVIRONMENT
from models.sources.cursor import MENTIONS_CURSOR, UNKNOWN_ACCOUNT_PREFIX
from models.tickets import other_accounts

log = logging.getLogger(__name__)

POLL_RETRY_MAX_DELAY = timedelta(seconds=30)


def unknown_account_id(network: Network) -> str:
    """Return what stands for the account of a connection whose network has not said yet who we are."""
    return UNKNOWN_ACCOUNT_PREFIX + network.connection if network.connection else ""


def _unknown_ids(ctx: BotContext, network: Network) -> list[str]:
    """What may stand for the account of a connection: its own, and that of when nobody was connected."""
    connections = ctx.networks.on(network.name)
    nobody = [] if any(not one.connection for one in connections) else [""]
    return list(dict.fromkeys([unknown_account_id(network), *nobody]))


def account_of(ctx: BotContext, network: Network) -> AccountIdentity | None:
    """Return who we are there; None if that cannot be asked now, which counts as a failed reading."""
    expected = network.expected_account_id() or unknown_account_id(network)
    if network.seen_account_id is None and _is_put_off(ctx, network, expected):
        return None
    try:
        account = network.account()
    except Later as later:
        ctx.refresh_networks()
        record_failure(ctx, network, expected, later)
        return None
    network.seen_account_id = account.id
    return account


def _is_put_off(ctx: BotContext, network: Network, account_id: str) -> bool:
    """Whether a failed reading of that account is not to be tried again yet."""
    here = (Cursor.network == network.name, Cursor.account_id == account_id, Cursor.name == MENTIONS_CURSOR)
    with ctx.db.read() as session:
        failed = session.scalar(select(Cursor).where(*here, Cursor.failing_since.is_not(None)))
    return failed is not None and failed.not_before is not None and failed.not_before > ctx.now()


def ready_cursor(
    ctx: BotContext, network: Network, account: AccountIdentity, *, is_sweep: bool = False
) -> Cursor | None:
    """Return the cursor of the mentions; None if the network must not be asked yet.

    A sweep is rare, and has calls kept back for it: it does not wait where polls are only spread.
    """
    at, unknown_ids = ctx.now(), _unknown_ids(ctx, network)
    with ctx.db.write() as session:
        Cursor.lock_mentions(session, network.name, account.id, at=at)  # before any ticket, as a page does
        session.execute(
            delete(Cursor).where(Cursor.network == network.name, Cursor.account_id.in_(unknown_ids))
        )
        for unknown_id in unknown_ids:
            network_alarms.adopt_alarms(session, network, unknown_id=unknown_id, account_id=account.id)
        names = {
            "handle": fit_text(account.handle, NAME_MAX_CHARS),
            "name": fit_text(account.name, NAME_MAX_CHARS),
        }
        before = Account.find(session, network.name, account.id)
        if before is not None and (before.handle != names["handle"] or before.source is None):
            other_accounts.redraw_cards(session, network.name, account.id)  # they say what it is called
        source = FROM_CONNECT if network.connection else FROM_ENVIRONMENT
        Account.record_profile(
            session,
            network=network.name,
            network_id=account.id,
            server=account.server,
            at=at,
            source=source,
            **names,
        )
        Track.mentions_of(session, network.name, account.id, at=at)
        cursor = Cursor.of(session, network.name, account.id, MENTIONS_CURSOR, at=at)
    if is_sweep and cursor.failing_since is None:
        return None if pace.is_spent(network.rate_limit_status("mentions"), at=at) else cursor
    return None if cursor.not_before is not None and cursor.not_before > at else cursor


def record_failure(ctx: BotContext, network: Network, account_id: str, later: Later) -> None:
    """Record that the network does not answer, since when and why, and when to try again.

    Another account that was connected meanwhile is no failure: the next reading is of its mentions.
    """
    if isinstance(later, WrongAccount):
        log.info("%s: another account was connected during a poll", network.title)
        return
    if network.connection and network not in ctx.networks.accounts:
        log.info("%s: an account was disconnected while its mentions were read", network.title)
        return
    at = ctx.now()
    log.warning("%s could not be read (%s): %s", network.title, later.cause, later.detail)
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, MENTIONS_CURSOR, at=at)
        cursor.fail(later.detail, at=at, again_at=next_poll_at(cursor, later, at=at))
        network_alarms.record_failure(ctx, session, network, "reading", later, account_id=account_id, at=at)


def next_poll_at(cursor: Cursor, later: Later, *, at: datetime) -> datetime:
    """When to read again: when the network says so, else later the longer it fails, within half a minute."""
    if later.cause in {"rate limit", "unauthorized", "out of credit", "forbidden"}:
        wait = POLL_RETRY_MAX_DELAY
    else:
        wait = min((at - (cursor.failing_since or at)) / 2, POLL_RETRY_MAX_DELAY)
    return pace.retry_at(later, at=at, otherwise=wait)
