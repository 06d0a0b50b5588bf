"""What does not work just now, in a line each, with what to do: as Home shows it."""

from collections.abc import Mapping

from bot.jobs import account_check, canary, watchdog
from bot.runtime import clock_set_back
from bot.slack import card_relocation, network_alarms
from bot.slack.blocks.text import date_token, escape, reported
from models import Alarm
from models.tickets import unconnected_accounts
from models.tickets.ticket import CANARY


def in_a_line(alarm: Alarm, titles: Mapping[str, str]) -> str:
    """The alarm as mrkdwn; `titles` is what networks are called."""
    network = network_alarms.network_of(alarm)
    if network is not None:
        return network_alarms.in_a_line(alarm, titles.get(network, escape(network)))
    return f"{_other(alarm)} Since {date_token(alarm.since)}."


def _other(alarm: Alarm) -> str:
    kind, _, what = alarm.key.partition(" ")
    if kind == watchdog.OVERDUE:
        return watchdog.in_a_line(what, int(alarm.detail))
    if kind == card_relocation.CHANNEL:
        return f"{card_relocation.lost(what, alarm.cause)} come to <#{alarm.detail}>."
    if kind == clock_set_back.KEY:
        return clock_set_back.in_a_line(alarm.detail)
    if kind == unconnected_accounts.KIND:
        return account_check.in_a_line(alarm)
    if kind == CANARY:
        return canary.in_a_line(alarm.detail)
    return f"{escape(alarm.key)}: {escape(alarm.cause)}, {reported(alarm.detail.rstrip('.'))}."
