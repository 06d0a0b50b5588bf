"""A network that does not work: told once with what to do, and told when it works again.

Each task on a network (reading mentions, reading our own posts, publishing) has an alarm of its own, as one
may work without the others. Whether to call at all is decided elsewhere: by `Cursor.not_before` for reading,
by the account's rate limit for publishing.
"""

import re
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import USAGE_CAP_PHRASE, Later
from bot.slack.blocks.elements import format_duration
from bot.slack.blocks.replies.delivery import waiting_reason
from bot.slack.blocks.text import date_token, mrkdwn_error, mrkdwn_handle
from models import Account, Alarm, Notice, Track

NetworkTask = Literal[
    "reading", "searching", "watching", "publishing", "streaming"
]  # mentions, tracks, own posts, replies, the live stream
NETWORK_TASKS: tuple[NetworkTask, ...] = ("reading", "searching", "watching", "publishing", "streaming")

# Only a person can mend these, so that they are told at once; others often pass by themselves.
NEEDS_PERSON_CAUSES = {"unauthorized", "out of credit"}
TRANSIENT_NOTIFY_DELAY = timedelta(minutes=5)

_STREAM_KEY_PREFIX = "streaming "

_FIX_SENTENCES = {
    "unauthorized": "Create new keys on its developer page, or connect the account again.",
    "out of credit": "Buy credit on its developer page.",
    "forbidden": "Check on its developer page that the app is enrolled and may read and write.",
    "rate limit": "Nothing to do: it resumes automatically.",
    "unreachable": "If it is down, just wait; otherwise check this machine's network.",
    "server error": "Nothing to do: the problem is on their side, and I keep trying.",
}

_RAISE_THE_CAP = (
    "Raise the cap on its developer page, or wait until the billing cycle ends: more credit doesn't help."
)

_RAISE_THE_LIMIT = "Raise the spending limit on its developer page, or wait until the billing cycle ends."
_SPENDING_CAP_PATTERN = re.compile(r"spend(ing)?[ -]?(cap|limit)", re.IGNORECASE)

_MEANWHILE_SENTENCES = {
    "watching": "Until then I can't see replies posted there by hand: check before you reply.",
    "reading": "Until then no new mentions come in, so an empty list doesn't mean all is well.",
    "searching": "Until then posts that don't address us are not found there.",
    "publishing": "Until then no replies go out there. They are kept in order, and you can still undo them.",
    "streaming": "Mentions on {title} arrive with each reading (every {seconds:g} s) until then.",
}


def alarm_key(task: NetworkTask, network: str, account_id: str) -> str:
    """The key of the alarm about `task` of that account; an empty `account_id`: it is not known yet."""
    return f"{task} {network} {account_id}".rstrip()


def account_of_alarm(alarm: Alarm) -> tuple[str, str] | None:
    """The network and the account id that such an alarm is about; None for an alarm of another kind.

    The id is empty while the account is not known.
    """
    task, _, subject = alarm.key.partition(" ")
    network, _, account_id = subject.partition(" ")
    return (network, account_id) if task in NETWORK_TASKS else None


def alarm_line(alarm: Alarm, title: str, handle: str | None) -> str:
    """What does not work with a network called `title`, as which account, since when, what to do; mrkdwn.

    `handle` is the account's, without @; None if it is not known.
    """
    who = f" for {mrkdwn_handle(handle)}" if handle else ""
    reason = waiting_reason(alarm.cause, title, alarm.detail)
    if alarm.key.startswith(_STREAM_KEY_PREFIX):
        reason = f"The live stream of {title} does not hold: {reason}"
    what = f"*{reason}*{who} (since {_since_phrase(alarm)})."
    told, mend = f"Details: “{mrkdwn_error(alarm.detail)}”", fix_advice(alarm.cause, alarm.detail)
    return f"{what} {told} {mend}".rstrip()


def fix_advice(cause: str, detail: str) -> str:
    """How to mend what `Later` said, as sentences; nothing if its `detail` says how by itself."""
    if "python -m bot" in detail:
        return ""
    if cause == "out of credit" and USAGE_CAP_PHRASE in detail.lower():
        return _RAISE_THE_CAP
    if cause == "out of credit" and _SPENDING_CAP_PATTERN.search(detail):
        return _RAISE_THE_LIMIT
    return _FIX_SENTENCES.get(cause, "I'll try again later.")


def current_failure(
    session: Session, network: Network, task: NetworkTask, *, account_id: str
) -> Later | None:
    """What the last call on that task as that account met, while it does not work; None while it does."""
    active = Alarm.active(session, [alarm_key(task, network.name, account_id)])
    return next((Later(None, one.cause, one.detail) for one in active), None)


