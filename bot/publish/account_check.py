"""Accounts that are not connected: what was to be said as one of them comes back, and the team is told once.

Every call to a network names its account, and the network compares that with the credentials at hand
(`bot/networks/base.py`). Here is what follows from it in the ledger:

1. `check_network` sees which accounts are connected. It runs every few seconds, and when somebody is about to
   reply.
2. Replies of other accounts that have not left are stopped: held, queued, or put off until tomorrow. Their
   words come back as drafts, and nothing sends them by itself when their account is back.
3. Unsure ones, hand-offs and deletions stay as they are until their account is connected again.
4. An alarm per missing account tells the channel once, refuses new replies and stands on cards.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.cursors import account_of, unknown_account_id
from bot.networks.base import Network
from bot.networks.errors import WrongAccount
from bot.notices import account_notices, network_alarms, thread_notices
from bot.publish import intent
from bot.publish.locked_reply import PublishJob, lock_reply
from bot.scheduled_job import NetworkJob
from models import Account, Alarm, Cursor, Notice, Ticket, Track
from models.sources.account import FROM_CONNECT, FROM_ENVIRONMENT
from models.sources.cursor import UNKNOWN_ACCOUNT_PREFIX
from models.tickets import other_accounts, unconnected_accounts
from models.tickets.delivery_state import PENDING_STATES

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 10.0  # seconds between two looks at which account is connected
NOT_CONNECTED_RETRY_DELAY = timedelta(
    minutes=1
)  # until a reply is looked for again whose account is not connected


@dataclass(frozen=True, slots=True)
class ConnectedAccounts:
    """The accounts of one network that Heard has credentials for: their ids, and their handles by id.

    `environment_id` is the one whose credentials are settings; None if there is none.
    """

    ids: frozenset[str]
    handles: Mapping[str, str]
    environment_id: str | None = None


def check_network(ctx: BotContext, network: Network, also: str | None = None) -> None:
    """See which accounts of that network are connected, and write down what follows for the others.

    `also` is an account that somebody is about to reply as: it counts as missing though nothing waits for it.
    Who we are is asked of the network only when credentials have changed.
    """
    connected = connected_accounts(ctx, network.name)
    if connected is not None:
        _record_connected(ctx, network, connected, also)


def connected_accounts(ctx: BotContext, name: str) -> ConnectedAccounts | None:
    """Return the accounts that are connected to the network called `name`, as the ledger has them now.

    None while the environment's is not known, because its network does not answer: it could be any. One that
    somebody has just connected is none of those that are missing already.
    """
    ctx.refresh_networks()
    handles: dict[str, str] = {}
    environment_id = None
    for network in ctx.networks.on(name):
        if not network.has_credentials:
            continue
        if network.stored_account_id is not None:
            handles[network.stored_account_id] = ""
            continue
        account = account_of(ctx, network)
        if account is None and not network.connection:
            return None
        if account is None:
            continue
        handles[account.id] = account.handle
        if not network.connection:
            environment_id = account.id
    with ctx.db.read() as session:
        for account_id, handle in handles.items():
            handles[account_id] = handle or _last_known_handle(session, name, account_id)
    return ConnectedAccounts(frozenset(handles), handles, environment_id)


def check_ticket_account(
    ctx: BotContext, ticket_id: int, account_id: str | None = None, network: str | None = None
) -> None:
    """Do the same for a ticket that somebody is about to answer as that account (None: the ticket's).

    `network` is where the answer goes (None: where the ticket began).
    """
    with ctx.db.read() as session:
        ticket = session.get_one(Ticket, ticket_id)
    network = network or ticket.network
    if network in ctx.networks:
        check_network(ctx, ctx.networks[network], account_id or ticket.account_id)


def handle_wrong_account(ctx: BotContext, network: Network, job: PublishJob, wrong: WrongAccount) -> None:
    """The credentials for a reply turned out to be another account's; provably nothing was sent."""
    detail = explain_wrong_account(ctx, network, wrong)
    with ctx.db.write() as session:
        attempt = intent.lock_attempt(ctx, session, job)
        if attempt is not None:
            (ticket, reply), at = attempt, ctx.now()
            reply.put_off(
                session, at=at, until=at, reason=unconnected_accounts.OTHER_ACCOUNT_CAUSE, detail=wrong.detail
            )
            ticket.give_back(session, reply, at=at, why=unconnected_accounts.OTHER_ACCOUNT_CAUSE)
            thread_notices.post(session, thread_notices.NOT_CONNECTED, reply, at=at, explanation=detail)
    found = connected_accounts(ctx, network.name)
    if found is not None and job.account_id not in found.ids:
        _record_connected(ctx, network, found, job.account_id)


def explain_wrong_account(ctx: BotContext, network: Network, wrong: WrongAccount) -> str:
    """What `wrong` means and how to mend it, as mrkdwn that names both accounts."""
    with ctx.db.read() as session:
        return _alarm_detail(session, network, [wrong.connected.handle], wrong.wanted_id)


def stop_replies(ctx: BotContext, network: str, account_id: str | None, detail: str) -> None:
    """Stop what has not left as that account (None: as any account of the network); its words come back.

    `detail` says why, and how to mend it, as mrkdwn.
    """
    with ctx.db.read() as session:
        waiting = other_accounts.list_pending_replies(session, network, account_id)
    for reply_id in waiting:
        with ctx.db.write() as session:
            ticket, reply = lock_reply(session, reply_id)
            if reply.state in PENDING_STATES:
                at = ctx.now()
                ticket.give_back(session, reply, at=at, why=unconnected_accounts.OTHER_ACCOUNT_CAUSE)
                thread_notices.post(session, thread_notices.NOT_CONNECTED, reply, at=at, explanation=detail)


def handle_missing_credentials(ctx: BotContext, network: str) -> None:
    """There are no credentials for that network any more: stop what has not left, tell the channel once."""
    detail = account_notices.no_credentials_text(network)
    stop_replies(ctx, network, None, detail)
    with ctx.db.write() as session:
        at = ctx.now()
        alarm, _is_new = unconnected_accounts.raise_alarm(
            session, network, unconnected_accounts.ANY_ACCOUNT_ID, detail, at=at
        )
        sentence = account_notices.no_credentials_notice(detail)
        alarm.tell_once(session, sentence, at=at, channel=ctx.settings.slack_channel)


def report_unread_searches(ctx: BotContext, network: str, account_id: str) -> None:
    """The last account of that network has left: tell the channel once if nobody reads its searches now."""
    with ctx.db.write() as session:
        searches = Track.count_unread_searches(session, network, ())
        if account_id in searches:
            at, detail = ctx.now(), account_notices.no_credentials_text(network)
            detail = f"{detail} {account_notices.unread_searches_text(searches[account_id])}"
            alarm, _is_new = unconnected_accounts.raise_alarm(session, network, account_id, detail, at=at)
            channel = Track.channel_of(session, network, account_id, ctx.settings.slack_channel)
            sentence = account_notices.not_connected_notice(detail, 0, "")
            alarm.tell_once(session, sentence, at=at, channel=channel)


def waiting_sentences(session: Session, network: Network, connected: ConnectedAccounts) -> list[str]:
    """For each account that is not connected and for which tickets wait: a sentence in plain characters."""
    found = other_accounts.count_waiting_tickets(session, network.name, connected.ids)
    return [
        account_notices.doctor_sentence(network, _last_known_handle(session, network.name, one), count)
        for one, count in sorted(found.items())
    ]


# --- how it is done -----------------------------------------------------------------------------------------


def _record_connected(
    ctx: BotContext, network: Network, connected: ConnectedAccounts, also: str | None
) -> None:
    """Write down that `connected` are, and that the others for whom something waits are not."""
    with ctx.db.read() as session:
        waits = other_accounts.count_waiting_tickets(session, network.name, connected.ids)
        known = unconnected_accounts.unconnected_ids(session, network.name)
        searches = Track.count_unread_searches(session, network.name, connected.ids)
        for one in searches:
            waits.setdefault(one, 0)
        if also is not None and also not in connected.ids:
            waits.setdefault(also, 0)
        sources = {one.network_id: one.source for one in Account.all(session, network.name)}
        is_current = sources == _sources(sources, connected)
        is_calm = not _has_obsolete_failure(session, network, connected)
        stale = _stale_unknown_ids(ctx, session, network)
        if is_current and is_calm and not waits and not known and not stale:
            return
        names = [connected.handles[one] for one in sorted(connected.ids)]
        details = {one: _alarm_detail(session, network, names, one) for one in waits}
    for account_id, detail in details.items():
        stop_replies(ctx, network.name, account_id, detail)
    with ctx.db.write() as session:
        Cursor.lock_mentions(session, network.name, None, at=ctx.now())  # before any ticket, as a page does
        Account.record_sources(
            session,
            network.name,
            environment_id=connected.environment_id,
            connected_ids=connected.ids - {connected.environment_id},
        )
        for account_id, source in _sources(sources, connected).items():
            if (sources[account_id] is None) != (source is None):  # their cards say which accounts are left
                other_accounts.redraw_cards(session, network.name, account_id)
        for account_id in known - waits.keys():
            _clear_alarm(ctx, session, network, account_id, is_back=account_id in connected.ids)
        for account_id, detail in details.items():
            unread = searches.get(account_id, 0)
            _raise_alarm(
                ctx, session, network, account_id, detail=detail, count=waits[account_id], searches=unread
            )
        _clear_failures(session, network, connected)
        _forget_unknown(session, network, stale)
    ctx.wake_loops()


def _sources(accounts: Iterable[str], connected: ConnectedAccounts) -> dict[str, str | None]:
    """How Heard signs in to each of `accounts` now, as `Account.source` has it."""
    return {
        one: FROM_ENVIRONMENT
        if one == connected.environment_id
        else (FROM_CONNECT if one in connected.ids else None)
        for one in accounts
    }


def _raise_alarm(
    ctx: BotContext,
    session: Session,
    network: Network,
    account_id: str,
    *,
    detail: str,
    count: int,
    searches: int,
) -> None:
    """That account is missing: its cards and Home say so.

    The channel is told once, if any of its conversations (`count`) wait, or it has `searches`.
    """
    at = ctx.now()
    if searches:
        detail = f"{detail} {account_notices.unread_searches_text(searches)}"
    alarm, is_new = unconnected_accounts.raise_alarm(session, network.name, account_id, detail, at=at)
    if is_new:
        log.warning("%s: account %s is no longer connected", network.title, account_id)
        other_accounts.redraw_cards(session, network.name, account_id)
        # What kept that account from publishing is over: nothing is published as it.
        Alarm.clear(session, network_alarms.alarm_key("publishing", network.name, account_id))
    if count or searches:
        handle = _last_known_handle(session, network.name, account_id)
        sentence = account_notices.not_connected_notice(detail, count, handle)
        channel = network_alarms.channel_of(ctx, session, network, account_id)
        alarm.tell_once(session, sentence, at=at, channel=channel)


def _clear_alarm(
    ctx: BotContext, session: Session, network: Network, account_id: str, *, is_back: bool
) -> None:
    """That account is connected again, or nothing waits for it any more."""
    alarm = Alarm.clear(session, unconnected_accounts.alarm_key(network.name, account_id))
    if not is_back or alarm is None:
        return
    other_accounts.redraw_cards(session, network.name, account_id)
    if alarm.told_at is not None:
        handle = _last_known_handle(session, network.name, account_id)
        sentence = account_notices.connected_again_notice(network.title, handle)
        channel = network_alarms.channel_of(ctx, session, network, account_id)
        Notice.enqueue(session, sentence, at=ctx.now(), channel=channel)


def _alarm_detail(session: Session, network: Network, connected: list[str], account_id: str) -> str:
    """Which accounts are connected (by handle), which is not, and how to mend it, as mrkdwn."""
    handle = _last_known_handle(session, network.name, account_id)
    return account_notices.wrong_account_text(network, connected, handle)


def _last_known_handle(session: Session, network: str, account_id: str) -> str:
    """What that account was called when it was last seen."""
    ours = Account.find(session, network, account_id)
    return ours.handle if ours is not None else account_id


def _has_obsolete_failure(session: Session, network: Network, connected: ConnectedAccounts) -> bool:
    query = select(Cursor.id).where(
        *_cursors_of_others(network, connected), Cursor.failing_since.is_not(None)
    )
    return session.scalar(query.limit(1)) is not None


def _clear_failures(session: Session, network: Network, connected: ConnectedAccounts) -> None:
    """Nobody reads for an account that is not connected, so nothing fails there: its position stays."""
    calm = {"failing_since": None, "failure": None, "not_before": None}
    session.execute(update(Cursor).where(*_cursors_of_others(network, connected)).values(calm))
    for alarm in Alarm.active(session):
        name, account_id = network_alarms.account_of_alarm(alarm) or ("", "")
        is_known = account_id and not account_id.startswith(UNKNOWN_ACCOUNT_PREFIX)
        if name == network.name and is_known and account_id not in connected.ids:
            session.delete(alarm)


def _stale_unknown_ids(ctx: BotContext, session: Session, network: Network) -> set[str]:
    """What stands for accounts that were not known when a call failed, of connections that are no more."""
    found = set(session.scalars(select(Cursor.account_id).where(Cursor.network == network.name)))
    subjects = map(network_alarms.account_of_alarm, Alarm.active(session))
    found |= {subject[1] for subject in subjects if subject is not None and subject[0] == network.name}
    unknown = {one for one in found if not one or one.startswith(UNKNOWN_ACCOUNT_PREFIX)}
    return unknown - {unknown_account_id(one) for one in ctx.networks.on(network.name)}


def _forget_unknown(session: Session, network: Network, stale: Collection[str]) -> None:
    """Nothing is called for them any more, so nothing fails."""
    session.execute(delete(Cursor).where(Cursor.network == network.name, Cursor.account_id.in_(stale)))
    for account_id in stale:
        for task in network_alarms.NETWORK_TASKS:
            Alarm.clear(session, network_alarms.alarm_key(task, network.name, account_id))


def _cursors_of_others(network: Network, connected: ConnectedAccounts) -> tuple[ColumnElement[bool], ...]:
    is_known = Cursor.account_id.not_like(f"{UNKNOWN_ACCOUNT_PREFIX}%"), Cursor.account_id != ""
    return Cursor.network == network.name, Cursor.account_id.not_in(connected.ids), *is_known


JOBS = (
    NetworkJob(
        "account", check_network, CHECK_INTERVAL_SECONDS, first_delay_seconds=0, once_per_network=True
    ),
)
