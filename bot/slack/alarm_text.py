"""What does not work just now, in a line each, with what to do: as Home shows it."""

from collections.abc import Mapping

from bot.jobs import account_check, canary, watchdog
from bot.runtime import clock_set_back
from bot.slack import card_relocation, network_alarms
from bot.slack.blocks.text import date_token, escape_entities, mrkdwn_error
from models import Alarm
from models.tickets import unconnected_accounts
from models.tickets.ticket import CANARY_NETWORK


def alarm_line(alarm: Alarm, titles: Mapping[str, str]) -> str:
    """The alarm as mrkdwn; `titles` is what networks are called."""
    network = network_alarms.network_of(alarm)
    if network is not None:
        return network_alarms.alarm_line(alarm, titles.get(network, escape_entities(network)))
    return f"{_other_alarm_line(alarm)} Since {date_token(alarm.since)}."


def _other_alarm_line(alarm: Alarm) -> str:
    kind, _, what = alarm.key.partition(" ")
    if kind == watchdog.OVERDUE_CAUSE:
        return watchdog.alarm_line(what, int(alarm.detail))
    if kind == card_relocation.CHANNEL_ALARM_PREFIX:
        return f"{card_relocation.lost_channel_phrase(what, alarm.cause)} come to <#{alarm.detail}>."
    if kind == clock_set_back.ALARM_KEY:
        return clock_set_back.alarm_line(alarm.detail)
    if kind == unconnected_accounts.ALARM_KIND:
        return account_check.alarm_line(alarm)
    if kind == CANARY_NETWORK:
        return canary.alarm_line(alarm.detail)
    return (
        f"{escape_entities(alarm.key)}: {escape_entities(alarm.cause)}, "
        f"{mrkdwn_error(alarm.detail.rstrip('.'))}."
    )
