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
from bot.networks.base import USAGE_CAP_PHRASE, Later, Network
from bot.slack.blocks.elements import format_duration
from bot.slack.blocks.replies.delivery import waiting_reason
from bot.slack.blocks.text import date_token, mrkdwn_error
from models import Alarm, Notice

NetworkTask = Literal["reading", "watching", "publishing"]  # mentions, our own posts, replies
NETWORK_TASKS: tuple[NetworkTask, ...] = ("reading", "watching", "publishing")

# Only a person can mend these, so that they are told at once; others often pass by themselves.
NEEDS_PERSON_CAUSES = {"unauthorized", "out of credit"}
TRANSIENT_NOTIFY_DELAY = timedelta(minutes=5)

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
    "publishing": "Until then no replies go out there. They are kept in order, and you can still undo them.",
}


def alarm_key(task: NetworkTask, network: str) -> str:
    """The key of the alarm about `task` on `network`."""
    return f"{task} {network}"


def network_of(alarm: Alarm) -> str | None:
    """The network that such an alarm is about; None for an alarm of another kind."""
    task, _, network = alarm.key.partition(" ")
    return network if task in NETWORK_TASKS else None


def alarm_line(alarm: Alarm, title: str) -> str:
    """What does not work with a network called `title`, since when, and what to do; mrkdwn."""
    what = f"*{waiting_reason(alarm.cause, title, alarm.detail)}* (since {_since_phrase(alarm)})."
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


def current_failure(session: Session, network: Network, task: NetworkTask) -> Later | None:
    """What the last call on that task met, while it does not work; None while it does."""
    ringing = Alarm.active(session, [alarm_key(task, network.name)])
    return next((Later(None, one.cause, one.detail) for one in ringing), None)


def record_failure(
    ctx: BotContext, session: Session, network: Network, task: NetworkTask, later: Later, *, at: datetime
) -> None:
    """Record a failed call and tell the channel once.

    At once if only a person can fix it, else after five minutes.
    """
    alarm = Alarm.raise_alarm(
        session, alarm_key(task, network.name), cause=later.cause, detail=later.detail, at=at
    )
    patience = timedelta() if later.cause in NEEDS_PERSON_CAUSES else TRANSIENT_NOTIFY_DELAY
    if at - alarm.since >= patience and not _was_notified_for_other_task(session, network, task, later.cause):
        sentence = _failure_message(network, task, alarm)
        alarm.tell_once(session, sentence, at=at, channel=ctx.settings.slack_channel)


def record_success(
    ctx: BotContext, session: Session, network: Network, task: NetworkTask, *, at: datetime, heard: int = 0
) -> None:
    """Record a call that worked, with `heard` new mentions; tell the channel if it was told of failures."""
    alarm = Alarm.clear(session, alarm_key(task, network.name))
    if alarm is not None and alarm.told_at is not None:
        Notice.enqueue(
            session,
            _recovery_message(network, task, alarm, at, heard),
            at=at,
            channel=ctx.settings.slack_channel,
        )


def _was_notified_for_other_task(session: Session, network: Network, task: NetworkTask, cause: str) -> bool:
    """Whether the same trouble was told as that of the other task: one trouble, one message."""
    others = [alarm_key(other, network.name) for other in NETWORK_TASKS if other != task]
    return any(alarm.cause == cause and alarm.told_at is not None for alarm in Alarm.active(session, others))


def _since_phrase(alarm: Alarm) -> str:
    return date_token(alarm.since, "{date_short_pretty} {time}")


def _failure_message(network: Network, task: NetworkTask, alarm: Alarm) -> str:
    return f":rotating_light: {alarm_line(alarm, network.title)} {_MEANWHILE_SENTENCES[task]}"


def _recovery_message(network: Network, task: NetworkTask, alarm: Alarm, at: datetime, heard: int) -> str:
    if task == "watching":
        return f":white_check_mark: I can read our own posts on {network.title} again."
    if task == "publishing":
        return f":white_check_mark: {network.title} accepts replies again. Waiting replies are going out now."
    found = {0: "No mentions were missed.", 1: "One mention from that time has its card now."}
    return (
        f":white_check_mark: {network.title} is back after {format_duration(at - alarm.since)}. "
        f"{found.get(heard, f'{heard} mentions from that time have cards now.')}"
    )
