"""Accounts of ours that are not connected: nothing is sent, deleted or looked for as one of them.

That one is missing is an alarm whose key names it. The alarm's `detail` says, as mrkdwn, who is connected
instead and how to connect the missing one again.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from models.core.base import RuleBrokenError
from models.slack.alarm import Alarm

ALARM_KIND = "account"  # what the key of such an alarm begins with
ANY_ACCOUNT_ID = ""  # in place of an account: there are no credentials for the network at all
OTHER_ACCOUNT_CAUSE = "other account"  # why a reply was stopped, and what the alarm says of itself


class AccountNotConnectedError(RuleBrokenError):
    """The account of this ticket is not connected, so nothing may be sent as it."""


def alarm_key(network: str, account_id: str) -> str:
    """The key of the alarm."""
    return f"{ALARM_KIND} {network} {account_id}"


def find_alarm(session: Session, network: str, account_id: str) -> Alarm | None:
    """The alarm that says so; None if that account is not known to be missing."""
    return session.get(Alarm, alarm_key(network, account_id), populate_existing=True)


def unconnected_ids(session: Session, network: str) -> set[str]:
    """The accounts of a network that are known to be missing."""
    start = alarm_key(network, "")
    return {one.key.removeprefix(start) for one in active_alarms(session) if one.key.startswith(start)}


def active_alarms(session: Session) -> list[Alarm]:
    """The alarms of all accounts that are known to be missing, the longest first."""
    return [one for one in Alarm.active(session) if one.key.startswith(f"{ALARM_KIND} ")]


def raise_if_unconnected(session: Session, network: str, account_id: str) -> None:
    """Raise `NotConnectedError` if that account is missing."""
    alarm = find_alarm(session, network, account_id)
    if alarm is not None:
        raise AccountNotConnectedError(alarm.detail)


def raise_alarm(
    session: Session, network: str, account_id: str, detail: str, *, at: datetime
) -> tuple[Alarm, bool]:
    """It is missing: the alarm, and whether that is news."""
    is_new = find_alarm(session, network, account_id) is None
    return Alarm.raise_alarm(
        session, alarm_key(network, account_id), cause=OTHER_ACCOUNT_CAUSE, detail=detail, at=at
    ), is_new
