"""Accounts of ours that are not connected: nothing is sent, deleted or looked up as one of them.

Each is an alarm whose key names the account. The alarm's `detail` says, as mrkdwn, which account is connected
instead and how to connect the missing one again.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from models.core.base import RuleBrokenError
from models.slack.alarm import Alarm

ALARM_KIND = "account"  # the first word of such an alarm's key
ANY_ACCOUNT_ID = ""  # stands for every account: there are no credentials for the network at all
OTHER_ACCOUNT_CAUSE = "other account"  # the alarm's cause, and the reason of the replies it stopped


class AccountNotConnectedError(RuleBrokenError):
    """The account of this ticket is not connected, so nothing may be sent as it. The message is mrkdwn."""


def alarm_key(network: str, account_id: str) -> str:
    """Returns the key of the alarm about that account."""
    return f"{ALARM_KIND} {network} {account_id}"


def find_alarm(session: Session, network: str, account_id: str) -> Alarm | None:
    """Returns the alarm about that account; None if it is not known to be missing."""
    return session.get(Alarm, alarm_key(network, account_id), populate_existing=True)


def unconnected_ids(session: Session, network: str) -> set[str]:
    """Returns the ids of the accounts of a network that are known to be missing."""
    start = alarm_key(network, "")
    return {one.key.removeprefix(start) for one in active_alarms(session) if one.key.startswith(start)}


def active_alarms(session: Session) -> list[Alarm]:
    """Returns the alarms about missing accounts, longest first."""
    return [one for one in Alarm.active(session) if one.key.startswith(f"{ALARM_KIND} ")]


def raise_if_unconnected(session: Session, network: str, account_id: str) -> None:
    """Raises `AccountNotConnectedError` if that account is missing."""
    alarm = find_alarm(session, network, account_id)
    if alarm is not None:
        raise AccountNotConnectedError(alarm.detail)


def raise_alarm(
    session: Session, network: str, account_id: str, detail: str, *, at: datetime
) -> tuple[Alarm, bool]:
    """Raise the alarm that the account is missing. Returns it, and whether it is new."""
    is_new = find_alarm(session, network, account_id) is None
    return Alarm.raise_alarm(
        session, alarm_key(network, account_id), cause=OTHER_ACCOUNT_CAUSE, detail=detail, at=at
    ), is_new