def record_failure(
    ctx: BotContext,
    session: Session,
    network: Network,
    task: NetworkTask,
    later: Later,
    *,
    account_id: str,
    at: datetime,
    since: datetime | None = None,
) -> None:
    """Record a failed call as that account and tell its channel once.

    At once if only a person can fix it, else after five minutes. `since` is when it failed first; None: as
    the ledger has it.
    """
    key = alarm_key(task, network.name, account_id)
    alarm = Alarm.raise_alarm(session, key, cause=later.cause, detail=later.detail, at=since or at)
    is_due = at - alarm.since >= _notify_delay(task, later.cause)
    if is_due and not _was_notified_otherwise(session, network, alarm, account_id):
        handle = handle_of(session, network.name, account_id)
        meanwhile = _MEANWHILE_SENTENCES[task].format(title=network.title, seconds=ctx.settings.poll_seconds)
        sentence = f":rotating_light: {alarm_line(alarm, network.title, handle)} {meanwhile}"
        alarm.tell_once(session, sentence, at=at, channel=channel_of(ctx, session, network, account_id))


def _notify_delay(task: NetworkTask, cause: str) -> timedelta:
    """Return for how long a failure is not told.

    Where the keys are rejected, nothing works: the poll that says so comes within seconds, and what it says
    of mentions matters most.
    """
    if cause not in NEEDS_PERSON_CAUSES or (cause == "unauthorized" and task in {"searching", "watching"}):
        return TRANSIENT_NOTIFY_DELAY
    return timedelta()


def record_success(
    ctx: BotContext,
    session: Session,
    network: Network,
    task: NetworkTask,
    *,
    account_id: str,
    at: datetime,
    heard: int = 0,
) -> None:
    """Record a call that worked, with `heard` new mentions; tell the channel if it was told of failures."""
    alarm = Alarm.clear(session, alarm_key(task, network.name, account_id))
    if alarm is not None and alarm.told_at is not None:
        who = _account_phrase(session, network, account_id)
        sentence = _recovery_message(network, task, alarm, at=at, heard=heard, who=who)
        Notice.enqueue(session, sentence, at=at, channel=channel_of(ctx, session, network, account_id))


def adopt_alarms(session: Session, network: Network, *, unknown_id: str, account_id: str) -> None:
    """The account whose calls failed while it was not known turns out to be `account_id`."""
    for task in NETWORK_TASKS:
        unknown = session.get(Alarm, alarm_key(task, network.name, unknown_id))
        if unknown is None:
            continue
        if session.get(Alarm, alarm_key(task, network.name, account_id)) is None:
            unknown.key = alarm_key(task, network.name, account_id)
        else:
            session.delete(unknown)
        session.flush()


def channel_of(ctx: BotContext, session: Session, network: Network, account_id: str) -> str:
    """The Slack channel where that account's mentions are shown, and where its alarms are told."""
    return Track.channel_of(session, network.name, account_id, ctx.settings.slack_channel)


def handle_of(session: Session, network: str, account_id: str) -> str | None:
    """What that account is called, without @; None if it was never seen."""
    account = Account.find(session, network, account_id)
    return None if account is None else account.handle


def _was_notified_otherwise(session: Session, network: Network, alarm: Alarm, account_id: str) -> bool:
    """Whether the same trouble of that account was told already: as that of another task, or by its name.

    One trouble, one message. While an account is not known, it may be any of the network's. A stream
    that does not hold says nothing of other tasks.
    """
    for other in Alarm.active(session):
        if other.key.startswith(_STREAM_KEY_PREFIX):
            continue
        subject = account_of_alarm(other)
        if other.key == alarm.key or other.cause != alarm.cause or other.told_at is None or subject is None:
            continue
        if subject == (network.name, account_id) or (subject[0] == network.name and not account_id):
            return True
    return False


def _account_phrase(session: Session, network: Network, account_id: str) -> str:
    """` for @acme`; nothing if the account was never seen."""
    handle = handle_of(session, network.name, account_id)
    return f" for {mrkdwn_handle(handle)}" if handle else ""


def _since_phrase(alarm: Alarm) -> str:
    return date_token(alarm.since, "{date_short_pretty} {time}")


def _recovery_message(
    network: Network, task: NetworkTask, alarm: Alarm, *, at: datetime, heard: int, who: str
) -> str:
    if task == "watching":
        return f":white_check_mark: I can read our own posts on {network.title} again{who}."
    if task == "searching":
        return f":white_check_mark: I can search {network.title} again{who}."
    if task == "streaming":
        return f":white_check_mark: The live stream of {network.title} holds again{who}."
    if task == "publishing":
        accepts = f":white_check_mark: {network.title} accepts replies again{who}."
        return f"{accepts} Waiting replies are going out now."
    found = {0: "No mentions were missed.", 1: "One mention from that time has its card now."}
    return (
        f":white_check_mark: {network.title} is back{who} after {format_duration(at - alarm.since)}. "
        f"{found.get(heard, f'{heard} mentions from that time have cards now.')}"
    )
