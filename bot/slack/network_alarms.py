"""A network that does not do what we ask: noticed once, told once with what to do, and told when it is over.

Each wire of a network (what it lets us read, what it lets us publish) has a breaker of its own, for the one
may work without the other. Whether to call is decided by who calls: `Cursor.not_before` for reading, the
account's budget for publishing. Here is only what the team hears of it.
"""

import re
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.networks.base import CAP, Later, Network
from bot.slack.blocks.elements import duration
from bot.slack.blocks.replies.delivery import why_it_waits
from bot.slack.blocks.text import date_token, reported
from models import Alarm, Notice

Wire = Literal["reading", "watching", "publishing"]  # mentions, our own posts, replies
WIRES: tuple[Wire, ...] = ("reading", "watching", "publishing")

# Only a person can mend these, so that they are told at once; others often pass by themselves.
AT_ONCE = {"unauthorized", "out of credit"}
SOON = timedelta(minutes=5)

_MENDS = {
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
_SPENDING = re.compile(r"spend(ing)?[ -]?(cap|limit)", re.IGNORECASE)

_MEANWHILE = {
    "watching": "Until then I do not see what is posted there by hand: look before you answer.",
    "reading": "Until then I hear nothing there, so a short list of what waits is no good news.",
    "publishing": "Until then no reply goes out there. Each is kept, waits its turn, and can be undone.",
}


def key(wire: Wire, network: str) -> str:
    """The name of a breaker."""
    return f"{wire} {network}"


def network_of(alarm: Alarm) -> str | None:
    """The network that a breaker's alarm is about; None for an alarm of another kind."""
    wire, _, network = alarm.key.partition(" ")
    return network if wire in WIRES else None


def in_a_line(alarm: Alarm, title: str) -> str:
    """What does not work with a network called `title`, since when, and what to do; mrkdwn."""
    what = f"*{why_it_waits(alarm.cause, title, alarm.detail)}*, since {_since(alarm)}."
    told, mend = f"What I was told: “{reported(alarm.detail)}”", what_to_do(alarm.cause, alarm.detail)
    return f"{what} {told} {mend}".rstrip()


def what_to_do(cause: str, detail: str) -> str:
    """How to mend what `Later` said, as sentences; nothing if its `detail` says how by itself."""
    if "python -m bot" in detail:
        return ""
    if cause == "out of credit" and CAP in detail.lower():
        return _RAISE_THE_CAP
    if cause == "out of credit" and _SPENDING.search(detail):
        return _RAISE_THE_LIMIT
    return _MENDS.get(cause, "I try again later.")


def trouble(session: Session, network: Network, wire: Wire) -> Later | None:
    """What the last call on that wire met, while it does not work; None while it does."""
    ringing = Alarm.ringing(session, [key(wire, network.name)])
    return next((Later(None, one.cause, one.detail) for one in ringing), None)


def failed(desk: Desk, session: Session, network: Network, wire: Wire, later: Later, *, at: datetime) -> None:
    """A call was in vain. The team hears of it once, and of what only may pass after a while."""
    alarm = Alarm.ring(session, key(wire, network.name), cause=later.cause, detail=later.detail, at=at)
    patience = timedelta() if later.cause in AT_ONCE else SOON
    if at - alarm.since >= patience and not _told_of_other_wire(session, network, wire, later.cause):
        sentence = _trouble(network, wire, alarm)
        alarm.tell_once(session, sentence, at=at, channel=desk.settings.slack_channel)


def works(
    desk: Desk, session: Session, network: Network, wire: Wire, *, at: datetime, heard: int = 0
) -> None:
    """A call did what it should; `heard` mentions came with it."""
    alarm = Alarm.clear(session, key(wire, network.name))
    if alarm is not None and alarm.told_at is not None:
        Notice.tell(
            session, _over(network, wire, alarm, at, heard), at=at, channel=desk.settings.slack_channel
        )


def _told_of_other_wire(session: Session, network: Network, wire: Wire, cause: str) -> bool:
    """Whether the same trouble was told as that of the other wire: one trouble, one message."""
    others = [key(other, network.name) for other in WIRES if other != wire]
    return any(alarm.cause == cause and alarm.told_at is not None for alarm in Alarm.ringing(session, others))


def _since(alarm: Alarm) -> str:
    return date_token(alarm.since, "{date_short_pretty} {time}")


def _trouble(network: Network, wire: Wire, alarm: Alarm) -> str:
    return f":rotating_light: {in_a_line(alarm, network.title)} {_MEANWHILE[wire]}"


def _over(network: Network, wire: Wire, alarm: Alarm, at: datetime, heard: int) -> str:
    if wire == "watching":
        return f":white_check_mark: I can read our own posts on {network.title} again."
    if wire == "publishing":
        return f":white_check_mark: {network.title} takes replies again. What waited goes out now."
    silent = f"It did not for {duration(at - alarm.since)}, since {_since(alarm)}."
    found = {0: "I found no mention from that time.", 1: "One mention from that time has its card now."}
    return (
        f":white_check_mark: {network.title} answers again. {silent} "
        f"{found.get(heard, f'{heard} mentions from that time have cards now.')}"
    )
