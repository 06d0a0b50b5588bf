"""What does not work just now, in a line each, with what to do: as Home and the channel show it."""

from collections.abc import Mapping

from bot.notices import network_alarms
from bot.notices.private_notices import PRIVATE_ALARM_KIND
from bot.slack.blocks.text import date_token, mrkdwn_error
from models import Alarm
from models.core.mrkdwn import escape_entities
from models.sources.account import NO_HANDLES, AccountHandles
from models.tickets import unconnected_accounts
from models.tickets.ticket import CANARY_NETWORK

# How the keys of alarms begin; the rest of a key says what it is about.
OVERDUE_ALARM_KIND, CLOCK_ALARM_KEY, CHANNEL_ALARM_KIND = "overdue", "clock", "channel"

# Of `MONTHLY_CAP_USD`; the detail of its alarm is the cap.
CAP_ALARM_KEY, CAP_NEAR_CAUSE, CAP_REACHED_CAUSE = "monthly cap", "near", "reached"
_CAP_SENTENCES = {
    CAP_NEAR_CAUSE: (
        "This month has cost more than 80 % of the cap of {cap} (`MONTHLY_CAP_USD`). From now on the most "
        "expensive readings come at most every ten minutes; more of them slow down as the cap comes nearer. "
        "`/mentions cost` shows what costs how much."
    ),
    CAP_REACHED_CAUSE: (
        "This month has reached the cap of {cap} (`MONTHLY_CAP_USD`), so I have *stopped listening*: no new "
        "mentions come in where reading costs money, until the next month begins (UTC) or the cap is raised. "
        "Replies still go out, and count as over the cap. `/mentions cost` shows what costs how much."
    ),
}
CAP_OVER_SENTENCES = {
    CAP_NEAR_CAUSE: "The monthly cap is no longer near. All readings are back to their usual pace.",
    CAP_REACHED_CAUSE: "The monthly cap no longer stops me: I am listening again, from where I stopped.",
}

# By key: of overdue work `{things}` counts it, else `{detail}` is the alarm's own.
_SENTENCES = {
    "overdue replies": "{things} got stuck. I'm trying again now; please check the cards.",
    "overdue replies without a network": (
        "{things} can't go out: Heard no longer has keys for their network."
    ),
    "overdue deletions": "{things} should be deleted but may still be public. Please check the cards.",
    "overdue stranded replies": "{things} had no next step scheduled. I have scheduled one; please check the "
    "cards.",
    "overdue cards": "{things} couldn't be updated for ten minutes. `/mentions open` lists the open tickets.",
    "overdue shared cards": "{things} couldn't be updated for ten minutes. `/mentions open` lists the open "
    "tickets.",
    "overdue snoozes": "{things} did not end on time. They are ending now.",
    "overdue words": (
        "The text of {things} should have been removed, because the network no longer shows them. Please "
        "check the log."
    ),
    "overdue readings": "Mentions were not read on time. `/mentions doctor` has details.",
    CLOCK_ALARM_KEY: (
        "The clock of Heard's machine was set back by {detail}. Waiting times are not affected, but times "
        "recorded before that are off by as much. Please make sure that the clock is synchronized (NTP)."
    ),
    CANARY_NETWORK: (
        "A test mention was not shown in Slack for {detail}, so real ones may not be either. `/mentions "
        "open` lists the open tickets, and `/mentions doctor` has details."
    ),
}
_REPLY_PHRASES = ("1 reply", "{:,} replies")
_COUNT_PHRASES = {  # one, and several
    "replies": _REPLY_PHRASES,
    "replies without a network": _REPLY_PHRASES,
    "deletions": _REPLY_PHRASES,
    "stranded replies": _REPLY_PHRASES,
    "cards": ("1 card", "{:,} cards"),
    "shared cards": ("1 shared card", "{:,} shared cards"),
    "snoozes": ("1 snooze", "{:,} snoozes"),
    "words": ("1 post", "{:,} posts"),
    "readings": ("", ""),
}
OVERDUE_KINDS = frozenset(_COUNT_PHRASES)  # of overdue work, what the team is told of
_LOST_CHANNEL_PHRASES = {"is_archived": "is archived", "not_in_channel": "no longer has me as a member"}


def overdue_key(kind: str) -> str:
    """The key of the alarm about overdue work of that kind."""
    return f"{OVERDUE_ALARM_KIND} {kind}"


def home_line(alarm: Alarm, titles: Mapping[str, str], accounts: AccountHandles = NO_HANDLES) -> str:
    """What does not work and since when, as mrkdwn; `titles` is what networks are called, by name."""
    subject = network_alarms.account_of_alarm(alarm)
    if subject is not None:
        title = titles.get(subject[0], escape_entities(subject[0]))
        return network_alarms.alarm_line(alarm, title, accounts.handle(*subject))
    return f"{sentence(alarm)} Since {date_token(alarm.since)}."


def channel_line(alarm: Alarm) -> str:
    """The same for the channel, of an alarm that is no network's, at the moment when it is raised."""
    return f":rotating_light: {sentence(alarm)}"


def lost_channel_phrase(channel: str, why: str) -> str:
    """`<#C1> is archived, so its cards`; `why` is Slack's name for it."""
    return f"<#{channel}> {_LOST_CHANNEL_PHRASES.get(why, 'is gone')}, so its cards"


def sentence(alarm: Alarm) -> str:
    """What does not work, and what to do, as mrkdwn; of an alarm that is no network's."""
    if alarm.key == CAP_ALARM_KEY:
        return _CAP_SENTENCES[alarm.cause].format(cap=alarm.detail)
    kind, _, what = alarm.key.partition(" ")
    if alarm.key in _SENTENCES:
        things = _count_text(what, int(alarm.detail)) if kind == OVERDUE_ALARM_KIND else ""
        return _SENTENCES[alarm.key].format(things=things, detail=alarm.detail)
    if kind == CHANNEL_ALARM_KIND:
        return f"{lost_channel_phrase(what, alarm.cause)} are now posted in <#{alarm.detail}>."
    if kind in {unconnected_accounts.ALARM_KIND, PRIVATE_ALARM_KIND}:
        return alarm.detail
    cause, detail = escape_entities(alarm.cause), mrkdwn_error(alarm.detail.rstrip("."))
    return f"{escape_entities(alarm.key)}: {cause}, {detail}."


def _count_text(kind: str, count: int) -> str:
    single, several = _COUNT_PHRASES[kind]
    return single if count == 1 else several.format(count)
