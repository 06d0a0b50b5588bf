"""Every minute: is anything past its time? Then it is driven on where that helps, and told once.

The loops need no auditor as long as they do what they should. It looks at the ledger with other eyes than
theirs, so that a mistake in one of them does not stay unseen.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

import requests
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs import account_check, snooze_wakeup
from bot.slack.blocks.elements import format_duration
from models import Alarm, Card, Notice
from models.reports import health
from models.reports.health import OverdueCount
from models.tickets import other_accounts

log = logging.getLogger(__name__)

READ_MIN_AGE_SECONDS = 60.0
UNREAD_AFTER_POLLS = 3  # polls in vain until mentions count as unread
OVERDUE_CAUSE = "overdue"
HEARTBEAT_TIMEOUT_SECONDS = 5.0  # seconds that the heartbeat's address may take

_ALARM_SENTENCES = {
    "replies": "{things} should have gone on and did not. I try again now; please look at the cards.",
    "replies without a network": "{things} cannot go out: this Heard has no keys for their network any more.",
    "deletions": "{things} should be deleted and still may be public. Please look at the cards.",
    "stranded replies": "{things} had no next step. I gave them one; please look at the cards.",
    "cards": "{things} could not be drawn for ten minutes. What waits is in `/mentions open`.",
    "snoozes": "{things} had not ended when they should have. They end now.",
    "words": "The words of {things} should be gone: the network no longer shows them. Please see the log.",
    "readings": "Mentions were not read when they should have been. `/mentions doctor` says more.",
}
_REPLY_PHRASES = ("1 reply", "{:,} replies")
_COUNT_PHRASES = {
    "replies": _REPLY_PHRASES,
    "replies without a network": _REPLY_PHRASES,
    "deletions": _REPLY_PHRASES,
    "stranded replies": _REPLY_PHRASES,
    "cards": ("1 card", "{:,} cards"),
    "snoozes": ("1 snooze", "{:,} snoozes"),
    "words": ("1 post", "{:,} posts"),
    "readings": ("", ""),
}


def max_read_age(ctx: BotContext) -> timedelta:
    """How old the last reading of mentions may be."""
    return timedelta(seconds=max(UNREAD_AFTER_POLLS * ctx.settings.poll_seconds, READ_MIN_AGE_SECONDS))


def find_overdue(ctx: BotContext, session: Session) -> list[OverdueCount]:
    """What is past its time, as this desk sees it."""
    return health.find_overdue(session, networks=ctx.networks, at=ctx.now(), read_within=max_read_age(ctx))


def run_checks(ctx: BotContext) -> list[OverdueCount]:
    """Look, drive on, tell once; with nothing to tell, let the heartbeat beat. Gives what was found."""
    at = ctx.now()
    with ctx.db.read() as session:
        read_before = at - max_read_age(ctx)
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
    for kind, table in (("cards", Card), ("notices", Notice)):
        if kind in kinds:
            session.execute(update(table).where(table.not_before > at).values(not_before=at))


def _raise_alarms(ctx: BotContext, session: Session, found: list[OverdueCount], *, at: datetime) -> None:
    """Each kind once, until there is nothing of it any more."""
    for kind in _ALARM_SENTENCES.keys() - {one.kind for one in found}:
        Alarm.clear(session, _alarm_key(kind))
    sayable = [
        one for one in found if one.kind in _ALARM_SENTENCES
    ]  # that nothing can be posted cannot be posted
    known = {alarm.key for alarm in Alarm.active(session)}
    for one in sayable:
        alarm = Alarm.raise_alarm(
            session, _alarm_key(one.kind), cause=OVERDUE_CAUSE, detail=f"{one.count}", at=at
        )
        # A network that does not answer is told by its breaker, with the reason.
        explained = one.kind == "readings" and any(key.startswith("reading ") for key in known)
        if not explained:
            alarm.tell_once(session, _sentence(one, at), at=at, channel=ctx.settings.slack_channel)


def _alarm_key(kind: str) -> str:
    return f"{OVERDUE_CAUSE} {kind}"


def alarm_line(kind: str, count: int) -> str:
    """What is past its time, and what to do."""
    single, many = _COUNT_PHRASES[kind]
    return _ALARM_SENTENCES[kind].format(things=single if count == 1 else many.format(count))


def _sentence(one: OverdueCount, at: datetime) -> str:
    oldest = f" The oldest has been due for {format_duration(at - one.since)}."
    return f":rotating_light: {alarm_line(one.kind, one.count)}{oldest}"


def send_heartbeat(ctx: BotContext) -> None:
    """Call the heartbeat's address, if there is one: whoever waits for it there is told by its silence."""
    address = ctx.settings.heartbeat_url
    if address is None:
        return
    try:
        requests.get(address.get_secret_value(), timeout=HEARTBEAT_TIMEOUT_SECONDS).raise_for_status()
    except requests.RequestException as error:  # its text holds the address, which may be a secret
        log.warning("the heartbeat was not taken (%s)", type(error).__name__)
