"""What does not work just now, in a line each, with what to do: as Home shows it."""

from collections.abc import Mapping

from bot import accounts, auditor, breakers, canary, rehome, set_back
from bot.blocks.text import date_token, escape, reported
from models import Alarm, missing
from models.ticket import CANARY


def in_a_line(alarm: Alarm, titles: Mapping[str, str]) -> str:
    """The alarm as mrkdwn; `titles` is what networks are called."""
    network = breakers.network_of(alarm)
    if network is not None:
        return breakers.in_a_line(alarm, titles.get(network, escape(network)))
    return f"{_other(alarm)} Since {date_token(alarm.since)}."


def _other(alarm: Alarm) -> str:
    kind, _, what = alarm.key.partition(" ")
    if kind == auditor.OVERDUE:
        return auditor.in_a_line(what, int(alarm.detail))
    if kind == rehome.CHANNEL:
        return f"{rehome.lost(what, alarm.cause)} come to <#{alarm.detail}>."
    if kind == set_back.KEY:
        return set_back.in_a_line(alarm.detail)
    if kind == missing.KIND:
        return accounts.in_a_line(alarm)
    if kind == CANARY:
        return canary.in_a_line(alarm.detail)
    return f"{escape(alarm.key)}: {escape(alarm.cause)}, {reported(alarm.detail.rstrip('.'))}."
