"""Whose words somebody may read: everything public, and what is shown in private channels that they are in.

The one rule for every list, search, page and file. `bot/slack/private_access.py` asks Slack which channels
those are.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import Session

from models.tickets.state import NO_CHANNEL
from models.tickets.ticket import Ticket


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """What somebody may read besides public posts: private ones that are shown in one of `channels`.

    `channels` are Slack channel ids that Slack says are private and have that person as a member.
    `everything` is for whoever holds the database itself.
    """

    channels: frozenset[str] = frozenset()
    everything: bool = False

    def condition(self) -> ColumnElement[bool]:
        """Returns the SQL condition on tickets that may be read."""
        if self.everything:
            return true()
        shown = self.channels - {NO_CHANNEL}
        is_public = Ticket.is_private.is_(False)
        return or_(is_public, Ticket.channel.in_(sorted(shown))) if shown else is_public

    def hidden_condition(self) -> ColumnElement[bool]:
        """Returns the SQL condition on tickets that may not be read, for counting them by their own index."""
        if self.everything:
            return false()
        return Ticket.is_private & Ticket.channel.not_in(sorted(self.channels - {NO_CHANNEL}))

    def allows(self, ticket: Ticket) -> bool:
        """Whether that ticket may be read."""
        return self.everything or may_read(
            is_private=ticket.is_private, channel=ticket.channel, channels=self.channels
        )


PUBLIC_ONLY = ReadAccess()
EVERYTHING = ReadAccess(everything=True)


def may_read(*, is_private: bool, channel: str, channels: Collection[str]) -> bool:
    """Whether a ticket shown in `channel` may be read by a member of the private `channels`."""
    return not is_private or (channel != NO_CHANNEL and channel in channels)


def private_channels(session: Session) -> list[str]:
    """Returns the channels in which private tickets are shown, by their own index."""
    query = select(Ticket.channel).where(Ticket.is_private, Ticket.channel != NO_CHANNEL)
    return list(session.scalars(query.distinct().order_by(Ticket.channel)))


class HiddenCount(NamedTuple):
    """How many tickets somebody may not read: those that wait for a private channel, and others."""

    waiting: int
    elsewhere: int


def count_hidden(session: Session, access: ReadAccess, *conditions: ColumnElement[bool]) -> HiddenCount:
    """Returns how many tickets that meet `conditions` may not be read."""
    is_waiting = Ticket.channel == NO_CHANNEL
    query = select(is_waiting, func.count(Ticket.id)).where(access.hidden_condition(), *conditions)
    found = {bool(waits): count for waits, count in session.execute(query.group_by(is_waiting)).all()}
    return HiddenCount(found.get(True, 0), found.get(False, 0))
