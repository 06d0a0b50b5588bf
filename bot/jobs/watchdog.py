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

from bot.context import Desk
from bot.jobs import account_check, snooze_wakeup
from bot.slack.blocks.elements import duration
from models import Alarm, Card, Notice
from models.reports import health
from models.reports.health import Overdue
from models.tickets import other_accounts

log = logging.getLogger(__name__)

MINUTE = 60.0
READ_LATE = 3  # polls in vain until mentions count as unread
OVERDUE = "overdue"
HEARTBEAT = 5.0  # seconds that the heartbeat's address may take

_SAID = {
    "replies": "{things} should have gone on and did not. I try again now; please look at the cards.",
    "replies without a network": "{things} cannot go out: this Heard has no keys for their network any more.",
    "deletions": "{things} should be deleted and still may be public. Please look at the cards.",
    "stranded replies": "{things} had no next step. I gave them one; please look at the cards.",
    "cards": "{things} could not be drawn for ten minutes. What waits is in `/mentions open`.",
    "snoozes": "{things} had not ended when they should have. They end now.",
    "words": "The words of {things} should be gone: the network no longer shows them. Please see the log.",
    "readings": "Mentions were not read when they should have been. `/mentions doctor` says more.",
}
_REPLIES = ("1 reply", "{:,} replies")
_THINGS = {
    "replies": _REPLIES,
    "replies without a network": _REPLIES,
    "deletions": _REPLIES,
    "stranded replies": _REPLIES,
    "cards": ("1 card", "{:,} cards"),
    "snoozes": ("1 snooze", "{:,} snoozes"),
    "words": ("1 post", "{:,} posts"),
    "readings": ("", ""),
}


def read_within(desk: Desk) -> timedelta:
    """How old the last reading of mentions may be."""
    return timedelta(seconds=max(READ_LATE * desk.settings.poll_seconds, MINUTE))


def look(desk: Desk, session: Session) -> list[Overdue]:
    """What is past its time, as this desk sees it."""
    return health.find(session, networks=desk.networks, at=desk.now(), read_within=read_within(desk))


def audit(desk: Desk) -> list[Overdue]:
    """Look, drive on, tell once; with nothing to tell, let the heartbeat beat. Gives what was found."""
    at = desk.now()
    with desk.db.read() as session:
        read_before = at - read_within(desk)
        gone = other_accounts.networks_without_keys(session, desk.networks, read_before=read_before)
    for network in gone:
        account_check.no_keys(desk, network)
    with desk.db.write() as session:
        found = look(desk, session)
        for one in found:
            log.warning("overdue: %s %s, the oldest since %s", one.count, one.kind, one.since)
        _drive_on(desk, session, {one.kind for one in found}, at=at)
        _tell(desk, session, found, at=at)
    if found:
        desk.nudge()
    else:
        beat(desk)
    return found


def _drive_on(desk: Desk, session: Session, kinds: Collection[str], *, at: datetime) -> None:
    """Take away whatever might keep a loop from going on."""
    if "stranded replies" in kinds:
        for reply in health.stranded(session):
            reply.due_at = at
    if "snoozes" in kinds:
        snooze_wakeup.wake(desk, session, at=at)
    for kind, table in (("cards", Card), ("notices", Notice)):
        if kind in kinds:
            session.execute(update(table).where(table.not_before > at).values(not_before=at))


def _tell(desk: Desk, session: Session, found: list[Overdue], *, at: datetime) -> None:
    """Each kind once, until there is nothing of it any more."""
    for kind in _SAID.keys() - {one.kind for one in found}:
        Alarm.clear(session, _key(kind))
    sayable = [one for one in found if one.kind in _SAID]  # that nothing can be posted cannot be posted
    known = {alarm.key for alarm in Alarm.ringing(session)}
    for one in sayable:
        alarm = Alarm.ring(session, _key(one.kind), cause=OVERDUE, detail=f"{one.count}", at=at)
        # A network that does not answer is told by its breaker, with the reason.
        explained = one.kind == "readings" and any(key.startswith("reading ") for key in known)
        if not explained:
            alarm.tell_once(session, _sentence(one, at), at=at, channel=desk.settings.slack_channel)


def _key(kind: str) -> str:
    return f"{OVERDUE} {kind}"


def in_a_line(kind: str, count: int) -> str:
    """What is past its time, and what to do."""
    single, many = _THINGS[kind]
    return _SAID[kind].format(things=single if count == 1 else many.format(count))


def _sentence(one: Overdue, at: datetime) -> str:
    oldest = f" The oldest has been due for {duration(at - one.since)}."
    return f":rotating_light: {in_a_line(one.kind, one.count)}{oldest}"


def beat(desk: Desk) -> None:
    """Call the heartbeat's address, if there is one: whoever waits for it there is told by its silence."""
    address = desk.settings.heartbeat_url
    if address is None:
        return
    try:
        requests.get(address.get_secret_value(), timeout=HEARTBEAT).raise_for_status()
    except requests.RequestException as error:  # its text holds the address, which may be a secret
        log.warning("the heartbeat was not taken (%s)", type(error).__name__)
