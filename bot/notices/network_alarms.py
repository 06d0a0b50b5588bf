"""A network that does not do what we ask: noticed once, told once with what to do, and told when it is over.

Each wire of a network (what it lets us read, what it lets us publish) has a breaker of its own, for the one
may work without the other. Whether to call is decided by who calls: `Cursor.not_before` for reading, the
account's budget for publishing. Here is only what the team hears of it.
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
    "unauthorized": "Make new keys on its developer page, or connect the account again.",
    "out of credit": "Buy credit on its developer page.",
    "forbidden": "Check on its developer page that the app is enrolled and may read and write.",
    "rate limit": "Nothing to do: it goes on by itself.",
    "unreachable": "Nothing to do if it is their trouble; else check this machine's way to the internet.",
    "server error": "Nothing to do: it is their trouble, and I keep trying.",
}

_RAISE_THE_CAP = (
    "Raise the cap on its developer page, or wait until the billing cycle ends: more credit does not help."
)

_RAISE_THE_LIMIT = "Raise the spending limit on its developer page, or wait until the billing cycle ends."
_SPENDING_CAP_PATTERN = re.compile(r"spend(ing)?[ -]?(cap|limit)", re.IGNORECASE)

_MEANWHILE_SENTENCES = {
    "watching": "Until then I do not see what is posted there by hand: look before you answer.",
    "reading": "Until then I hear nothing there, so a short list of what waits is no good news.",
    "publishing": "Until then no reply goes out there. Each is kept, waits its turn, and can be undone.",
}


def alarm_key(wire: NetworkTask, network: str) -> str:
    """The name of a breaker."""
    return f"{wire} {network}"


def network_of(alarm: Alarm) -> str | None:
    """The network that a breaker's alarm is about; None for an alarm of another kind."""
    wire, _, network = alarm.key.partition(" ")
    return network if wire in NETWORK_TASKS else None


def alarm_line(alarm: Alarm, title: str) -> str:
    """What does not work with a network called `title`, since when, and what to do; mrkdwn."""
    what = f"*{waiting_reason(alarm.cause, title, alarm.detail)}*, since {_since_phrase(alarm)}."
    told, mend = f"What I was told: “{mrkdwn_error(alarm.detail)}”", fix_advice(alarm.cause, alarm.detail)
    return f"{what} {told} {mend}".rstrip()


def fix_advice(cause: str, detail: str) -> str:
    """How to mend what `Later` said, as sentences; nothing if its `detail` says how by itself."""
    if "python -m bot" in detail:
        return ""
    if cause == "out of credit" and USAGE_CAP_PHRASE in detail.lower():
        return _RAISE_THE_CAP
    if cause == "out of credit" and _SPENDING_CAP_PATTERN.search(detail):
        return _RAISE_THE_LIMIT
    return _FIX_SENTENCES.get(cause, "I try again later.")


def current_failure(session: Session, network: Network, wire: NetworkTask) -> Later | None:
    """What the last call on that wire met, while it does not work; None while it does."""
    ringing = Alarm.active(session, [alarm_key(wire, network.name)])
    return next((Later(None, one.cause, one.detail) for one in ringing), None)


def record_failure(
    ctx: BotContext, session: Session, network: Network, wire: NetworkTask, later: Later, *, at: datetime
) -> None:
    """A call was in vain. The team hears of it once, and of what only may pass after a while."""
    alarm = Alarm.raise_alarm(
        session, alarm_key(wire, network.name), cause=later.cause, detail=later.detail, at=at
    )
    patience = timedelta() if later.cause in NEEDS_PERSON_CAUSES else TRANSIENT_NOTIFY_DELAY
    if at - alarm.since >= patience and not _was_notified_for_other_task(session, network, wire, later.cause):
        sentence = _failure_message(network, wire, alarm)
        alarm.tell_once(session, sentence, at=at, channel=ctx.settings.slack_channel)


def record_success(
    ctx: BotContext, session: Session, network: Network, wire: NetworkTask, *, at: datetime, heard: int = 0
) -> None:
    """A call did what it should; `heard` mentions came with it."""
    alarm = Alarm.clear(session, alarm_key(wire, network.name))
    if alarm is not None and alarm.told_at is not None:
        Notice.enqueue(
            session,
            _recovery_message(network, wire, alarm, at, heard),
            at=at,
            channel=ctx.settings.slack_channel,
        )


def _was_notified_for_other_task(session: Session, network: Network, wire: NetworkTask, cause: str) -> bool:
    """Whether the same trouble was told as that of the other wire: one trouble, one message."""
    others = [alarm_key(other, network.name) for other in NETWORK_TASKS if other != wire]
    return any(alarm.cause == cause and alarm.told_at is not None for alarm in Alarm.active(session, others))


def _since_phrase(alarm: Alarm) -> str:
    return date_token(alarm.since, "{date_short_pretty} {time}")


def _failure_message(network: Network, wire: NetworkTask, alarm: Alarm) -> str:
    return f":rotating_light: {alarm_line(alarm, network.title)} {_MEANWHILE_SENTENCES[wire]}"


def _recovery_message(network: Network, wire: NetworkTask, alarm: Alarm, at: datetime, heard: int) -> str:
    if wire == "watching":
        return f":white_check_mark: I can read our own posts on {network.title} again."
    if wire == "publishing":
        return f":white_check_mark: {network.title} takes replies again. What waited goes out now."
    silent = f"It did not for {format_duration(at - alarm.since)}, since {_since_phrase(alarm)}."
    found = {0: "I found no mention from that time.", 1: "One mention from that time has its card now."}
    return (
        f":white_check_mark: {network.title} answers again. {silent} "
        f"{found.get(heard, f'{heard} mentions from that time have cards now.')}"
    )
