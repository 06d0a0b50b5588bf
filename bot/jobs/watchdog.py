"""Every minute: is anything past its time? Then it is unblocked where that helps, and told once.

It reads the ledger with queries of its own, not those of the loops, so that a mistake in a loop is noticed.
"""

import logging
from collections.abc import Collection
from datetime import datetime

import requests
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs import snooze_wakeup
from bot.notices import alarm_lines
from bot.publish import account_check
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks.elements import format_duration
from models import Alarm, Card, Notice, TicketGroup
from models.reports import health
from models.reports.health import OverdueCount
from models.tickets import other_accounts

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 60.0
OVERDUE_CAUSE = "overdue"
HEARTBEAT_TIMEOUT_SECONDS = 5.0  # seconds that the heartbeat's address may take


def find_overdue(ctx: BotContext, session: Session) -> list[OverdueCount]:
    """What is past its time, on the networks that this process has credentials for."""
    return health.find_overdue(session, networks=ctx.networks, at=ctx.now(), read_within=ctx.max_read_age)


def run_checks(ctx: BotContext) -> list[OverdueCount]:
    """Look, unblock, tell once; if nothing is overdue, send the heartbeat. Returns what was found."""
    at = ctx.now()
    with ctx.db.read() as session:
        read_before = at - ctx.max_read_age
        gone = other_accounts.list_networks_without_credentials(
            session, ctx.networks, read_before=read_before
        )
    for network in gone:
        account_check.handle_missing_credentials(ctx, network)
    with ctx.db.write() as session:
        found = find_overdue(ctx, session)
        for one in found:
            log.warning("overdue: %s %s, the oldest since %s", one.count, one.kind, one.since)
        _unblock(ctx, session, {one.kind for one in found}, at=at)
        _raise_alarms(ctx, session, found, at=at)
    if found:
        ctx.wake_loops()
    else:
        send_heartbeat(ctx)
    return found


def _unblock(ctx: BotContext, session: Session, kinds: Collection[str], *, at: datetime) -> None:
    """Take away whatever might keep a loop from going on."""
    if "stranded replies" in kinds:
        for reply in health.list_stranded_replies(session):
            reply.due_at = at
    if "snoozes" in kinds:
        snooze_wakeup.wake_due(ctx, session, at=at)
    for kind, table in (("cards", Card), ("shared cards", TicketGroup), ("notices", Notice)):
        if kind in kinds:
            session.execute(update(table).where(table.not_before > at).values(not_before=at))


def _raise_alarms(ctx: BotContext, session: Session, found: list[OverdueCount], *, at: datetime) -> None:
    """Each kind once, until there is nothing of it any more."""
    for kind in alarm_lines.OVERDUE_KINDS - {one.kind for one in found}:
        Alarm.clear(session, alarm_lines.overdue_key(kind))
    known = {alarm.key for alarm in Alarm.active(session)}
    for one in found:
        if one.kind not in alarm_lines.OVERDUE_KINDS:
            continue  # that nothing can be posted cannot be posted
        key = alarm_lines.overdue_key(one.kind)
        alarm = Alarm.raise_alarm(session, key, cause=OVERDUE_CAUSE, detail=f"{one.count}", at=at)
        # A network that does not answer has an alarm of its own, with the reason.
        explained = one.kind == "readings" and any(key.startswith("reading ") for key in known)
        if not explained:
            oldest = f"The oldest has been due for {format_duration(at - one.since)}."
            sentence = f"{alarm_lines.channel_line(alarm)} {oldest}"
            alarm.tell_once(session, sentence, at=at, channel=ctx.settings.slack_channel)


def send_heartbeat(ctx: BotContext) -> None:
    """Call the heartbeat's address, if there is one; whoever watches it there notices when the calls stop."""
    address = ctx.settings.heartbeat_url
    if address is None:
        return
    try:
        requests.get(address.get_secret_value(), timeout=HEARTBEAT_TIMEOUT_SECONDS).raise_for_status()
    except requests.RequestException as error:  # its text holds the address, which may be a secret
        log.warning("the heartbeat URL could not be called (%s)", type(error).__name__)


JOBS = (ScheduledJob("audit", run_checks, CHECK_INTERVAL_SECONDS),)
